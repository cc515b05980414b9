from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("releases", "0001_initial"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="download",
            index=models.Index(
                fields=["vendor", "counted", "created_at", "file"], name="download_statistics"
            ),
        ),
    ]
