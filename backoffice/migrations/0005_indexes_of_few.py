from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("backoffice", "0004_saved_views_row_level_security"),)

    operations = (
        migrations.RemoveIndex("savedview", "saved_view_of_list"),
        migrations.AddIndex(
            "savedview",
            models.Index(
                name="saved_view_shared",
                fields=("vendor", "listed", "name"),
                condition=models.Q(shared=True),
            ),
        ),
        migrations.AddIndex(
            "bulkstep",
            models.Index(
                name="bulk_step_troubled",
                fields=("vendor", "change", "number"),
                condition=models.Q(troubled__gt=0),
            ),
        ),
    )
