from django.db import migrations

from tenancy.wall import RowLevelSecurity


class Migration(migrations.Migration):
    dependencies = (("licenses", "0001_initial"),)

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
