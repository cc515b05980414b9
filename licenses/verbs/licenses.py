"""The verbs that change a licence as a whole. Each is atomic and runs in the vendor's scope."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError
from django.utils import timezone

from accounts.models import User
from audit import rows, trail
from licenses.errors import (
    DateTooFar,
    LicenseIsUsed,
    MaintenanceNotRenewable,
    ValidityNotRenewable,
)
from licenses.history import WITHHELD, Event, owners_of, record
from licenses.keys import new_key
from licenses.models import (
    SEARCHED,
    TERMS,
    Activation,
    ExpirationStrategy,
    License,
    LicensePolicy,
    LicenseWord,
    MaintenancePolicy,
    Product,
)


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
    license = drafted(policy, vendor_id=product.vendor_id, product=product, user=user, **terms)
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


def set_ends(license: License) -> None:
    """Sets when a new licence and its maintenance end, where they count from now."""
    if license.expires_at is None and _counts_from_creation(license):
        license.expires_at = timezone.now() + timedelta(seconds=license.validity)
    if license.maintenance_expires_at is None and not license.waits_for_maintenance:
        license.maintenance_expires_at = maintenance_end(license.maintenance_policy)


def _counts_from_creation(license: License) -> bool:
    return license.expiration_strategy == ExpirationStrategy.IMMEDIATE and license.validity > 0


def maintenance_end(policy: MaintenancePolicy | None) -> datetime | None:
    """When maintenance that begins now ends; None is never."""
    if policy is None or policy.validity == 0:
        return None
    return timezone.now() + timedelta(seconds=policy.validity)


def lock(license_id: Any) -> License:
    """The licence, locked until the transaction ends: whoever counts seats holds it.

    PostgreSQL locks the row; on SQLite every transaction takes the write lock as it begins.
    """
    return (
        License.objects.select_for_update(of=("self",))
        .select_related("product", "user", "vendor", "maintenance_policy")
        .get(pk=license_id)
    )


@transaction.atomic
def renew(license: License) -> License:
    """Adds the validity once more, to the expiry or, if that has passed, to now.

    Raises ValidityNotRenewable when there is no expiry to move, and DateTooFar.
    """
    locked = lock(license.pk)
    if locked.validity == 0:
        raise ValidityNotRenewable
    return _move_expiry(locked, Event.RENEWED, locked.validity)


@transaction.atomic
def extend(license: License, *, extension_length: int) -> License:
    """Adds so many seconds to the expiry or, if that has passed, to now.

    Raises ValidityNotRenewable when there is no expiry to move, and DateTooFar.
    """
    return _move_expiry(lock(license.pk), Event.EXTENDED, extension_length)


@transaction.atomic
def change_license(license: License, *, fields: Collection[str]) -> License:
    """Saves the fields that changed; a new maintenance policy has maintenance begin anew, and a
    new owner needs offline responses of his own.

    The customer's history tells of it if he may see one of them. Raises ValidationError.
    """
    rows.change(license, fields=fields, withheld=WITHHELD, people=owners_of(license))
    if not set(SEARCHED).isdisjoint(fields):
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
    before = License.objects.get(pk=license.pk)
    locked.maintenance_expires_at = None
    if not locked.waits_for_maintenance or locked.first_activated_at is not None:
        locked.maintenance_expires_at = maintenance_end(locked.maintenance_policy)
    locked.save(update_fields=["maintenance_expires_at", "updated_at"])
    trail.record_change(before, locked)
    return locked


@transaction.atomic
def renew_maintenance(license: License) -> License:
    """Adds the maintenance policy's validity to the maintenance's end or, if that passed, to now.

    Raises MaintenanceNotRenewable when there is no end to move.
    """
    locked = lock(license.pk)
    policy, before = locked.maintenance_policy, locked.maintenance_expires_at
    if policy is None or policy.validity == 0 or before is None:
        raise MaintenanceNotRenewable
    after = _later(before, policy.validity)
    locked.maintenance_expires_at = after
    locked.save(update_fields=["maintenance_expires_at", "updated_at"])
    moved = {"maintenance_expires_at": [_iso(before), _iso(after)]}
    record(locked, Event.MAINTENANCE_RENEWED, changes=moved)
    return locked


def _later(moment: datetime, seconds: int) -> datetime:
    """So many seconds after the moment or, if that has passed, after now; raises DateTooFar."""
    try:
        return max(moment, timezone.now()) + timedelta(seconds=seconds)
    except OverflowError as error:
        raise DateTooFar from error


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


def _move_expiry(license: License, event: Event, seconds: int) -> License:
    if license.expires_at is None:
        raise ValidityNotRenewable
    before = license.expires_at
    license.expires_at = _later(before, seconds)
    license.save(update_fields=["expires_at", "updated_at"])
    moved = {"expires_at": [_iso(before), _iso(license.expires_at)]}
    record(license, event, changes=moved)
    return license


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


def _iso(moment: datetime) -> str:
    return moment.isoformat()
