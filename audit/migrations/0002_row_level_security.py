from django.db import migrations

from tenancy.wall import RowLevelSecurity


class Migration(migrations.Migration):
    dependencies = (("tenancy", "0002_row_level_security"), ("audit", "0001_initial"))

    operations = (
        RowLevelSecurity("auditchain"),
        RowLevelSecurity("auditentry"),
        RowLevelSecurity("auditparticulars"),
    )
