from django.core.exceptions import ValidationError
from django.db import migrations, models
from django.utils.html import format_html

from releases.notes import render
from tenancy.finding import batches
from tenancy.wall import PastTheWall


def fill_in(apps, _editor):
    """The notes that are there, as they were shown until now; as plain text where that would be
    too long."""
    releases = apps.get_model("releases", "Release").objects
    for part in batches(releases.exclude(notes="").only("pk", "notes")):
        for release in part:
            try:
                release.notes_html = render(release.notes)
            except ValidationError:
                release.notes_html = format_html("<pre>{}</pre>", release.notes)
        releases.bulk_update(part, ["notes_html"])


class Migration(migrations.Migration):
    dependencies = [("releases", "0004_found_by")]

    operations = [
        migrations.AddField(
            model_name="release",
            name="notes_html",
            field=models.TextField(blank=True, default="", editable=False),
            preserve_default=False,
        ),
        PastTheWall(
            ("releases.Release",), (migrations.RunPython(fill_in, migrations.RunPython.noop),)
        ),
    ]
