from django.db import migrations

from tenancy.wall import RowLevelSecurity


class Migration(migrations.Migration):
    dependencies = (("mail", "0006_own_texts"),)

    operations = (RowLevelSecurity("owntext"),)
