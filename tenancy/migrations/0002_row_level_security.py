from django.db import migrations

from tenancy.wall import RowLevelSecurity


class Migration(migrations.Migration):
    dependencies = (("tenancy", "0001_initial"),)

    operations = (
        RowLevelSecurity("host", ways=("hosts",)),
        RowLevelSecurity("vendor", column="id", ways=("vendors", "operators")),
    )
