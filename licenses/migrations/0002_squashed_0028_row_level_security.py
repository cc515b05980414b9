from django.db import migrations

from tenancy.wall import RowLevelSecurity, WayOut


class Migration(migrations.Migration):
    replaces = [
        ("licenses", "0002_row_level_security"),
        ("licenses", "0003_customers_list"),
        ("licenses", "0004_sorted_lists"),
        ("licenses", "0005_words"),
        ("licenses", "0006_machine_keys"),
        ("licenses", "0007_names"),
        ("licenses", "0008_calendar"),
        ("licenses", "0009_seat_requests"),
        ("licenses", "0010_seat_requests_row_level_security"),
        ("licenses", "0011_names_for_customers"),
        ("licenses", "0012_attention"),
        ("licenses", "0013_product_defaults"),
        ("licenses", "0014_machines_by_seen"),
        ("licenses", "0015_notes_of_products"),
        ("licenses", "0016_where_activated"),
        ("licenses", "0017_tags"),
        ("licenses", "0018_tags_row_level_security"),
        ("licenses", "0020_whose_it_is"),
        ("licenses", "0021_leases"),
        ("licenses", "0022_trials"),
        ("licenses", "0023_trials_row_level_security"),
        ("licenses", "0024_product_versions"),
        ("licenses", "0025_product_versions_row_level_security"),
        ("licenses", "0026_found_values"),
        ("licenses", "0027_countries"),
        ("licenses", "0028_trials_by_print"),
    ]
    dependencies = [
        ("licenses", "0001_squashed_0001_tables"),
        ("tenancy", "0002_squashed_0010_row_level_security"),
    ]
    operations = [
        RowLevelSecurity("activation"),
        RowLevelSecurity("license"),
        RowLevelSecurity("licensemetadata"),
        RowLevelSecurity("licensemeterattribute"),
        RowLevelSecurity("licensepolicy"),
        RowLevelSecurity("licenseuser"),
        RowLevelSecurity("maintenancepolicy"),
        RowLevelSecurity("product"),
        RowLevelSecurity("signingkey"),
        RowLevelSecurity("licenseword"),
        RowLevelSecurity("activationword"),
        RowLevelSecurity("seatrequest"),
        RowLevelSecurity("licensetag"),
        WayOut("product", "programs", "true"),
        WayOut("activation", "programs", "true"),
        RowLevelSecurity("trialpolicy"),
        RowLevelSecurity("trialactivation"),
        RowLevelSecurity("featureflag"),
        RowLevelSecurity("productversion"),
        RowLevelSecurity("versionfeature"),
    ]
