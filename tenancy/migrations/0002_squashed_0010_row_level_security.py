from django.db import migrations

from tenancy.wall import RowLevelSecurity


class Migration(migrations.Migration):
    replaces = [
        ("tenancy", "0002_row_level_security"),
        ("tenancy", "0003_sorted_lists"),
        ("tenancy", "0004_own_releases"),
        ("tenancy", "0005_settled_steps"),
        ("tenancy", "0006_email_sender"),
        ("tenancy", "0007_words_of_status"),
        ("tenancy", "0008_second_factor"),
        ("tenancy", "0009_ways_in"),
        ("tenancy", "0010_send_new_licenses"),
    ]
    dependencies = [
        ("accounts", "0001_squashed_0001_tables"),
        ("admin", "0001_initial"),
        ("audit", "0001_squashed_0001_tables"),
        ("branding", "0001_squashed_0001_tables"),
        ("imports", "0001_squashed_0001_tables"),
        ("licenses", "0001_squashed_0001_tables"),
        ("mail", "0001_squashed_0001_tables"),
        ("offline", "0001_squashed_0001_tables"),
        ("releases", "0001_squashed_0001_tables"),
        ("tenancy", "0001_squashed_0001_tables"),
        ("web", "0001_squashed_0003_tables"),
    ]
    operations = [
        RowLevelSecurity("host", ways=("hosts",)),
        RowLevelSecurity("vendor", column="id", ways=("vendors", "operators")),
    ]
