from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("licenses", "0027_countries"),)

    operations = (
        migrations.AddIndex(
            model_name="trialactivation",
            index=models.Index(fields=["vendor", "fingerprint"], name="trial_by_print"),
        ),
    )
