from django.db import migrations

from tenancy.wall import WayOut


class Migration(migrations.Migration):
    dependencies = (("releases", "0010_freed_versions"),)

    # A program without a token names a file by its release's id, and no vendor.
    operations = (WayOut("release", "programs", "published"),)
