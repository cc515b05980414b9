from django.db import migrations

from tenancy.wall import RowLevelSecurity


class Migration(migrations.Migration):
    dependencies = (("licenses", "0017_tags"),)

    operations = (RowLevelSecurity("licensetag"),)
