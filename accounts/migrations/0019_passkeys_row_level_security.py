from django.db import migrations

from tenancy.wall import RowLevelSecurity


class Migration(migrations.Migration):
    dependencies = (("accounts", "0018_passkeys"),)

    operations = (RowLevelSecurity("passkey", nobodys="operators"),)
