from django.db import migrations

from tenancy.wall import RowLevelSecurity


class Migration(migrations.Migration):
    dependencies = (("backoffice", "0003_saved_views"),)

    operations = (RowLevelSecurity("savedview"),)
