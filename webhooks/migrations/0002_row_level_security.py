from django.db import migrations

from tenancy.wall import RowLevelSecurity


class Migration(migrations.Migration):
    dependencies = (("webhooks", "0001_initial"),)

    operations = (
        RowLevelSecurity("webhook", ways=("webhooks",)),
        RowLevelSecurity("delivery", ways=("webhooks",)),
    )
