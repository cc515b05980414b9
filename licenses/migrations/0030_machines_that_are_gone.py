from django.db import migrations

from tenancy.finding import batches
from tenancy.spelling import words_in
from tenancy.wall import PastTheWall

GONE = ("deactivated", "freed", "released-by-customer")


def fill_in(apps, _editor):
    """The machines that gave their seats back before, as far as the trail still names them, of
    licences that are there: of each name the last time."""
    entries = apps.get_model("audit", "AuditEntry").objects.filter(action__in=GONE)
    entries = entries.exclude(license_id=None).exclude(about__said=None).select_related("about")
    licenses = apps.get_model("licenses", "License").objects
    gone = apps.get_model("licenses", "GoneMachine").objects
    for part in batches(entries):
        there = dict(
            licenses.filter(pk__in=[each.license_id for each in part]).values_list("pk", "vendor")
        )
        for entry in part:
            name = str((entry.about.said.get("details") or {}).get("hostname") or "")[:256]
            if not name or there.get(entry.license_id) != entry.vendor_id:
                continue
            told = {"how": entry.action, "gone_at": entry.created_at}
            row, is_new = gone.get_or_create(
                license_id=entry.license_id,
                hostname=name,
                defaults={"vendor_id": entry.vendor_id, **told},
            )
            if not is_new and row.gone_at < entry.created_at:
                gone.filter(pk=row.pk).update(**told)
    words = apps.get_model("licenses", "GoneMachineWord")
    for part in batches(gone.all()):
        words.objects.bulk_create(
            words(vendor_id=row.vendor_id, word=word, machine_id=row.pk)
            for row in part
            for word in words_in(row.hostname)
        )


class Migration(migrations.Migration):
    dependencies = (
        ("licenses", "0029_gone_machines"),
        ("audit", "0002_squashed_0008_row_level_security"),
    )

    operations = (
        PastTheWall(
            (
                "audit.auditentry",
                "audit.auditparticulars",
                "licenses.license",
                "licenses.gonemachine",
                "licenses.gonemachineword",
            ),
            [migrations.RunPython(fill_in, migrations.RunPython.noop)],
        ),
    )
