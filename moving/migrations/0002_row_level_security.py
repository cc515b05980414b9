from django.db import migrations

from tenancy.wall import RowLevelSecurity


class Migration(migrations.Migration):
    dependencies = (("tenancy", "0002_row_level_security"), ("moving", "0001_initial"))

    operations = (
        RowLevelSecurity("move"),
        RowLevelSecurity("taken"),
        RowLevelSecurity("remark"),
    )
