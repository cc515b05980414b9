from django.db import migrations

from tenancy.wall import RowLevelSecurity


class Migration(migrations.Migration):
    dependencies = (("tenancy", "0002_row_level_security"), ("mail", "0001_initial"))

    operations = (RowLevelSecurity("outgoingemail", ways=("emails",)),)
