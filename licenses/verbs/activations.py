"""The verbs that take and give back seats. Each is atomic, counts exactly and is safe to retry.

Whoever counts holds the licence's lock (`licenses.verbs.licenses.lock`), so that fifty activations
at once of a licence with ten seats give exactly ten, on PostgreSQL and on SQLite.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from audit import followers
from audit.acting import actor
from licenses import errors
from licenses.history import ACTIVATION_LIMIT_REACHED, FIRST_ACTIVATED, Event, record
from licenses.models import (
    MAINTENANCE,
    VALIDITY,
    Activation,
    ActivationWord,
    ExpirationStrategy,
    License,
    LicenseMeterAttribute,
    LicenseType,
    SeatRequest,
)
from licenses.verbs.licenses import begun, maintenance_begun
from licenses.verbs.locking import lock
from licenses.verbs.restrictions import check_user, country_of
from web.counting import SEAT_REFUSED, SEAT_TAKEN, count, count_once_committed

FINGERPRINT_LENGTHS = range(64, 257)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What a program tells about the machine that it runs on (names of the Web API v3)."""

    fingerprint: str
    os: str
    hostname: str = ""
    os_version: str = ""
    vm_name: str = ""
    container: bool = False
    app_version: str = ""
    client_version: str = ""
    user_hash: str = ""
    metadata: list[dict[str, str]] = field(default_factory=list)
    meter_attributes: Mapping[str, int] = field(default_factory=dict)


# What a machine tells of itself, each by itself: meters are counted.
TOLD = tuple(each.name for each in fields(Machine) if each.name != "meter_attributes")


@dataclass(frozen=True, slots=True)
class Use:
    """How many uses of a meter attribute a machine has now, or with `more` how many it has beside
    those it had; fewer if that is negative."""

    name: str
    number: int
    more: bool = False


@dataclass(frozen=True, slots=True)
class MachineKey:
    """The Ed25519 public key with which an offline machine signs its requests."""

    jwk: Mapping[str, str]
    thumbprint: str


def check_license(license: License, *, offline: bool) -> None:
    """Raises the error that keeps this licence from being activated at all.

    Offline, all of them count (offline-protocol.md, check 3). Online, an expired or suspended
    licence still yields a token, and the program judges by its claims (Web API v3).
    """
    if license.revoked:
        raise errors.RevokedLicense
    if not offline:
        return
    if license.suspended:
        raise errors.SuspendedLicense
    if license.is_expired:
        raise errors.ExpiredLicense
    if license.type != LicenseType.NODE_LOCKED:
        raise errors.InvalidLicenseType


def check_machine(license: License, machine: Machine) -> None:
    """Raises the error that keeps this kind of machine out (offline-protocol.md, check 4)."""
    if len(machine.fingerprint) not in FINGERPRINT_LENGTHS:
        raise errors.InvalidActivationFingerprint
    if machine.vm_name and not license.allow_vm_activation:
        raise errors.VmActivationNotAllowed
    if machine.container and not license.allow_container_activation:
        raise errors.ContainerActivationNotAllowed


@transaction.atomic
def activate(
    license: License,
    machine: Machine,
    *,
    key: MachineKey | None = None,
    lease_duration: int | None = None,
) -> Activation:
    """The machine's activation: a new seat, or the seat that its fingerprint has already.

    With a machine key the activation is an offline one. `lease_duration`, in seconds, is what the
    program wishes, where the licence lets it choose. Raises the named error of the first rule
    that refuses, in the order of offline-protocol.md; then no seat is taken.
    """
    locked = lock(license.pk)
    check_license(locked, offline=key is not None)
    check_machine(locked, machine)
    _free_ended_leases(locked, but=machine.fingerprint)
    existing = find_activation(locked, machine.fingerprint)
    if existing:
        return _activate_again(locked, existing, machine, key, lease_duration)
    if locked.seats_left == 0:
        raise no_seat_left(locked)
    check_user(user_locked=locked.user_locked, user_hash=machine.user_hash)
    _take_uses(locked, machine.meter_attributes)
    return _take_seat(locked, machine, key, lease_duration)


def no_seat_left(license: License) -> errors.ActivationLimitReached:
    """The error that keeps a machine from a seat, of which those hear who follow, whatever becomes
    of the transaction."""
    count(SEAT_REFUSED)
    followers.refused(ACTIVATION_LIMIT_REACHED, license, customer_id=license.user_id)
    return errors.ActivationLimitReached()


def find_activation(license: License, fingerprint: str) -> Activation | None:
    """The activation of this fingerprint on the licence, if it has one; matching is by equality."""
    return Activation.objects.filter(license_id=license.pk, fingerprint=fingerprint).first()


def replaces_machine_key(activation: Activation, key: MachineKey | None) -> bool:
    """Whether the machine had a key and comes with another one, or online without any."""
    before = activation.machine_thumbprint
    return bool(before) and before != (key.thumbprint if key else "")


def check_machine_key(license: License, activation: Activation, key: MachineKey | None) -> None:
    """Raises the error that keeps a machine from its new key (offline-protocol.md, check 5).

    The installation with the old key can't be ended from here and its response stays valid, so
    that clones would otherwise share one seat without limit.
    """
    if not replaces_machine_key(activation, key):
        return
    replaced = len(activation.key_replacements(timezone.now()))
    if replaced >= license.product.allowed_key_replacements:
        raise errors.MachineKeyReplacedTooOften
    if license.deactivations_left == 0:
        raise errors.DeactivationLimitReached


def ended_leases(license: License) -> QuerySet[Activation]:
    """The machines whose programs have stopped as their lease ended; their seats are free."""
    return Activation.objects.filter(license_id=license.pk, lease_expires_at__lte=timezone.now())


@transaction.atomic
def sync(
    activation_id: Any,
    told: Mapping[str, Any] | None = None,
    uses: Sequence[Use] = (),
    *,
    lease_duration: int | None = None,
) -> Activation:
    """Notes that the machine was seen, takes over what it tells (names of `TOLD`), counts the uses
    of meters that it reports, and renews its lease, for as long as it wishes if it may choose.

    Raises ActivationNotFound; RevokedLicense; InvalidActivationFingerprint where it is another
    machine, UserNotAllowed where it is another user of a locked one;
    MeterAttributeUsesLimitReached. Then nothing is changed.
    """
    license, activation = _locked(activation_id)
    check_license(license, offline=False)
    told = told or {}
    if told.get("fingerprint", activation.fingerprint) != activation.fingerprint:
        raise errors.InvalidActivationFingerprint
    machine = Machine(**{name: told.get(name, getattr(activation, name)) for name in TOLD})
    _check_same_user(license, activation, machine.user_hash)
    renamed = machine.hostname != activation.hostname
    changed = _describe(activation, machine)
    if uses:
        _count_uses(license, activation, uses)
        changed.append("meter_attributes")
    activation.last_synced_at = timezone.now()
    activation.lease_expires_at = _lease_end(license, activation, lease_duration)
    _save_again(activation, changed, renamed=renamed)
    return activation


@transaction.atomic
def count_uses(
    activation_id: Any, meter: str, more: int
) -> tuple[Activation, LicenseMeterAttribute]:
    """Adds uses of one meter attribute, which is named by its id or its name, to what the machine
    has; fewer if `more` is negative, but never less than none.

    Raises ActivationNotFound, RevokedLicense, MeterAttributeNotFound, and
    MeterAttributeUsesLimitReached; then nothing is counted.
    """
    license, activation = _locked(activation_id)
    check_license(license, offline=False)
    meters = LicenseMeterAttribute.objects.filter(license_id=license.pk)
    names = [each.name for each in meters if meter in {str(each.pk), each.name}]
    if not names:
        raise errors.MeterAttributeNotFound(meter)
    [counted] = _count_uses(license, activation, [Use(names[0], more, more=True)])
    activation.save(update_fields=["meter_attributes", "updated_at"])
    return activation, counted


def _locked(activation_id: Any) -> tuple[License, Activation]:
    """The activation under its licence's lock, leases that have ended freed. Raises
    ActivationNotFound."""
    found = Activation.objects.filter(pk=activation_id).values_list("license_id", flat=True).first()
    if found is None:
        raise errors.ActivationNotFound
    license = lock(found)
    _free_ended_leases(license)
    activation = Activation.objects.filter(pk=activation_id).first()
    if activation is None:
        raise errors.ActivationNotFound
    activation.license = license
    return license, activation


@transaction.atomic
def deactivate(activation: Activation) -> None:
    """Ends the activation and frees its seat.

    Raises DeactivationLimitReached, and ActivationNotFound when it has ended already: counted
    once however often it is tried.
    """
    license = lock(activation.license_id)
    current = Activation.objects.filter(pk=activation.pk).first()
    if current is None:
        raise errors.ActivationNotFound
    if license.deactivations_left == 0:
        raise errors.DeactivationLimitReached
    give_back(license, current)
    asked_no_more([current.pk])
    record(license, Event.DEACTIVATED, machine=current)


def give_back(license: License, activation: Activation) -> None:
    """Takes the machine off its seat, and counts that as a deactivation. Whoever calls holds the
    licence's lock."""
    _give_uses_back(license, activation)
    Activation.objects.filter(pk=activation.pk).delete()
    license.total_activations -= 1
    license.total_deactivations += 1
    license.save(update_fields=["total_activations", "total_deactivations", "updated_at"])


def asked_no_more(activations: Iterable[Any]) -> None:
    """Machines that have given their seats back by themselves: nobody has to release them."""
    requests = SeatRequest.objects.filter(
        activation_id__in=activations, state=SeatRequest.State.OPEN
    )
    requests.update(state=SeatRequest.State.NOT_NEEDED, answered_at=timezone.now())


@transaction.atomic
def deactivate_as_customer(activation: Activation) -> None:
    """`deactivate`, for a customer who clicks; raises what check_customer_may_deactivate raises."""
    license = lock(activation.license_id)
    current = Activation.objects.filter(pk=activation.pk).first()
    if current is None:
        raise errors.ActivationNotFound
    check_customer_may_deactivate(license, current)
    deactivate(current)


def check_customer_may_deactivate(license: License, activation: Activation) -> None:
    """Raises the reason why a customer can't free this seat with a click; see `deactivate`.

    The seat of an offline machine comes back only through the machine's own signed request
    (offline-protocol.md): nobody could otherwise know that the program has stopped.
    """
    if not license.product.customers_may_deactivate:
        raise errors.CustomerDeactivationNotAllowed
    if activation.offline:
        raise errors.OfflineMachineKeepsItsSeat
    if license.deactivations_left == 0:
        raise errors.DeactivationLimitReached


def _take_seat(
    license: License, machine: Machine, key: MachineKey | None, lease_duration: int | None
) -> Activation:
    now = timezone.now()
    activation = Activation(vendor_id=license.vendor_id, license=license)
    _describe(activation, machine)
    _bind(activation, key)
    # An offline machine's file may be handed in from anywhere.
    activation.country = "" if key else country_of(license, actor().ip)
    activation.last_synced_at = now
    activation.lease_expires_at = _lease_end(license, activation, lease_duration)
    if license.expiration_strategy == ExpirationStrategy.ROLLING and license.interval:
        end = begun(license.interval, now, license.vendor.zone).end
        activation.expires_at, activation.expires_on = end.at, end.on
    activation.save(force_insert=True)
    count_once_committed(SEAT_TAKEN)
    ActivationWord.objects.begin([activation])
    license.total_activations += 1
    is_first = license.first_activated_at is None
    if is_first:
        license.first_activated_at = now
    if license.waits_for_first_activation:
        VALIDITY.put(license, begun(license.interval, now, license.vendor.zone))
    if license.waits_for_maintenance:
        maintenance = maintenance_begun(license.maintenance_policy, license.vendor.zone)
        MAINTENANCE.put(license, maintenance)
    license.save(
        update_fields=[
            "total_activations",
            "first_activated_at",
            *VALIDITY.fields,
            *MAINTENANCE.fields,
            "updated_at",
        ]
    )
    also = {FIRST_ACTIVATED: license} if is_first else {}
    record(license, Event.ACTIVATED, machine=activation, also=also)
    return activation


def _activate_again(
    license: License,
    activation: Activation,
    machine: Machine,
    key: MachineKey | None,
    lease_duration: int | None,
) -> Activation:
    """The same seat again; that a new machine key replaces the old one is counted and recorded."""
    _check_same_user(license, activation, machine.user_hash)
    check_machine_key(license, activation, key)
    replaced = replaces_machine_key(activation, key)
    renamed = machine.hostname != activation.hostname
    changed = _describe(activation, machine) + _bind(activation, key)
    activation.license = license
    activation.last_synced_at = timezone.now()
    activation.lease_expires_at = _lease_end(license, activation, lease_duration)
    if replaced:
        changed += _count_replacement(license, activation)
    _save_again(activation, changed, renamed=renamed)
    if replaced:
        record(license, Event.MACHINE_KEY_REPLACED, machine=activation)
    return activation


def _count_replacement(license: License, activation: Activation) -> list[str]:
    """A replaced key is a seat that was given back, and one more of its year."""
    now = timezone.now()
    activation.key_replaced_at = [*activation.key_replacements(now), int(now.timestamp())]
    license.total_deactivations += 1
    license.save(update_fields=["total_deactivations", "updated_at"])
    return ["key_replaced_at"]


def _save_again(activation: Activation, changed: list[str], *, renamed: bool) -> None:
    """Saves what a machine that was known has told, and that it was seen."""
    activation.save(update_fields=[*changed, "last_synced_at", "lease_expires_at", "updated_at"])
    if renamed:
        ActivationWord.objects.keep([activation.pk])


def _describe(activation: Activation, machine: Machine) -> list[str]:
    """Takes over what the program tells; returns the names of the fields."""
    names = [
        "fingerprint",
        "os",
        "hostname",
        "os_version",
        "vm_name",
        "container",
        "app_version",
        "client_version",
        "user_hash",
        "metadata",
    ]
    for name in names:
        setattr(activation, name, getattr(machine, name))
    if activation._state.adding:
        activation.meter_attributes = [
            {"name": name, "uses": uses} for name, uses in machine.meter_attributes.items()
        ]
    return names


def _bind(activation: Activation, key: MachineKey | None) -> list[str]:
    """Binds the activation to the machine's key, or to none when it is online."""
    activation.offline = key is not None
    activation.machine_jwk = dict(key.jwk) if key else None
    activation.machine_thumbprint = key.thumbprint if key else ""
    return ["offline", "machine_jwk", "machine_thumbprint"]


def _check_same_user(license: License, activation: Activation, user_hash: str) -> None:
    before = activation.user_hash
    check_user(user_locked=license.user_locked, user_hash=user_hash, before=before)


def _lease_end(license: License, activation: Activation, wanted: int | None) -> datetime | None:
    """When a floating seat ends by itself, and that of a machine which nobody can reach."""
    leased = license.type == LicenseType.HOSTED_FLOATING or activation.offline
    length = license.lease_duration
    if license.allow_client_lease_duration and wanted:
        length = wanted
    if not leased or length == 0:
        return None
    return timezone.now() + timedelta(seconds=length)


@transaction.atomic
def free_ended_leases(license_id: Any) -> None:
    """Gives back the seats of a licence whose lease has ended."""
    _free_ended_leases(lock(license_id))


def _free_ended_leases(license: License, *, but: str = "") -> None:
    """Gives back the seats whose lease has ended, except the one with this fingerprint."""
    expired = ended_leases(license).exclude(fingerprint=but)
    ended = list(expired)
    if not ended:
        return
    for activation in ended:
        _give_uses_back(license, activation)
    expired.delete()
    asked_no_more([activation.pk for activation in ended])
    for activation in ended:
        record(license, Event.DEACTIVATED, machine=activation, lease_ended=True)
    license.total_activations -= len(ended)
    license.total_deactivations += len(ended)
    license.save(update_fields=["total_activations", "total_deactivations", "updated_at"])


def _take_uses(license: License, wanted: Mapping[str, int]) -> None:
    """Adds the machine's uses to the licence's meters; names without a meter count nothing.

    Raises MeterAttributeUsesLimitReached.
    """
    meters = LicenseMeterAttribute.objects.filter(license_id=license.pk, name__in=wanted)
    for meter in meters:
        uses = wanted[meter.name]
        if meter.allowed_uses >= 0 and meter.total_uses + uses > meter.allowed_uses:
            raise errors.MeterAttributeUsesLimitReached
        meter.total_uses += uses
        meter.gross_uses += uses
        meter.save(update_fields=["total_uses", "gross_uses", "updated_at"])


def _count_uses(
    license: License, activation: Activation, uses: Sequence[Use]
) -> list[LicenseMeterAttribute]:
    """Notes at the machine and at the licence's meters what the machine uses; the meters that were
    counted. Names without a meter count nothing. Fewer uses count for floating meters alone.

    Raises MeterAttributeUsesLimitReached.
    """
    had = {entry["name"]: entry["uses"] for entry in activation.meter_attributes}
    named = {use.name for use in uses}
    rows = LicenseMeterAttribute.objects.filter(license_id=license.pk, name__in=named)
    meters = {meter.name: meter for meter in rows}
    for use in uses:
        if (meter := meters.get(use.name)) is None:
            continue
        before = had.get(use.name, 0)
        had[use.name] = max(0, before + use.number if use.more else use.number)
        _count(meter, had[use.name] - before)
    for meter in meters.values():
        meter.save(update_fields=["total_uses", "gross_uses", "updated_at"])
    activation.meter_attributes = [{"name": name, "uses": number} for name, number in had.items()]
    return list(meters.values())


def _count(meter: LicenseMeterAttribute, more: int) -> None:
    if more > 0 and meter.allowed_uses >= 0 and meter.total_uses + more > meter.allowed_uses:
        raise errors.MeterAttributeUsesLimitReached
    if more > 0 or meter.floating:
        meter.total_uses = max(0, meter.total_uses + more)
    meter.gross_uses += max(0, more)


def _give_uses_back(license: License, activation: Activation) -> None:
    """Takes the machine's uses off the floating meters; the others keep counting."""
    used = {entry["name"]: entry["uses"] for entry in activation.meter_attributes}
    meters = LicenseMeterAttribute.objects.filter(
        license_id=license.pk, name__in=used, floating=True
    )
    for meter in meters:
        meter.total_uses = max(0, meter.total_uses - used[meter.name])
        meter.save(update_fields=["total_uses", "updated_at"])


# So many machines a customer frees at once.
MOST_AT_ONCE = 100


def refusals_of_many(machines: Sequence[Activation]) -> list[errors.LicensingError | None]:
    """What `deactivate_as_customer` would say to each, one after the other: the limit of a licence
    counts those that come before. The machines' licences and products are loaded."""
    refusals: list[errors.LicensingError | None] = []
    freed: dict[Any, int] = {}
    for machine in machines:
        license = machine.license
        left = license.deactivations_left
        try:
            check_customer_may_deactivate(license, machine)
            if left is not None and freed.get(license.pk, 0) >= left:
                raise errors.DeactivationLimitReached
        except errors.LicensingError as error:
            refusals.append(error)
        else:
            freed[license.pk] = freed.get(license.pk, 0) + 1
            refusals.append(None)
    return refusals


def deactivate_many_as_customer(
    machines: Sequence[Activation],
) -> list[errors.LicensingError | None]:
    """`deactivate_as_customer` for each, by itself; what refused it, or None."""
    refusals: list[errors.LicensingError | None] = []
    for machine in machines:
        try:
            deactivate_as_customer(machine)
        except errors.LicensingError as error:
            refusals.append(error)
        else:
            refusals.append(None)
    return refusals
