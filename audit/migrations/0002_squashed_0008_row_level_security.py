from django.db import migrations

from tenancy.wall import RowLevelSecurity, WayOut


class Migration(migrations.Migration):
    replaces = [
        ("audit", "0002_row_level_security"),
        ("audit", "0003_sorted_lists"),
        ("audit", "0004_found_by"),
        ("audit", "0005_entries_by_moment"),
        ("audit", "0006_acts_of_operators"),
        ("audit", "0007_who_was_erased"),
        ("audit", "0008_activations_per_day"),
    ]
    dependencies = [
        ("audit", "0001_squashed_0001_tables"),
        ("tenancy", "0002_squashed_0010_row_level_security"),
    ]
    operations = [
        RowLevelSecurity("auditchain"),
        RowLevelSecurity("auditentry"),
        RowLevelSecurity("auditparticulars"),
        WayOut(
            "auditentry",
            "acts",
            "source = 'backoffice' AND actor_id IS NOT NULL AND actor_vendor = '' AND customer_id IS NULL AND license_id IS NULL",
        ),
    ]
