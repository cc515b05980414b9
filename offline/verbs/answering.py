"""Answering offline requests: the checks of docs/offline-protocol.md, in its order.

Where no seat is left, a customer may say which machines stop for the request's: that is one act
with its activation. `look` runs the checks and changes nothing; `answer` runs them again under the
licence's lock and then acts, so that what was shown before is never trusted. What only counting
tells, the uses of meters, is seen as `answer` acts.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from licenses.access import licenses_of
from licenses.errors import ActivationNotFound, DeactivationLimitReached
from licenses.models import Activation, License, Product
from licenses.token import issue_token, sign
from licenses.verbs.activations import (
    Machine,
    MachineKey,
    activate,
    check_license,
    check_machine,
    check_machine_key,
    deactivate,
    deactivate_as_customer,
    ended_leases,
    find_activation,
    no_seat_left,
    refusals_of_many,
    replaces_machine_key,
)
from licenses.verbs.locking import lock
from licenses.verbs.signing_keys import key_in_use
from offline import codec, errors
from offline.codec import ActivationRequest, DeactivationRequest, MachineRequest
from offline.models import OfflineExchange
from tenancy.spelling import form_of
from web.errors import PortalError

RECEIPT_TYP = "offline-deactivation-receipt+jwt"

Request = ActivationRequest | DeactivationRequest


@dataclass(frozen=True, slots=True)
class Review:
    """What a request asks for, all checks passed.

    `activation` is the machine's present activation. `earlier` is the exchange in which the same
    request was answered before: answering it again changes nothing, unless the response has
    `run_out`. `stopping` are the machines that give up their seats for it: none while one is left.
    """

    request: Request
    license: License
    activation: Activation | None
    earlier: OfflineExchange | None
    stopping: Sequence[Activation] = ()

    @property
    def deactivates(self) -> bool:
        return isinstance(self.request, DeactivationRequest)

    @property
    def changes_seats_by(self) -> int:
        """How many more seats will be used afterwards: 1, 0 or −1."""
        if self.earlier:
            return 0
        if self.deactivates:
            return -1
        return 0 if self.activation else 1 - len(self.stopping)

    @property
    def run_out(self) -> bool:
        """Whether the response to the same request can't be installed any more."""
        return bool(self.earlier and not self.deactivates and not _still_valid(self.earlier))

    @property
    def replaces_machine_key(self) -> bool:
        """Whether the machine has a new key, because it was set up anew since its activation."""
        if self.deactivates or self.activation is None or (self.earlier and not self.run_out):
            return False
        return replaces_machine_key(self.activation, _key_of(self.request))


def look(user: User, data: bytes | str, *, stop: Collection[UUID] = ()) -> Review:
    """What the request asks for; raises the PortalError that would keep it unanswered. `stop` are
    the ids of machines that give up their seats if none is left."""
    request = read(data)
    return _check(request, _find_license(licenses_of(user), request), stop)


@transaction.atomic
def answer(
    user: User,
    data: bytes | str,
    *,
    stop: Collection[UUID] = (),
    licenses: QuerySet[License] | None = None,
    validity: int | None = None,
) -> OfflineExchange:
    """Does what the request asks for and keeps the response. If no seat is left, the machines with
    the ids in `stop` are deactivated for it: they and the activation, or nothing.

    `licenses` are those that the user reaches, if not his own; a new response can be installed for
    `validity` seconds, or as long as the product says. The same request gives the same exchange and
    changes nothing the second time; only a response that has run out, or was an earlier owner's, is
    made anew. Raises a PortalError, and changes nothing then.
    """
    request = read(data)
    found = _find_license(licenses_of(user) if licenses is None else licenses, request)
    review = _check(request, lock(found.pk), stop)
    if isinstance(request, DeactivationRequest):
        return review.earlier or _deactivate(review, request, user)
    if review.earlier and _still_valid(review.earlier):
        return review.earlier
    for machine in review.stopping:
        deactivate_as_customer(machine)
    return _activate(review, request, user, validity)


def named_in(user: User, data: bytes | str) -> tuple[Request, License | None]:
    """What a request is and, if it is the customer's, which licence it names; for who shows a
    refusal. Raises InvalidOfflineRequest and TrialNotAllowed."""
    request = read(data)
    try:
        return request, _find_license(licenses_of(user), request)
    except PortalError:
        return request, None


def parsed(data: bytes | str) -> codec.Request:
    """The request of whatever kind; raises InvalidOfflineRequest."""
    try:
        return codec.parse_request(data)
    except codec.AnswerHandedIn as error:
        raise errors.AnswerHandedIn(error.reason) from error
    except codec.InvalidOfflineRequest as error:
        raise errors.InvalidOfflineRequest(error.reason) from error


def read(data: bytes | str) -> Request:
    """The parsed request (check 1); raises InvalidOfflineRequest or TrialNotAllowed."""
    request = parsed(data)
    if isinstance(request, codec.TrialRequest):
        raise errors.TrialNotAllowed
    return request


def _find_license(licenses: QuerySet[License], request: Request) -> License:
    """The one of the licences that the request names (check 2)."""
    product_id = uuid_of(request.product_id)
    if product_id is None or not Product.objects.filter(pk=product_id).exists():
        raise errors.InvalidProductId
    named = licenses.filter(key_form=form_of(request.key), product_id=product_id)
    license = named.first()
    if license is None:
        raise errors.InvalidLicenseKey
    return license


def _check(request: Request, license: License, stop: Collection[UUID]) -> Review:
    if isinstance(request, DeactivationRequest):
        return _check_deactivation(request, license)
    return _check_activation(request, license, stop)


def _check_activation(
    request: ActivationRequest, license: License, stop: Collection[UUID]
) -> Review:
    """Checks 3 to 6 of an activation."""
    check_license(license, offline=True)
    check_machine(license, machine_of(request))
    activation = find_activation(license, request.fingerprint)
    earlier = _earlier(request, license)
    if earlier and (activation is None or activation.pk != earlier.activation_id):
        raise errors.RequestUsedUp
    stopping: Sequence[Activation] = ()
    if activation is None and license.seats_left == 0 and not ended_leases(license).exists():
        stopping = _stopping(license, stop)
    if activation and not (earlier and _still_valid(earlier)):
        check_machine_key(license, activation, _key_of(request))
    return Review(request, license, activation, earlier, stopping)


def _stopping(license: License, chosen: Collection[UUID]) -> Sequence[Activation]:
    """The licence's machines among the chosen ones. Raises ActivationLimitReached unless their
    seats make room for one more, and what keeps the customer from deactivating one."""
    machines = list(Activation.objects.filter(license_id=license.pk, pk__in=chosen).order_by("pk"))
    for machine in machines:
        machine.license = license
    for refusal in refusals_of_many(machines):
        if refusal:
            raise refusal
    if license.total_activations - len(machines) >= license.allowed_activations:
        raise no_seat_left(license)
    return machines


def _check_deactivation(request: DeactivationRequest, license: License) -> Review:
    """Checks 3 and 7 of a deactivation; one that was answered already passes."""
    earlier = _earlier(request, license)
    if earlier and not _is_of_present_owner(earlier):
        raise ActivationNotFound
    if earlier:
        return Review(request, license, None, earlier)
    check_license(license, offline=True)
    activation = find_activation(license, request.fingerprint)
    if activation is None or activation.pk != uuid_of(request.activation_id):
        raise ActivationNotFound
    if activation.machine_thumbprint != request.thumbprint:
        raise errors.InvalidOfflineRequest("it is signed with another key than the activation's")
    if license.deactivations_left == 0:
        raise DeactivationLimitReached
    return Review(request, license, activation, None)


def _earlier(request: Request, license: License) -> OfflineExchange | None:
    found = OfflineExchange.objects.filter(license_id=license.pk, digest=request.digest).first()
    if found:
        found.license = license
    return found


def _is_of_present_owner(exchange: OfflineExchange) -> bool:
    """Of somebody who was erased there is no response any more."""
    return exchange.response != "" and exchange.owner_id == exchange.license.user_id


def _still_valid(exchange: OfflineExchange) -> bool:
    """Whether it can be installed by whoever has the licence now."""
    ends = exchange.valid_until
    return ends is not None and ends > timezone.now() and _is_of_present_owner(exchange)


def _activate(
    review: Review, request: ActivationRequest, user: User, validity: int | None
) -> OfflineExchange:
    activation = activate(review.license, machine_of(request), key=_key_of(request))
    now = timezone.now()
    default = activation.license.product.offline_response_validity
    valid_until = now + timedelta(seconds=default if validity is None else validity)
    response = issue_token(
        activation, now=now, orv=int(valid_until.timestamp()), req=str(request.jti)
    )
    activation.offline_response_valid_until = valid_until
    activation.save(update_fields=["offline_response_valid_until", "updated_at"])
    if review.earlier:
        return _keep_anew(review.earlier, user, response, valid_until)
    return _keep(review, user, activation, response, valid_until)


def _deactivate(review: Review, request: DeactivationRequest, user: User) -> OfflineExchange:
    activation = review.activation
    if activation is None:
        raise ActivationNotFound
    deactivate(activation)
    claims = {
        "aid": str(activation.pk),
        "lid": str(review.license.pk),
        "iat": int(timezone.now().timestamp()),
        "req": str(request.jti),
    }
    receipt = sign(claims, key_in_use(review.license.product), typ=RECEIPT_TYP)
    return _keep(review, user, activation, receipt, None)


def _keep_anew(
    exchange: OfflineExchange, user: User, response: str, valid_until: datetime
) -> OfflineExchange:
    """Puts another response to the same request in the place of one that can't be used."""
    exchange.response, exchange.valid_until = response, valid_until
    exchange.user, exchange.owner_id = user, exchange.license.user_id
    exchange.save(update_fields=["response", "valid_until", "user", "owner", "updated_at"])
    return exchange


def _keep(
    review: Review,
    user: User,
    activation: Activation,
    response: str,
    valid_until: datetime | None,
) -> OfflineExchange:
    kinds = OfflineExchange.Kind
    return OfflineExchange.objects.create(
        vendor_id=review.license.vendor_id,
        license=review.license,
        user=user,
        owner_id=review.license.user_id,
        kind=kinds.DEACTIVATION if review.deactivates else kinds.ACTIVATION,
        digest=review.request.digest,
        jti=review.request.jti,
        activation_id=activation.pk,
        hostname=activation.hostname,
        response=response,
        valid_until=valid_until,
    )


def _key_of(request: Request) -> MachineKey:
    return MachineKey(request.machine_jwk, request.thumbprint)


def machine_of(request: MachineRequest) -> Machine:
    """The machine that a request describes."""
    return Machine(
        fingerprint=request.fingerprint,
        os=request.os,
        hostname=request.hostname,
        os_version=request.os_version,
        vm_name=request.vm_name,
        container=request.container,
        app_version=request.app_version,
        client_version=request.client_version,
        user_hash=request.user_hash,
        metadata=[{"key": entry.key, "value": entry.value} for entry in request.metadata],
        meter_attributes={meter.name: meter.uses for meter in request.meter_attributes},
    )


def uuid_of(text: str) -> UUID | None:
    """The id that a request names; None for text that is none."""
    try:
        return UUID(text)
    except ValueError:
        return None
