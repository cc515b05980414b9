"""The verbs that give a machine's seat back without the machine: by support, asked by a customer or
not, and by customers themselves as far as the vendor lets them.

A release counts as a deactivation: what runs on the machine can't be ended from here. Support may
go beyond the limit of deactivations, customers may not.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Role, User
from audit.acting import actor
from licenses import errors
from licenses.history import Event, record
from licenses.models import Activation, License, SeatRequest
from licenses.models.activation import YEAR
from licenses.verbs.activations import check_customer_may_deactivate, give_back
from licenses.verbs.locking import lock
from mail.outbox import queue
from tenancy.models import Vendor
from tenancy.texts import validate_line
from web import limits

State = SeatRequest.State
ANSWERS = "licenses.release_activation"  # the right of who answers
REQUEST, ANSWER = "release-request", "release-answer"  # kinds of e-mails


@transaction.atomic
def free(activation: Activation, *, reason: str, answer: str | None = None) -> None:
    """Frees the seat of a machine for the customer, whatever kind of machine it is; a request to
    release it is answered by that, in the reason's words unless there are others.

    Raises ActivationNotFound when the activation has ended already: released once however often
    it is tried; and ValidationError for a reason that nobody can read.
    """
    validate_line(reason)
    license = lock(activation.license_id)
    current = _current(license, activation)
    asked = SeatRequest.objects.filter(activation_id=current.pk, state=State.OPEN).first()
    give_back(license, current)
    record(license, Event.FREED, machine=current, reason=reason)
    if asked:
        _answer(asked, State.RELEASED, reason if answer is None else answer)


@transaction.atomic
def refuse(request: SeatRequest, *, answer: str) -> None:
    """Answers a request to release a machine with no, and with why.

    Raises RequestAnswered unless it is open, and ValidationError for an answer that nobody can
    read.
    """
    if not answer.strip():
        raise ValidationError(_("Say why: the customer reads it."))
    validate_line(answer)
    license = lock(request.license_id)
    current = _open(request)
    machine = Activation.objects.filter(pk=current.activation_id).first()
    record(license, Event.RELEASE_REFUSED, machine=machine, reason=answer)
    _answer(current, State.REFUSED, answer)


@transaction.atomic
def release(request: SeatRequest, *, answer: str = "") -> None:
    """Answers a request by releasing the machine. Without an answer the customer's own reason
    stands in the licence's history, and nothing is said to have been answered. Raises
    RequestAnswered unless it is open, and ActivationNotFound."""
    lock(request.license_id)
    current = _open(request)
    machine = Activation.objects.filter(pk=current.activation_id).first()
    if machine is None:
        raise errors.ActivationNotFound
    said = answer.strip()
    free(machine, reason=said or current.reason, answer=said)


@transaction.atomic
def ask(activation: Activation, *, user: User, reason: str) -> SeatRequest:
    """A customer's request that support release a machine; whoever may answer gets an e-mail.

    Raises ActivationNotFound, ReleaseNotNeeded for a machine that the customer can deactivate,
    ReleaseAskedAlready, TooManyAttempts, and ValidationError for a reason that nobody can read.
    """
    validate_line(reason)
    license = lock(activation.license_id)
    machine = _current(license, activation)
    check_not_alone(license, machine)
    if SeatRequest.objects.filter(activation_id=machine.pk, state=State.OPEN).exists():
        raise errors.ReleaseAskedAlready
    limits.take(limits.RELEASE_PER_USER, str(user.pk))
    request = _begun(license, machine, user, reason)
    record(license, Event.RELEASE_ASKED, machine=machine, reason=reason)
    for person in who_answers():
        queue(REQUEST, user=person, license_id=license.pk, details={"request": str(request.pk)})
    return request


@transaction.atomic
def release_own(activation: Activation, *, user: User, reason: str) -> SeatRequest:
    """A customer releases a machine without asking, as often in a year as the vendor allows for
    all licences of one owner together.

    Raises ActivationNotFound; ReleaseNotNeeded; OwnReleasesUsedUp; DeactivationLimitReached; what
    else keeps the vendor's customers from deactivating; ValidationError.
    """
    validate_line(reason)
    owner = Activation.objects.values_list("license__user", flat=True).filter(pk=activation.pk)
    # Whoever counts holds the owner's lock: the licences can be several.
    User.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=list(owner)).first()
    license = lock(activation.license_id)
    machine = _current(license, activation)
    check_not_alone(license, machine)
    if own_releases_left(license, timezone.now()) <= 0:
        raise errors.OwnReleasesUsedUp
    check_may_release_own(license)
    SeatRequest.objects.filter(activation_id=machine.pk, state=State.OPEN).update(
        state=State.NOT_NEEDED, answered_at=timezone.now()
    )
    request = _begun(license, machine, user, reason)
    give_back(license, machine)
    record(license, Event.RELEASED_BY_CUSTOMER, machine=machine, reason=reason)
    request.state, request.by_customer = State.RELEASED, True
    request.answered_by, request.answered_at = user, timezone.now()
    request.save()
    return request


def check_not_alone(license: License, activation: Activation) -> None:
    """Raises ReleaseNotNeeded for a machine that the customer can deactivate with a click."""
    try:
        check_customer_may_deactivate(license, activation)
    except errors.LicensingError:
        return
    raise errors.ReleaseNotNeeded


def check_may_release_own(license: License) -> None:
    """Raises the reason why not even a customer who may release machines may release one of this
    licence: what holds for deactivations holds here."""
    if not license.product.customers_may_deactivate:
        raise errors.CustomerDeactivationNotAllowed
    if license.deactivations_left == 0:
        raise errors.DeactivationLimitReached


def own_releases_left(license: License, now: datetime) -> int:
    """How many machines the licence's owner may still release in this year without asking."""
    return own_releases_of(license.vendor, [license], now).get(license.user_id, 0)


def own_releases_of(
    vendor: Vendor, licenses: Iterable[License], now: datetime
) -> dict[UUID | None, int]:
    """How many the owners of these licences may still release, by their ids; nobody may where the
    vendor allows none, and what is nobody's has no owner."""
    owners = {license.user_id for license in licenses} - {None}
    if not vendor.allowed_own_releases or not owners:
        return {}
    done = SeatRequest.objects.filter(
        owner__in=owners, by_customer=True, created_at__gt=now - YEAR
    ).order_by()
    numbers = dict(done.values_list("owner").annotate(Count("pk")))
    return {owner: vendor.allowed_own_releases - numbers.get(owner, 0) for owner in owners}


def may_release_own(license: License, activation: Activation, left: int) -> bool:
    """Whether the customer can release this machine without asking; `left` is how many he still
    may (`own_releases_left`)."""
    if not activation.offline or left <= 0:
        return False
    try:
        check_may_release_own(license)
    except errors.LicensingError:
        return False
    return True


def who_answers() -> Iterable[User]:
    """The vendor's people who may answer requests."""
    roles = [role.name for role in Role.objects.all() if ANSWERS in role.claims]
    return User.objects.filter(role__in=roles, is_active=True)


def _current(license: License, activation: Activation) -> Activation:
    found = Activation.objects.filter(license=license, pk=activation.pk).first()
    if found is None:
        raise errors.ActivationNotFound
    return found


def _open(request: SeatRequest) -> SeatRequest:
    """The request as it is under the licence's lock; raises RequestAnswered unless it is open."""
    current = SeatRequest.objects.select_related("user").filter(pk=request.pk, state=State.OPEN)
    found = current.first()
    if found is None:
        raise errors.RequestAnswered
    return found


def _begun(license: License, machine: Activation, user: User, reason: str) -> SeatRequest:
    request = SeatRequest(
        vendor_id=license.vendor_id,
        license=license,
        owner_id=license.user_id,
        user=user,
        activation_id=machine.pk,
        hostname=machine.hostname,
        reason=reason,
    )
    request.save(force_insert=True)
    return request


def _answer(request: SeatRequest, state: SeatRequest.State, answer: str) -> None:
    """Notes what came of an open request, and has the customer told who asked."""
    request.state, request.answer, request.answered_at = state, answer, timezone.now()
    who = actor().who()
    request.answered_by = who if isinstance(who, User) and not who.is_operator else None
    request.save()
    if request.user and request.user.may_use_portal:
        details = {"request": str(request.pk)}
        queue(ANSWER, user=request.user, license_id=request.license_id, details=details)
