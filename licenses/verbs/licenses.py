"""The verbs that change a licence as a whole. Each is atomic and runs in the vendor's scope."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from copy import copy
from datetime import date, datetime, tzinfo
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError
from django.utils import timezone

from accounts.models import User
from audit import rows, trail
from licenses import ends
from licenses.ends import End, Term
from licenses.errors import (
    DateTooFar,
    DayIsOver,
    EndsLater,
    ExpiryPerMachine,
    LicenseIsUsed,
    LicensingError,
    MaintenanceEndsLater,
    MaintenanceHasNoPolicy,
    MaintenanceNotRenewable,
    ValidityNotRenewable,
)
from licenses.history import WITHHELD, Event, owners_of, record
from licenses.intervals import Interval
from licenses.keys import new_key
from licenses.models import (
    MAINTENANCE,
    SEARCHED,
    TERMS,
    VALIDITY,
    Activation,
    ExpirationStrategy,
    License,
    LicensePolicy,
    LicenseWord,
    MaintenancePolicy,
    Product,
)
from licenses.models.ends import Ending
from licenses.verbs.locking import lock
from tenancy.spelling import form_of


@transaction.atomic
def create_license(
    *,
    product: Product,
    user: User | None,
    policy: LicensePolicy | None = None,
    key: str = "",
    **terms: Any,
) -> License:
    """A new licence on the policy's terms, changed by `terms`, with a new key unless one is given.

    Without a user it is nobody's yet.

    Raises ValidationError when a term or the key is not allowed.
    """
    license = drafted(policy, vendor=product.vendor, product=product, user=user, **terms)
    license.key = key or new_key(policy.key_pattern if policy else "")
    return save_new_license(license)


def drafted(policy: LicensePolicy | None, **fields: Any) -> License:
    """A licence on the policy's terms, changed by `fields`; it has no key and is not saved."""
    from_policy = {name: getattr(policy, name) for name in TERMS} if policy else {}
    return License(policy=policy, **(from_policy | fields))


@transaction.atomic
def save_new_license(license: License) -> License:
    """Saves a licence that was filled in elsewhere, sets what ends, and begins its history.

    Raises ValidationError when a field or the key is not allowed.
    """
    license.full_clean()
    set_ends(license)
    license.save(force_insert=True)
    LicenseWord.objects.begin([license])
    record(license, Event.CREATED, changes=trail.values_of(license))
    return license


@transaction.atomic
def take_back(license: License) -> None:
    """Deletes a licence that has just been made. Raises LicenseIsUsed once a machine has used it or
    something was added to it."""
    locked = lock(license.pk)
    if locked.first_activated_at or locked.metadata.exists() or locked.license_users.exists():
        raise LicenseIsUsed
    try:
        rows.delete(locked)
    except ProtectedError as error:
        raise LicenseIsUsed from error


@transaction.atomic
def delete_license(license: License) -> None:
    """Deletes a licence with its machines and all that hangs on it. The trail keeps what it was,
    and its product remembers that machines trust its keys."""
    locked = lock(license.pk)
    machines = list(Activation.objects.filter(license_id=locked.pk))
    for machine in machines:
        record(locked, Event.DEACTIVATED, machine=machine, license_deleted=True)
    Activation.objects.filter(license_id=locked.pk).delete()
    if locked.first_activated_at:
        Product.objects.filter(pk=locked.product_id).update(has_been_activated=True)
    rows.delete(locked)


def set_ends(license: License) -> None:
    """Sets when a new licence and its maintenance end, where they count from now; an end that it
    was given stays. Raises DateTooFar."""
    zone = license.vendor.zone
    if license.end is None and _counts_from_creation(license):
        VALIDITY.put(license, begun(license.interval, timezone.now(), zone))
    if license.maintenance_end is None and not license.waits_for_maintenance:
        MAINTENANCE.put(license, maintenance_begun(license.maintenance_policy, zone))


def _counts_from_creation(license: License) -> bool:
    immediate = license.expiration_strategy == ExpirationStrategy.IMMEDIATE
    return immediate and license.subscription_interval != ""


def begun(interval: Interval, start: datetime, zone: tzinfo) -> Term:
    """The first term from a moment on. Raises DateTooFar."""
    with reachable():
        return ends.begun(interval, start, zone)


def maintenance_begun(policy: MaintenancePolicy | None, zone: tzinfo) -> Term | None:
    """The first term of maintenance that begins now; None has no end. Raises DateTooFar."""
    if policy is None or not policy.interval:
        return None
    return begun(policy.interval, timezone.now(), zone)


@contextmanager
def reachable() -> Iterator[None]:
    """What is counted in here and lies beyond the year 9999 is DateTooFar."""
    try:
        yield
    except OverflowError as error:
        raise DateTooFar from error


@transaction.atomic
def renew(license: License) -> License:
    """Adds the validity once more, counted from the anchor; after the end it begins anew.

    Raises ValidityNotRenewable when there is no expiry to move, and DateTooFar.
    """
    locked = lock(license.pk)
    term, interval = VALIDITY.term(locked), locked.interval
    if term is None or not interval:
        raise ValidityNotRenewable
    return _move(locked, VALIDITY, Event.RENEWED, _renewed(term, interval, locked))


@transaction.atomic
def extend(license: License, *, by: Interval) -> License:
    """Moves the expiry so much further or, if it has passed, so far from now; it is the new anchor.

    Raises ValidityNotRenewable when there is no expiry to move, and DateTooFar.
    """
    locked = lock(license.pk)
    end = locked.end
    if end is None:
        raise ValidityNotRenewable
    with reachable():
        term = ends.extended(end, by, timezone.now(), locked.vendor.zone)
    return _move(locked, VALIDITY, Event.EXTENDED, term)


@transaction.atomic
def extend_until(license: License, *, day: date) -> License:
    """Moves the expiry on to the end of that day; it is the new anchor.

    Raises ValidityNotRenewable when there is no expiry to move, EndsLater when it would not be
    moved on, DayIsOver, and DateTooFar.
    """
    locked = lock(license.pk)
    if locked.end is None:
        raise ValidityNotRenewable
    later = _later(day, locked.end, locked.vendor.zone, EndsLater)
    return _move(locked, VALIDITY, Event.EXTENDED, later)


def _later(day: date, than: End, zone: tzinfo, refusal: type[LicensingError]) -> Term:
    """The end of a day that is not over, and later than an end, which else is the refusal."""
    with reachable():
        end = ends.end_of(day, zone)
    if end.at < timezone.now():
        raise DayIsOver
    if end.at <= than.at:
        raise refusal
    return ends.until(end, zone)


@transaction.atomic
def set_last_day(license: License, *, day: date) -> License:
    """Has the licence be valid until the end of that day; it is the new anchor.

    Raises ExpiryPerMachine where each machine has an end of its own, and DateTooFar.
    """
    locked = lock(license.pk)
    if locked.expiration_strategy == ExpirationStrategy.ROLLING:
        raise ExpiryPerMachine
    zone = locked.vendor.zone
    with reachable():
        term = ends.until(ends.end_of(day, zone), zone)
    return _move(locked, VALIDITY, Event.LAST_DAY_SET, term)


@transaction.atomic
def set_expiry(license: License, *, at: datetime) -> License:
    """Has the licence be valid until that moment, which is the new anchor; it is a day where it is
    the end of one at the vendor's.

    Raises ExpiryPerMachine where each machine has an end of its own, and DateTooFar.
    """
    locked = lock(license.pk)
    if locked.expiration_strategy == ExpirationStrategy.ROLLING:
        raise ExpiryPerMachine
    zone = locked.vendor.zone
    with reachable():
        day = ends.end_of(at.astimezone(zone).date(), zone)
        term = ends.until(day if day.at == at else End(at), zone)
    return _move(locked, VALIDITY, Event.LAST_DAY_SET, term)


def _renewed(term: Term, interval: Interval, license: License) -> Term:
    with reachable():
        return ends.renewed(term, interval, timezone.now(), license.vendor.zone)


def _move(license: License, ending: Ending, event: Event, term: Term) -> License:
    """Saves and records another end of a locked licence, unless it is the same."""
    before = copy(license)
    ending.put(license, term)
    changes = trail.changes_between(before, license)
    if not changes:
        return before
    license.save(update_fields=[*ending.fields, "updated_at"])
    record(license, event, changes=changes)
    return license


@transaction.atomic
def change_license(license: License, *, fields: Collection[str]) -> License:
    """Saves the fields that changed; a new maintenance policy has maintenance begin anew. A new
    owner needs offline responses of his own, and a name that is not the earlier owner's.

    The customer's history tells of it if he may see one of them. Raises ValidationError.
    """
    if "user" in fields and "name" not in fields:
        license.name, fields = "", {*fields, "name"}
    if "key" in fields:
        license.key_form, fields = form_of(license.key), {*fields, "key_form"}
    rows.change(license, fields=fields, withheld=WITHHELD, people=owners_of(license))
    if not {*SEARCHED, "key"}.isdisjoint(fields):
        LicenseWord.objects.keep([license.pk])
    if "user" in fields:
        machines = Activation.objects.filter(license_id=license.pk)
        machines.update(offline_response_valid_until=None, updated_at=timezone.now())
    return begin_maintenance(license) if "maintenance_policy" in fields else license


@transaction.atomic
def begin_maintenance(license: License) -> License:
    """Has the licence's maintenance begin anew, after its policy was chosen or changed.

    It counts from now, or from the first activation if the policy says so and there was none.
    """
    locked = lock(license.pk)
    before = copy(locked)
    MAINTENANCE.put(locked, None)
    if not locked.waits_for_maintenance or locked.first_activated_at is not None:
        policy, zone = locked.maintenance_policy, locked.vendor.zone
        MAINTENANCE.put(locked, maintenance_begun(policy, zone))
    locked.save(update_fields=[*MAINTENANCE.fields, "updated_at"])
    trail.record_change(before, locked)
    return locked


@transaction.atomic
def set_maintenance(license: License, *, policy: MaintenancePolicy | None) -> License:
    """Puts the licence on a maintenance policy, or on none, which brings all versions. Maintenance
    begins anew, unless it is on that policy already."""
    locked = lock(license.pk)
    if locked.maintenance_policy == policy:
        return locked
    locked.maintenance_policy = policy
    return change_license(locked, fields=["maintenance_policy"])


@transaction.atomic
def set_highest_version(license: License, *, version: str) -> License:
    """Sets the highest version that the licence brings; empty is no limit. Raises
    ValidationError."""
    locked = lock(license.pk)
    field = License._meta.get_field("max_allowed_release_version")
    locked.max_allowed_release_version = field.clean(version, locked)
    return change_license(locked, fields=["max_allowed_release_version"])


@transaction.atomic
def renew_maintenance(license: License, *, until: date | None = None) -> License:
    """Adds the maintenance policy's validity once more, as `renew` does; or has maintenance last
    until the end of a day, which is the new anchor.

    Raises MaintenanceNotRenewable when there is no end to move, MaintenanceEndsLater when it would
    not be moved on, DayIsOver, and DateTooFar.
    """
    locked = lock(license.pk)
    policy, term = locked.maintenance_policy, MAINTENANCE.term(locked)
    if policy is None or term is None or not (until or policy.interval):
        raise MaintenanceNotRenewable
    if until:
        later = _later(until, term.end, locked.vendor.zone, MaintenanceEndsLater)
    else:
        later = _renewed(term, policy.interval, locked)
    return _move(locked, MAINTENANCE, Event.MAINTENANCE_RENEWED, later)


@transaction.atomic
def set_maintenance_end(license: License, *, day: date | None) -> License:
    """Has the maintenance last until the end of that day, which is the new anchor; without a day
    as long as its policy says, from now on.

    Raises MaintenanceHasNoPolicy and DateTooFar.
    """
    locked = lock(license.pk)
    if day is None:
        return begin_maintenance(locked)
    if locked.maintenance_policy is None:
        raise MaintenanceHasNoPolicy
    zone = locked.vendor.zone
    with reachable():
        term = ends.until(ends.end_of(day, zone), zone)
    return _move(locked, MAINTENANCE, Event.CHANGED, term)


@transaction.atomic
def set_seats(license: License, *, allowed_activations: int) -> License:
    """Sets how many machines may be active at a time; 0 or −1 is unlimited.

    Machines above a lower number stay active; new ones have to wait. Raises ValidationError.
    """
    locked = lock(license.pk)
    before = locked.allowed_activations
    field = License._meta.get_field("allowed_activations")
    locked.allowed_activations = field.clean(allowed_activations, locked)
    if locked.allowed_activations != before:
        locked.save(update_fields=["allowed_activations", "updated_at"])
        changes = {"allowed_activations": [before, locked.allowed_activations]}
        record(locked, Event.CHANGED, changes=changes)
    return locked


def suspend(license: License) -> License:
    """Suspends the licence; its machines keep their seats."""
    return _switch(license, "suspended", True, Event.SUSPENDED)


def unsuspend(license: License) -> License:
    """Lifts the suspension; everything is as before."""
    return _switch(license, "suspended", False, Event.UNSUSPENDED)


def revoke(license: License) -> License:
    """Revokes the licence: nothing activates, and machines learn of it when they sync."""
    return _switch(license, "revoked", True, Event.REVOKED)


def unrevoke(license: License) -> License:
    """Lifts the revocation; a machine that has learnt of it needs a new activation."""
    return _switch(license, "revoked", False, Event.UNREVOKED)


@transaction.atomic
def _switch(license: License, field: str, value: bool, event: Event) -> License:
    """Sets the flag and records it; a flag that is set already stays, and nothing is recorded."""
    locked = lock(license.pk)
    if getattr(locked, field) != value:
        setattr(locked, field, value)
        locked.save(update_fields=[field, "updated_at"])
        record(locked, event, changes={field: [not value, value]})
    return locked
