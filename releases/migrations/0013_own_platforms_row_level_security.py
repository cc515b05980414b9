from django.db import migrations

from tenancy.wall import RowLevelSecurity


class Migration(migrations.Migration):
    dependencies = (("releases", "0012_own_platforms"),)

    operations = (RowLevelSecurity("ownplatform"),)
