from django.db import migrations

from tenancy.wall import RowLevelSecurity


class Migration(migrations.Migration):
    replaces = [
        ("branding", "0002_row_level_security"),
        ("branding", "0003_findable"),
        ("branding", "0004_diagnoses"),
    ]
    dependencies = [
        ("branding", "0001_squashed_0001_tables"),
        ("tenancy", "0002_squashed_0010_row_level_security"),
    ]
    operations = [
        RowLevelSecurity("brandimage"),
        RowLevelSecurity("branding"),
        RowLevelSecurity("customdomain", ways=("domains",)),
        RowLevelSecurity("proveddomain", ways=("domains",)),
    ]
