from django.db import migrations

from tenancy.wall import RowLevelSecurity


class Migration(migrations.Migration):
    dependencies = (("licenses", "0009_seat_requests"),)

    operations = (RowLevelSecurity("seatrequest"),)
