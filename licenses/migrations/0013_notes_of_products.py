from django.db import migrations, models

import accounts.metadata


class Migration(migrations.Migration):
    dependencies = [
        ("licenses", "0012_product_defaults"),
    ]

    operations = [
        migrations.AddField(
            model_name="product",
            name="internal_notes",
            field=models.TextField(
                blank=True,
                help_text="For your staff alone.",
                max_length=4000,
                verbose_name="internal notes",
            ),
        ),
        migrations.AlterField(
            model_name="product",
            name="metadata",
            field=models.JSONField(
                blank=True,
                default=list,
                validators=[accounts.metadata.validate_metadata],
                verbose_name="metadata",
            ),
        ),
    ]
