from django.db import migrations

from tenancy.wall import RowLevelSecurity


class Migration(migrations.Migration):
    dependencies = (("accounts", "0014_second_factor"),)

    operations = (
        RowLevelSecurity("secondfactor", nobodys="operators"),
        RowLevelSecurity("recoverycode", nobodys="operators"),
    )
