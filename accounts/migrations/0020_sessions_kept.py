from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0019_passkeys_row_level_security"),
    ]

    # Who was signed in before there was a choice stays so.
    operations = [
        migrations.AddField(
            model_name="session",
            name="is_kept",
            field=models.BooleanField(default=True, verbose_name="stays signed in"),
        ),
        migrations.AlterField(
            model_name="session",
            name="is_kept",
            field=models.BooleanField(default=False, verbose_name="stays signed in"),
        ),
    ]
