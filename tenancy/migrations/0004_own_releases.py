import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tenancy", "0003_sorted_lists"),
    ]

    operations = [
        migrations.AddField(
            model_name="vendor",
            name="allowed_own_releases",
            field=models.PositiveSmallIntegerField(
                default=0,
                help_text="In a year, of lost or broken machines without network. 0: your staff answers each request to release one.",
                validators=[django.core.validators.MaxValueValidator(1000)],
                verbose_name="machines that a customer may release without asking",
            ),
        ),
    ]
