from django.db import migrations

from tenancy.wall import RowLevelSecurity


class Migration(migrations.Migration):
    replaces = [
        ("offline", "0002_row_level_security"),
        ("offline", "0003_owners"),
    ]
    dependencies = [
        ("offline", "0001_squashed_0001_tables"),
        ("tenancy", "0002_squashed_0010_row_level_security"),
    ]
    operations = [
        RowLevelSecurity("offlineexchange"),
    ]
