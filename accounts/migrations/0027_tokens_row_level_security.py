from django.db import migrations

from tenancy.wall import RowLevelSecurity


class Migration(migrations.Migration):
    dependencies = (("accounts", "0026_tokens"),)

    operations = (RowLevelSecurity("personalaccesstoken"),)
