"""Meters of a licence: what is counted, and how much of it is allowed."""

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from audit import rows, trail
from licenses.models import License, LicenseMeterAttribute
from licenses.verbs.locking import lock

MOST_METERS = 50  # of a licence


@transaction.atomic
def set_meters(license: License, entries: Sequence[Mapping[str, Any]]) -> None:
    """Changes the meters of these names as far as their entries say, and adds those that are not
    there; others stay, and what was counted. Raises ValidationError."""
    locked = lock(license.pk)
    known = {meter.name: meter for meter in locked.meter_attributes.all()}
    if max(len(entries), len({*known, *(entry["name"] for entry in entries)})) > MOST_METERS:
        raise ValidationError(_("At most %(n)d meters can be on a licence.") % {"n": MOST_METERS})
    for entry in entries:
        meter = known.get(entry["name"])
        if meter is None:
            known[entry["name"]] = _added(locked, entry)
            continue
        meter.license = locked
        fields = [name for name in entry if name != "name"]
        for name in fields:
            setattr(meter, name, entry[name])
        meter.full_clean()
        rows.change(meter, fields=fields)


def _added(license: License, entry: Mapping[str, Any]) -> LicenseMeterAttribute:
    meter = LicenseMeterAttribute(vendor=license.vendor, license=license, **entry)
    meter.full_clean()
    return rows.create(meter)


@transaction.atomic
def reset_meter(meter: LicenseMeterAttribute) -> None:
    """Has the meter count from 0 again; what was used in all its time stays."""
    lock(meter.license_id)
    current = LicenseMeterAttribute.objects.select_related("license").get(pk=meter.pk)
    before = copy(current)
    current.total_uses = 0
    current.save(update_fields=["total_uses", "updated_at"])
    trail.record_change(before, current)


@transaction.atomic
def remove_meter(meter: LicenseMeterAttribute) -> None:
    """Deletes the meter, with what was counted."""
    lock(meter.license_id)
    rows.delete(meter)
