from collections import defaultdict
from functools import partial

import django.db.models.deletion
from django.db import IntegrityError, migrations, models
from django.db.models import Count

import tenancy.finding
import tenancy.rows
from tenancy.finding import batches
from tenancy.spelling import LONGEST_WORD, end_of, form_of, words_in
from tenancy.wall import PastTheWall, RowLevelSecurity

SHOWN = 50


def fill_in_forms(apps, _editor):
    """The stored forms of the keys that are there. Raises IntegrityError where two are one."""
    licenses = apps.get_model("licenses", "License").objects
    for part in batches(licenses.only("pk", "key")):
        for license in part:
            license.key_form = form_of(license.key)
        licenses.bulk_update(part, ["key_form"])
    forms = licenses.order_by().values("vendor", "key_form").annotate(n=Count("pk"))
    twins = list(forms.filter(n__gt=1)[:SHOWN])
    if twins:
        raise IntegrityError(
            "Licence keys that differ in case, dashes or blanks alone are one from now on. Change "
            "or delete all but one of each; `manage.py list_twins` lists all of them:\n"
            + "\n".join(", ".join(_keys(licenses, twin)) for twin in twins)
        )


def _keys(licenses, twin):
    same = licenses.filter(vendor=twin["vendor"], key_form=twin["key_form"])
    return same.order_by("key").values_list("key", flat=True)


def fill_in_words(apps, _editor):
    """The words of the licences and machines that are there."""
    get = partial(apps.get_model, "licenses")
    words = get("LicenseWord")
    for part in batches(get("License").objects.all()):
        metadata = defaultdict(list)
        for entry in get("LicenseMetadata").objects.filter(license__in=[each.pk for each in part]):
            metadata[entry.license_id].append(entry)
        words.objects.bulk_create(
            words(vendor_id=license.vendor_id, word=word, license_id=license.pk, visible=visible)
            for license in part
            for word, visible in words_of_license(license, metadata[license.pk]).items()
        )
    words = get("ActivationWord")
    for part in batches(get("Activation").objects.only("pk", "vendor", "hostname")):
        words.objects.bulk_create(
            words(vendor_id=machine.vendor_id, word=word, activation_id=machine.pk)
            for machine in part
            for word in words_in(machine.hostname)
        )


def words_of_license(license, metadata):
    """By word whether the customer sees it."""
    found = {}
    for text in (license.name, license.order_number, license.internal_notes):
        found |= dict.fromkeys(words_in(text), False)
    for entry in sorted(metadata, key=lambda each: each.visible):
        found |= dict.fromkeys(words_in(entry.key) | words_in(entry.value), entry.visible)
    of_key = words_in(license.key) - {license.key_form[:LONGEST_WORD]} | {end_of(license.key)}
    seen = words_in(license.notes) | of_key
    return found | dict.fromkeys(seen, True)


def word(name, to, *more):
    """A table of words of these rows."""
    return migrations.CreateModel(
        name=name,
        fields=[
            ("word", tenancy.finding.Ordered(max_length=32)),
            (
                "pk",
                models.CompositePrimaryKey(
                    "vendor_id",
                    "word",
                    f"{to}_id",
                    blank=True,
                    editable=False,
                    primary_key=True,
                    serialize=False,
                ),
            ),
            *more,
            (
                to,
                models.ForeignKey(
                    db_constraint=False,
                    editable=False,
                    on_delete=django.db.models.deletion.DO_NOTHING,
                    related_name="words",
                    to=f"licenses.{to}",
                ),
            ),
            (
                "vendor",
                models.ForeignKey(
                    db_constraint=False,
                    db_index=False,
                    on_delete=django.db.models.deletion.DO_NOTHING,
                    related_name="+",
                    to="tenancy.vendor",
                ),
            ),
        ],
        options={
            "abstract": False,
            "base_manager_name": "objects",
            "constraints": [
                tenancy.rows.SameVendor(
                    field=to,
                    goes_along=True,
                    name=f"{to}_word_{to}_vendor",
                    to_table=f"licenses_{to}",
                )
            ],
        },
    )


class Migration(migrations.Migration):
    dependencies = (
        ("licenses", "0004_sorted_lists"),
        ("tenancy", "0002_row_level_security"),
    )

    operations = (
        PastTheWall(
            ("licenses.license", "licenses.licensemetadata", "licenses.activation"),
            (
                migrations.AddField(
                    model_name="license",
                    name="key_form",
                    field=tenancy.finding.StoredForm(default="", max_length=256, of="key"),
                    preserve_default=False,
                ),
                migrations.RunPython(fill_in_forms, migrations.RunPython.noop),
                migrations.RemoveConstraint(
                    model_name="license", name="license_key_unique_per_vendor"
                ),
                migrations.AddConstraint(
                    model_name="license",
                    constraint=models.UniqueConstraint(
                        fields=("vendor", "key_form"),
                        name="license_key_form_once",
                        violation_error_message="There is a licence with this key already.",
                    ),
                ),
                migrations.AddIndex(
                    model_name="license",
                    index=models.Index(fields=["vendor", "key", "id"], name="license_by_key"),
                ),
                migrations.AlterField(
                    model_name="activation",
                    name="fingerprint",
                    field=tenancy.finding.Ordered(max_length=256, verbose_name="fingerprint"),
                ),
                migrations.AddConstraint(
                    model_name="activation",
                    constraint=models.UniqueConstraint(
                        fields=("vendor", "id"), name="activation_vendor_pair"
                    ),
                ),
                word("LicenseWord", "license", ("visible", models.BooleanField())),
                word("ActivationWord", "activation"),
                migrations.RunPython(fill_in_words, migrations.RunPython.noop),
            ),
        ),
        RowLevelSecurity("licenseword"),
        RowLevelSecurity("activationword"),
    )
