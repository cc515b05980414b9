from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("releases", "0002_row_level_security"),)

    operations = (
        migrations.AddIndex(
            model_name="download",
            index=models.Index(fields=["vendor", "-created_at", "id"], name="download_newest"),
        ),
        migrations.AddIndex(
            model_name="release",
            index=models.Index(fields=["vendor", "version_key", "id"], name="release_by_version"),
        ),
    )
