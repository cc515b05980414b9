from django.db import migrations

from tenancy.wall import RowLevelSecurity


class Migration(migrations.Migration):
    dependencies = (("accounts", "0024_single_sign_on"),)

    operations = (
        RowLevelSecurity("identityprovider"),
        RowLevelSecurity("identity"),
    )
