import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tenancy", "0007_words_of_status"),
    ]

    operations = [
        migrations.AddField(
            model_name="vendor",
            name="second_factor_for",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "nobody"),
                    ("staff", "your staff"),
                    ("everyone", "your staff and all customers"),
                ],
                default="",
                help_text="They sign in with a code from an app beside the password. Everybody else may do so.",
                max_length=8,
                verbose_name="who has to have a second factor",
            ),
        ),
        migrations.AddField(
            model_name="vendor",
            name="second_factor_grace",
            field=models.PositiveSmallIntegerField(
                default=14,
                help_text="Until then one may go on without it. 0: at once.",
                validators=[django.core.validators.MaxValueValidator(365)],
                verbose_name="days until it has to be set up",
            ),
        ),
        migrations.AddField(
            model_name="vendor",
            name="staff_asked_since",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="vendor",
            name="customers_asked_since",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
