from django.db import migrations

from tenancy.wall import RowLevelSecurity


class Migration(migrations.Migration):
    replaces = [
        ("imports", "0002_row_level_security"),
        ("imports", "0003_sorted_lists"),
        ("imports", "0004_steps"),
        ("imports", "0005_step_content"),
        ("imports", "0006_layouts"),
    ]
    dependencies = [
        ("imports", "0001_squashed_0001_tables"),
        ("tenancy", "0002_squashed_0010_row_level_security"),
    ]
    operations = [
        RowLevelSecurity("dataimport"),
        RowLevelSecurity("importstep"),
        RowLevelSecurity("columnmeaning"),
    ]
