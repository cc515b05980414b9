from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("licenses", "0004_reminders"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="activation",
            index=models.Index(fields=["vendor", "-created_at", "id"], name="activation_newest"),
        ),
        migrations.AddIndex(
            model_name="activation",
            index=models.Index(
                fields=["vendor", "app_version", "os", "offline"], name="activation_kinds"
            ),
        ),
        migrations.AddIndex(
            model_name="license",
            index=models.Index(fields=["vendor", "-created_at", "id"], name="license_newest"),
        ),
        migrations.AddIndex(
            model_name="license",
            index=models.Index(
                fields=[
                    "vendor",
                    "revoked",
                    "suspended",
                    "expires_at",
                    "expiration_strategy",
                    "validity",
                ],
                name="license_standing",
            ),
        ),
    ]
