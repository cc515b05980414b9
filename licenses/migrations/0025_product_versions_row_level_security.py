from django.db import migrations

from tenancy.wall import RowLevelSecurity


class Migration(migrations.Migration):
    dependencies = (("licenses", "0024_product_versions"),)

    operations = (
        RowLevelSecurity("featureflag"),
        RowLevelSecurity("productversion"),
        RowLevelSecurity("versionfeature"),
    )
