from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tenancy", "0004_own_releases"),
    ]

    operations = [
        migrations.AddField(
            model_name="vendor",
            name="settled_steps",
            field=models.JSONField(
                blank=True, default=list, editable=False, verbose_name="settled first steps"
            ),
        ),
    ]
