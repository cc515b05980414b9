from django.db import migrations

from tenancy.wall import RowLevelSecurity


class Migration(migrations.Migration):
    replaces = [
        ("accounts", "0002_row_level_security"),
        ("accounts", "0003_sorted_lists"),
        ("accounts", "0004_sessions"),
        ("accounts", "0005_sessions_row_level_security"),
        ("accounts", "0006_words"),
        ("accounts", "0007_links"),
        ("accounts", "0008_reminders"),
        ("accounts", "0009_one_spelling"),
        ("accounts", "0010_refusals"),
        ("accounts", "0011_refusals_row_level_security"),
        ("accounts", "0012_internal_notes"),
        ("accounts", "0014_second_factor"),
        ("accounts", "0015_second_factor_row_level_security"),
        ("accounts", "0017_refused_files"),
        ("accounts", "0018_passkeys"),
        ("accounts", "0019_passkeys_row_level_security"),
        ("accounts", "0020_sessions_kept"),
        ("accounts", "0022_registration"),
        ("accounts", "0023_registration_row_level_security"),
        ("accounts", "0024_single_sign_on"),
        ("accounts", "0025_single_sign_on_row_level_security"),
        ("accounts", "0026_tokens"),
        ("accounts", "0027_tokens_row_level_security"),
        ("accounts", "0028_tags"),
        ("accounts", "0029_tags_row_level_security"),
        ("accounts", "0030_program_sign_ins"),
        ("accounts", "0031_session_place"),
        ("accounts", "0032_recovery_code_salt"),
        ("accounts", "0033_tokens_listed"),
    ]
    dependencies = [
        ("accounts", "0001_squashed_0001_tables"),
        ("tenancy", "0002_squashed_0010_row_level_security"),
    ]
    operations = [
        RowLevelSecurity("role"),
        RowLevelSecurity("user", nobodys="operators"),
        RowLevelSecurity("viewas"),
        RowLevelSecurity("session", nobodys="operators"),
        RowLevelSecurity("userword"),
        RowLevelSecurity("refusal"),
        RowLevelSecurity("secondfactor", nobodys="operators"),
        RowLevelSecurity("recoverycode", nobodys="operators"),
        RowLevelSecurity("passkey", nobodys="operators"),
        RowLevelSecurity("registration"),
        RowLevelSecurity("identityprovider"),
        RowLevelSecurity("identity"),
        RowLevelSecurity("personalaccesstoken"),
        RowLevelSecurity("tag"),
        RowLevelSecurity("usertag"),
    ]
