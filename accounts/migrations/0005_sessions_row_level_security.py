from django.db import migrations

from tenancy.wall import RowLevelSecurity


class Migration(migrations.Migration):
    dependencies = (("accounts", "0004_sessions"),)

    operations = (RowLevelSecurity("session", nobodys="operators"),)
