from django.db import migrations

from tenancy.wall import RowLevelSecurity


class Migration(migrations.Migration):
    dependencies = (("releases", "0001_initial"),)

    operations = (
        RowLevelSecurity("download"),
        RowLevelSecurity("release"),
        RowLevelSecurity("releasefile"),
    )
