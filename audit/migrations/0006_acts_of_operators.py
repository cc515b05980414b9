from django.db import migrations

from tenancy.wall import WayOut


class Migration(migrations.Migration):
    dependencies = (("audit", "0005_entries_by_moment"),)

    # Staff have their vendor's name in their entries, customers themselves.
    operations = (
        WayOut(
            "auditentry",
            "acts",
            "source = 'backoffice' AND actor_id IS NOT NULL AND actor_vendor = ''"
            " AND customer_id IS NULL AND license_id IS NULL",
        ),
    )
