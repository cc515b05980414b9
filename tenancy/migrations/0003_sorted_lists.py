from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("tenancy", "0002_row_level_security"),)

    operations = (
        migrations.AddIndex(
            model_name="vendor",
            index=models.Index(fields=["name", "id"], name="vendor_by_name"),
        ),
    )
