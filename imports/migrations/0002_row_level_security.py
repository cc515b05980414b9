from django.db import migrations

from tenancy.wall import RowLevelSecurity


class Migration(migrations.Migration):
    dependencies = (("imports", "0001_initial"),)

    operations = (RowLevelSecurity("dataimport"),)
