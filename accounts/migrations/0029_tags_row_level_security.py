from django.db import migrations

from tenancy.wall import RowLevelSecurity


class Migration(migrations.Migration):
    dependencies = (("accounts", "0028_tags"),)

    operations = (RowLevelSecurity("tag"), RowLevelSecurity("usertag"))
