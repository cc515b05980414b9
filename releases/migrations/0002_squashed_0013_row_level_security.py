from django.db import migrations

from tenancy.wall import RowLevelSecurity, WayOut


class Migration(migrations.Migration):
    replaces = [
        ("releases", "0002_row_level_security"),
        ("releases", "0003_sorted_lists"),
        ("releases", "0004_found_by"),
        ("releases", "0005_notes_html"),
        ("releases", "0006_names"),
        ("releases", "0007_downloads"),
        ("releases", "0008_versions"),
        ("releases", "0009_corrections"),
        ("releases", "0010_freed_versions"),
        ("releases", "0011_whose_it_is"),
        ("releases", "0012_own_platforms"),
        ("releases", "0013_own_platforms_row_level_security"),
    ]
    dependencies = [
        ("releases", "0001_squashed_0001_tables"),
        ("tenancy", "0002_squashed_0010_row_level_security"),
    ]
    operations = [
        RowLevelSecurity("download"),
        RowLevelSecurity("release"),
        RowLevelSecurity("releasefile"),
        WayOut("release", "programs", "published"),
        RowLevelSecurity("ownplatform"),
    ]
