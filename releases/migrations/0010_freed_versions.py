from django.db import migrations
from django.db.models import Exists, OuterRef

from tenancy.wall import PastTheWall


def free_versions(apps, _editor):
    """Archived releases of before that nobody has downloaded."""
    files = apps.get_model("releases", "ReleaseFile").objects
    downloaded = files.filter(release=OuterRef("pk"), download_count__gt=0)
    releases = apps.get_model("releases", "Release").objects.filter(archived=True)
    releases.exclude(Exists(downloaded)).update(version_freed=True)


class Migration(migrations.Migration):
    dependencies = [("releases", "0009_corrections")]

    operations = [
        PastTheWall(
            ("releases.Release", "releases.ReleaseFile"),
            (migrations.RunPython(free_versions, migrations.RunPython.noop),),
        ),
    ]
