from django.db import migrations

from tenancy.wall import RowLevelSecurity


class Migration(migrations.Migration):
    # The wall is put up once all keys that were there from the beginning are checked: a migration
    # that comes upon it fails (tenancy/postgresql).
    dependencies = (
        ("tenancy", "0001_initial"),
        ("audit", "0001_initial"),
        ("mail", "0001_initial"),
        ("accounts", "0001_initial"),
        ("imports", "0001_initial"),
        ("branding", "0001_initial"),
        ("licenses", "0001_initial"),
        ("offline", "0001_initial"),
        ("releases", "0001_initial"),
        ("admin", "0001_initial"),
    )

    operations = (
        RowLevelSecurity("host", ways=("hosts",)),
        RowLevelSecurity("vendor", column="id", ways=("vendors", "operators")),
    )
