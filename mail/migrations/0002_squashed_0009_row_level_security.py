from django.db import migrations

from tenancy.wall import RowLevelSecurity


class Migration(migrations.Migration):
    replaces = [
        ("mail", "0002_row_level_security"),
        ("mail", "0003_found_by"),
        ("mail", "0004_sent_texts"),
        ("mail", "0005_sent_texts_row_level_security"),
        ("mail", "0006_own_texts"),
        ("mail", "0007_own_texts_row_level_security"),
        ("mail", "0008_failed_emails"),
        ("mail", "0009_sent_emails"),
    ]
    dependencies = [
        ("mail", "0001_squashed_0001_tables"),
        ("tenancy", "0002_squashed_0010_row_level_security"),
    ]
    operations = [
        RowLevelSecurity("outgoingemail", ways=("emails",)),
        RowLevelSecurity("senttext"),
        RowLevelSecurity("owntext"),
    ]
