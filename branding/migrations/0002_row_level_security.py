from django.db import migrations

from tenancy.wall import RowLevelSecurity


class Migration(migrations.Migration):
    dependencies = (("tenancy", "0002_row_level_security"), ("branding", "0001_initial"))

    operations = (
        RowLevelSecurity("brandimage"),
        RowLevelSecurity("branding"),
        RowLevelSecurity("customdomain", ways=("domains",)),
        RowLevelSecurity("proveddomain", ways=("domains",)),
    )
