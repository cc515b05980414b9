from django.db import migrations

from tenancy.wall import RowLevelSecurity


class Migration(migrations.Migration):
    dependencies = (("mail", "0001_initial"),)

    operations = (RowLevelSecurity("outgoingemail", ways=("emails",)),)
