from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0029_tags_row_level_security")]

    operations = [
        migrations.AddField(
            model_name="session",
            name="family",
            field=models.UUIDField(editable=False, null=True),
        ),
    ]
