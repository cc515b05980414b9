from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("imports", "0002_row_level_security"),)

    operations = (
        migrations.RemoveIndex(
            model_name="dataimport",
            name="data_imports_newest",
        ),
        migrations.AddIndex(
            model_name="dataimport",
            index=models.Index(fields=["vendor", "-created_at", "id"], name="data_import_newest"),
        ),
    )
