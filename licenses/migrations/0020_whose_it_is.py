from django.db import migrations

from tenancy.wall import WayOut


class Migration(migrations.Migration):
    dependencies = (("licenses", "0016_where_activated"),)

    # A program without a token names one of these by its id, and no vendor.
    operations = (
        WayOut("product", "programs", "true"),
        WayOut("activation", "programs", "true"),
    )
