from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("licenses", "0003_customers_list"),)

    operations = (
        migrations.RemoveIndex(
            model_name="license",
            name="license_by_expiry",
        ),
        migrations.AddIndex(
            model_name="activation",
            index=models.Index(fields=["vendor", "fingerprint"], name="activation_by_print"),
        ),
        migrations.AddIndex(
            model_name="activation",
            index=models.Index(fields=["vendor", "hostname", "id"], name="activation_by_host"),
        ),
        migrations.AddIndex(
            model_name="license",
            index=models.Index(fields=["vendor", "expires_at", "id"], name="license_by_end"),
        ),
        migrations.AddIndex(
            model_name="license",
            index=models.Index(
                fields=["vendor", "type", "-created_at", "id"], name="license_by_type"
            ),
        ),
    )
