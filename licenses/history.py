"""What happened to a licence: written by the verbs into the audit trail, shown to the customer."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from audit import trail
from audit.models import AuditEntry
from licenses.models import Activation, License

# What customers are not told of a licence.
WITHHELD = frozenset({"policy", "internal_notes"})


class Event(StrEnum):
    """What can happen to a licence; the actions of its entries in the audit trail."""

    CREATED = "created"
    CHANGED = "changed"
    ACTIVATED = "activated"
    MACHINE_KEY_REPLACED = "machine-key-replaced"
    DEACTIVATED = "deactivated"
    FREED = "freed"
    RELEASED_BY_CUSTOMER = "released-by-customer"
    RELEASE_ASKED = "release-asked"
    RELEASE_REFUSED = "release-refused"
    RENEWED = "renewed"
    MAINTENANCE_RENEWED = "maintenance-renewed"
    EXTENDED = "extended"
    LAST_DAY_SET = "last-day-set"
    SUSPENDED = "suspended"
    UNSUSPENDED = "unsuspended"
    REVOKED = "revoked"
    UNREVOKED = "unrevoked"


def record(
    license: License,
    event: Event,
    *,
    machine: Activation | None = None,
    changes: Mapping[str, list[Any]] | None = None,
    **details: Any,
) -> AuditEntry:
    """Writes an event of a licence, or of one of its machines, into the audit trail.

    Customers see the event; a member of the vendor's staff appears to them as the vendor.
    """
    named = _named(machine) if machine else {}
    return trail.record(
        event,
        machine or license,
        changes=changes or {},
        details=named | details,
        customer_id=license.user_id,
    )


def history_of(license: License) -> QuerySet[AuditEntry]:
    """What the licence's customer may see of its history, newest first."""
    return told_of(license.pk, license.user_id)


def told_of(license: Any, owner: Any) -> QuerySet[AuditEntry]:
    """The same, by the ids of licence and customer.

    Whoever had the licence before keeps his part of it to himself.
    """
    return AuditEntry.objects.filter(license_id=license, customer_id=owner, visible=True)


def owners_of(license: License) -> set[UUID]:
    """The ids of all whose licence it was or is: what it says may be of any of them."""
    entries = AuditEntry.objects.filter(license_id=license.pk).order_by()
    return {each for each in entries.values_list("customer_id", flat=True).distinct() if each}


def _named(activation: Activation) -> dict[str, Any]:
    """How the history names a machine."""
    return {"hostname": activation.hostname, "offline": activation.offline}
