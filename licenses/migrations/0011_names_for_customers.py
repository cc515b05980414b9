from django.db import migrations, models

from tenancy.finding import batches
from tenancy.spelling import words_in
from tenancy.wall import PastTheWall


def show_words(apps, _editor):
    """Customers find their licences by names and order numbers from now on."""
    words = apps.get_model("licenses", "LicenseWord").objects
    licenses = apps.get_model("licenses", "License").objects
    named = licenses.exclude(name="", order_number="").only("pk", "vendor", "name", "order_number")
    for part in batches(named):
        for license in part:
            own = words_in(license.name) | words_in(license.order_number)
            of_license = words.filter(vendor=license.vendor_id, license=license.pk)
            of_license.filter(word__in=own).update(visible=True)


def line(help_text, verbose_name):
    return models.CharField(
        blank=True, help_text=help_text, max_length=100, verbose_name=verbose_name
    )


class Migration(migrations.Migration):
    dependencies = (("licenses", "0010_seat_requests_row_level_security"),)

    operations = (
        migrations.AlterField(
            model_name="license",
            name="name",
            field=line("Tells it apart from others. Its customer reads and may change it.", "name"),
        ),
        migrations.AlterField(
            model_name="license",
            name="order_number",
            field=line("The customer can read it.", "order number"),
        ),
        PastTheWall(
            ("licenses.license", "licenses.licenseword"),
            (migrations.RunPython(show_words, migrations.RunPython.noop),),
        ),
    )
