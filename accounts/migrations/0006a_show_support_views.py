"""Stands in for the migration of another branch."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_view_as"),
    ]

    operations = [
        migrations.AddField(
            model_name="vendor",
            name="show_support_views",
            field=models.BooleanField(
                default=True, verbose_name="customers see that support looked at their portal"
            ),
        ),
    ]
