from django.db import migrations

from tenancy.wall import RowLevelSecurity


class Migration(migrations.Migration):
    dependencies = (("accounts", "0022_registration"),)

    operations = (RowLevelSecurity("registration"),)
