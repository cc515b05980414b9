"""What happened to a licence: written by the verbs into the audit trail, shown to the customer."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from audit import trail
from audit.models import AuditEntry
from licenses.models import Activation, GoneMachine, GoneMachineWord, License

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


# What else can happen, of which the trail has no entry of its own (audit/followers.py).
FIRST_ACTIVATED = "first-activated"
ACTIVATION_LIMIT_REACHED = "activation-limit-reached"


def record(
    license: License,
    event: Event,
    *,
    machine: Activation | None = None,
    changes: Mapping[str, list[Any]] | None = None,
    also: Mapping[str, License] | None = None,
    **details: Any,
) -> AuditEntry:
    """Writes an event of a licence, or of one of its machines, into the audit trail.

    Customers see the event; a member of the vendor's staff appears to them as the vendor. A machine
    whose seat became free is found by its name from now on; the licence's lock is held.
    """
    named = _named(machine) if machine else {}
    if machine and event in SEATS:
        named |= _described(machine)
    if machine and event in GONE and "license_deleted" not in details:
        _keep_name(machine, event)
    return trail.record(
        event,
        machine or license,
        changes=changes or {},
        details=named | details,
        customer_id=license.user_id,
        also=also or {},
    )


def history_of(license: License) -> QuerySet[AuditEntry]:
    """What the licence's customer may see of its history, newest first."""
    return told_of(license.pk, license.user_id)


def told_of(license: Any, owner: Any) -> QuerySet[AuditEntry]:
    """The same, by the ids of licence and customer.

    Whoever had the licence before keeps his part of it to himself.
    """
    return AuditEntry.objects.filter(license_id=license, customer_id=owner, visible=True)


# What happens to a machine's seat.
SEATS = (
    Event.ACTIVATED,
    Event.MACHINE_KEY_REPLACED,
    Event.DEACTIVATED,
    Event.FREED,
    Event.RELEASED_BY_CUSTOMER,
)
# How a machine's seat becomes free.
GONE = (Event.DEACTIVATED, Event.FREED, Event.RELEASED_BY_CUSTOMER)


def _keep_name(machine: Activation, how: Event) -> None:
    if not machine.hostname:
        return
    now = timezone.now()
    known = GoneMachine.objects.filter(license_id=machine.license_id, hostname=machine.hostname)
    if known.update(how=how, gone_at=now, updated_at=now):
        return
    gone = GoneMachine.objects.create(
        vendor_id=machine.vendor_id,
        license_id=machine.license_id,
        hostname=machine.hostname,
        how=how,
        gone_at=now,
    )
    GoneMachineWord.objects.begin([gone])


def gone_machine(machine_id: UUID) -> AuditEntry | None:
    """The entry by which a machine without a seat by now has lost it; None for any other."""
    about = AuditEntry.objects.filter(subject_id=machine_id, license_id__isnull=False)
    last = about.order_by("-sequence").first()
    return last if last and last.action in GONE else None


def owners_of(license: License) -> set[UUID]:
    """The ids of all whose licence it was or is: what it says may be of any of them."""
    entries = AuditEntry.objects.filter(license_id=license.pk).order_by()
    return {each for each in entries.values_list("customer_id", flat=True).distinct() if each}


def _named(activation: Activation) -> dict[str, Any]:
    """How the history names a machine."""
    return {"hostname": activation.hostname, "offline": activation.offline}


def _described(activation: Activation) -> dict[str, Any]:
    """What else the machine was, when its seat was taken or became free."""
    told = ("os", "os_version", "vm_name", "container", "app_version")
    return {name: value for name in told if (value := getattr(activation, name))}
