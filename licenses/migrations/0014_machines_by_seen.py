from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("licenses", "0013_product_defaults"),)

    operations = (
        migrations.AddIndex(
            model_name="activation",
            index=models.Index(
                fields=["vendor", "last_synced_at", "id"], name="activation_by_seen"
            ),
        ),
    )
