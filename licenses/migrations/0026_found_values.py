from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("licenses", "0025_product_versions_row_level_security"),)

    operations = (
        migrations.AddIndex(
            model_name="licensemetadata",
            index=models.Index(name="license_metadata_found", fields=["vendor", "value", "key"]),
        ),
    )
