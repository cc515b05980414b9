from django.db import migrations

from tenancy.wall import RowLevelSecurity


class Migration(migrations.Migration):
    dependencies = (("tenancy", "0002_row_level_security"), ("licenses", "0001_initial"))

    operations = (
        RowLevelSecurity("activation"),
        RowLevelSecurity("license"),
        RowLevelSecurity("licensemetadata"),
        RowLevelSecurity("licensemeterattribute"),
        RowLevelSecurity("licensepolicy"),
        RowLevelSecurity("licenseuser"),
        RowLevelSecurity("maintenancepolicy"),
        RowLevelSecurity("product"),
        RowLevelSecurity("signingkey"),
    )
