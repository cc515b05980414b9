from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tenancy", "0009_ways_in"),
    ]

    operations = [
        migrations.AddField(
            model_name="vendor",
            name="send_new_licenses",
            field=models.BooleanField(
                default=False,
                help_text="New licences of the Web API, such as those that a payment system's bridge makes. In the back office you choose it for each.",
                verbose_name="e-mail licences that programs make to their customers",
            ),
        ),
    ]
