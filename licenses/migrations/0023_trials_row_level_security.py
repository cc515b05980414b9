from django.db import migrations

from tenancy.wall import RowLevelSecurity


class Migration(migrations.Migration):
    dependencies = (("licenses", "0022_trials"),)

    operations = (
        RowLevelSecurity("trialpolicy"),
        RowLevelSecurity("trialactivation"),
    )
