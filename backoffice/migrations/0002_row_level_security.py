from django.db import migrations

from tenancy.wall import RowLevelSecurity


class Migration(migrations.Migration):
    dependencies = (("backoffice", "0001_initial"),)

    operations = (RowLevelSecurity("bulkchange"), RowLevelSecurity("bulkstep"))
