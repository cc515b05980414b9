from django.db import migrations, models

import accounts.metadata


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0011_refusals_row_level_security"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="internal_notes",
            field=models.TextField(
                blank=True,
                help_text="For your staff alone.",
                max_length=4000,
                verbose_name="internal notes",
            ),
        ),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(fields=["vendor", "role"], name="user_by_role"),
        ),
        migrations.AlterField(
            model_name="user",
            name="metadata",
            field=models.JSONField(
                blank=True,
                default=list,
                validators=[accounts.metadata.validate_metadata],
                verbose_name="metadata",
            ),
        ),
    ]
