"""Trials: one for each machine and product, from its first activation on, and the policies that say
how long and where."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import ProtectedError
from django.utils import timezone

from audit import rows
from audit.acting import actor
from licenses.errors import (
    ContainerActivationNotAllowed,
    DateTooFar,
    InvalidActivationFingerprint,
    InvalidProductId,
    PolicyIsUsed,
    TrialNotAllowed,
    VmActivationNotAllowed,
)
from licenses.models import Product, TrialActivation, TrialPolicy
from licenses.verbs.activations import FINGERPRINT_LENGTHS, TOLD, Machine
from licenses.verbs.restrictions import check_place, check_user, country_of
from web import limits


def create_trial_policy(policy: TrialPolicy) -> TrialPolicy:
    """Saves a policy that was filled in elsewhere. Raises ValidationError."""
    policy.full_clean()
    return rows.create(policy)


def change_trial_policy(policy: TrialPolicy, *, fields: Collection[str]) -> TrialPolicy:
    """Saves the fields that changed; trials that have begun keep their ends."""
    policy.full_clean()
    return rows.change(policy, fields=fields)


def delete_trial_policy(policy: TrialPolicy) -> None:
    """Deletes a policy that no product has. Raises PolicyIsUsed."""
    try:
        rows.delete(policy)
    except ProtectedError as error:
        raise PolicyIsUsed from error


def try_product(product_id: UUID, machine: Machine, *, offline: bool = False) -> TrialActivation:
    """The machine's trial of the product: a new one, or the one that its fingerprint began, however
    long ago that was. Its product, with vendor and policy, comes with it.

    Raises InvalidProductId; TrialNotAllowed; InvalidActivationFingerprint; what keeps this machine,
    this place (of a program that comes online) or this user out; and TooManyAttempts for who begins
    too many.
    """
    products = Product.objects.select_related("trial_policy", "vendor")
    product = products.filter(pk=product_id).first()
    if product is None:
        raise InvalidProductId
    policy = product.trial_policy
    if policy is None:
        raise TrialNotAllowed
    _check_machine(policy, machine)
    ip = actor().ip
    if not offline:
        check_place(policy, ip)
    found = _trial_of(product, machine)
    if found is None:
        limits.take_from(limits.TRIAL_PER_IP, ip)
        found = _begin(product, policy, machine, offline=offline)
    check_user(user_locked=policy.user_locked, user_hash=machine.user_hash, before=found.user_hash)
    found.product = product
    return found


def _check_machine(policy: TrialPolicy, machine: Machine) -> None:
    if len(machine.fingerprint) not in FINGERPRINT_LENGTHS:
        raise InvalidActivationFingerprint
    if machine.vm_name and not policy.allow_vm_activation:
        raise VmActivationNotAllowed
    if machine.container and not policy.allow_container_activation:
        raise ContainerActivationNotAllowed
    check_user(user_locked=policy.user_locked, user_hash=machine.user_hash)


def _trial_of(product: Product, machine: Machine) -> TrialActivation | None:
    return TrialActivation.objects.filter(product=product, fingerprint=machine.fingerprint).first()


@transaction.atomic
def _begin(
    product: Product, policy: TrialPolicy, machine: Machine, *, offline: bool
) -> TrialActivation:
    """Of two that ask at once for the same machine, the second one waits for the product and gets
    what the first one began."""
    Product.objects.select_for_update(of=("self",), no_key=True).get(pk=product.pk)
    found = _trial_of(product, machine)
    if found is not None:
        return found
    trial = TrialActivation(
        vendor_id=product.vendor_id,
        product=product,
        offline=offline,
        country="" if offline else country_of(policy, actor().ip),
        expires_at=timezone.now() + timedelta(seconds=policy.trial_length),
        **{name: getattr(machine, name) for name in TOLD if name != "client_version"},
    )
    return rows.create(trial)


@transaction.atomic
def extend_trial(trial: TrialActivation, *, seconds: int) -> TrialActivation:
    """Adds to the trial's end or, if it is over, to now. Raises DateTooFar."""
    locked = TrialActivation.objects.select_for_update(of=("self",)).get(pk=trial.pk)
    try:
        end = max(locked.expires_at, timezone.now()) + timedelta(seconds=seconds)
    except OverflowError as error:
        raise DateTooFar from error
    return set_trial_end(locked, end)


def set_trial_end(trial: TrialActivation, end: datetime) -> TrialActivation:
    """Has the trial end then."""
    trial.expires_at = end
    return rows.change(trial, fields=["expires_at"])


def change_trial(trial: TrialActivation, *, fields: Collection[str]) -> TrialActivation:
    """Saves the fields that changed, of which the form has made sure."""
    return rows.change(trial, fields=fields)


def delete_trial(trial: TrialActivation) -> None:
    """Forgets the trial, after which the machine may begin another one."""
    rows.delete(trial)
