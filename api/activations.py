"""Machines that use seats: `/v3/activations`. A program needs no token: the licence's key, or the
id of the activation, is its proof."""

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Router
from pydantic import Field

from accounts.models import User
from api.allowed import OPEN, needs
from api.answers import answer, created, nothing
from api.bodies import Answer, Body, Moment
from api.errors import InvalidRequest
from api.lists import Column, Condition, Kind, Listing, condition, listed, narrowed, read, row_of
from api.metadata import has_entry
from api.programs import MOST_USES, CountingBody, MachineAnswer, id_of, whose
from api.requests import ApiRequest
from audit import trail
from backoffice.export import as_csv
from licenses import wire
from licenses.access import licenses_of
from licenses.errors import ActivationNotFound, InvalidLicenseKey, InvalidProductId
from licenses.intervals import LONGEST
from licenses.models import Activation, License
from licenses.search import machine_places, on_licenses
from licenses.token import issue_token
from licenses.verbs import programs
from licenses.verbs.activations import count_uses, sync
from licenses.verbs.releasing import ANSWERS, free
from offline.codec import DeactivationRequest
from offline.errors import InvalidOfflineRequest
from offline.verbs import answering
from tenancy import finding
from tenancy.door import current_vendor
from tenancy.table import vendor_of_activation, vendor_of_product

router = Router(tags=["activations"])
READ = needs("activation:read", "licenses.view_activation")
EXPORT = needs("activation:read", "licenses.export_license")
RELEASE = needs("activation:write", ANSWERS)
HAND_IN = needs("activation:write")
ON_ANY_LICENSE = "licenses.change_license"


class ActivationBody(CountingBody):
    product_id: str = ""
    key: str = ""
    email: str = ""
    password: str = Field("", max_length=1000)
    lease_duration: int | None = Field(None, ge=0, le=LONGEST)


class TokenAnswer(Answer):
    activation_token: str


class IncrementBody(Body):
    increment: int = Field(1, ge=-MOST_USES, le=MOST_USES)
    activation_id: str = ""


class UsesAnswer(Answer):
    name: str
    uses: int
    license_allowed_uses: int
    license_total_uses: int
    license_gross_uses: int


class OfflineBody(Body):
    offline_request: str = ""
    response_validity: int | None = Field(None, ge=0, le=LONGEST)
    license_id: str = ""


class OfflineAnswer(Answer):
    offline_response: str


class NamedValueAnswer(Answer):
    id: str
    created_at: Moment
    updated_at: Moment
    key: str
    value: str


class MeterAnswer(Answer):
    name: str
    uses: int


class ActivationAnswer(MachineAnswer):
    id: UUID
    created_at: Moment
    updated_at: Moment
    fingerprint: str
    offline: bool
    license_id: UUID
    last_synced_at: Moment
    lease_expires_at: Moment | None = None
    expires_at: Moment | None = None
    metadata: list[NamedValueAnswer]
    meter_attributes: list[MeterAnswer]


OF_LICENSE = {"productId": Column("product_id", Kind.ID), "userId": Column("user_id", Kind.ID)}


def _by_license(name: str) -> Condition:
    """The filter by what the machine's licence has."""

    def asked(op: str, values: list[str]) -> Q:
        return on_licenses(License.objects.filter(condition(name, OF_LICENSE[name], op, values)))

    return asked


ACTIVATIONS = Listing(
    columns={
        "id": Column("id", Kind.ID),
        "productId": Column("license__product_id", Kind.ID, sorts=False),
        "licenseId": Column("license_id", Kind.ID),
        "userId": Column("license__user_id", Kind.ID, sorts=False),
        "os": Column("os"),
        "hostname": Column("hostname"),
        "appVersion": Column("app_version"),
        "offline": Column("offline", Kind.FLAG),
        "fingerprint": Column("fingerprint"),
        "createdAt": Column("created_at", Kind.MOMENT),
        "updatedAt": Column("updated_at", Kind.MOMENT),
        "lastSyncedAt": Column("last_synced_at", Kind.MOMENT),
        "leaseExpiresAt": Column("lease_expires_at", Kind.MOMENT),
    },
    found=lambda rows, words: finding.find(rows, words, machine_places, whole=True).rows,
    special={name: _by_license(name) for name in OF_LICENSE},
    pairs={
        ("metadata.key", "metadata.value"): has_entry,
        ("metadataKey", "metadataValue"): has_entry,
    },
)
# What the machines that are deleted at once are named by: the licence has to be.
DELETED = Listing(
    columns={name: ACTIVATIONS.columns[name] for name in ("licenseId", "createdAt", "lastSyncedAt")}
)
EXPORTED = {
    "id": lambda row: row.pk,
    "licenseId": lambda row: row.license_id,
    "productId": lambda row: row.license.product_id,
    "os": lambda row: row.os,
    "osVersion": lambda row: row.os_version,
    "hostname": lambda row: row.hostname,
    "vmName": lambda row: row.vm_name,
    "container": lambda row: row.container,
    "appVersion": lambda row: row.app_version,
    "offline": lambda row: row.offline,
    "createdAt": lambda row: row.created_at,
    "lastSyncedAt": lambda row: row.last_synced_at,
    "leaseExpiresAt": lambda row: row.lease_expires_at,
}


def activations() -> QuerySet[Activation]:
    return Activation.objects.all()


def _token(activation: Activation) -> dict[str, Any]:
    return {"activationToken": issue_token(activation, now=timezone.now())}


@router.post("/activations", auth=OPEN, response={201: TokenAnswer})
def create(request: ApiRequest, body: ActivationBody) -> HttpResponse:
    """A seat for the machine, or the seat that its fingerprint has already."""
    with whose(request, vendor_of_product, body.product_id, InvalidProductId) as product_id:
        activation = programs.activate_online(
            product_id,
            body.key,
            body.machine(meter_attributes=body.first_uses),
            email=body.email,
            password=body.password,
            lease_duration=body.lease_duration,
        )
        return created(_token(activation))


@router.get(
    "/activations",
    auth=READ,
    response=list[ActivationAnswer],
    openapi_extra=ACTIVATIONS.documented(),
)
def list_activations(request: ApiRequest) -> HttpResponse:
    return listed(request, activations(), ACTIVATIONS, wire.activation)


@router.delete(
    "/activations", auth=RELEASE, response={204: None}, openapi_extra=DELETED.documented()
)
def delete_of_license(request: ApiRequest) -> HttpResponse:
    """Releases the machines of the licence that the query names, all or those of some time."""
    if not request.GET.get("licenseId"):
        raise InvalidRequest("licenseId: name the licence whose activations are deleted.")
    license = row_of(License.objects.all(), request.GET["licenseId"], "licence")
    chosen = narrowed(license.activations.all(), DELETED, read(request, DELETED))
    for activation in list(chosen.order_by("created_at", "id")):
        free(activation, reason=_("Deleted by the Web API"))
    return nothing()


@router.get("/activations/export", auth=EXPORT, openapi_extra=ACTIVATIONS.documented())
def export(request: ApiRequest) -> HttpResponseBase:
    """The list as CSV; the audit trail tells who took it."""
    rows = activations().select_related("license")
    chosen = narrowed(rows, ACTIVATIONS, read(request, ACTIVATIONS)).order_by("created_at", "id")
    trail.record("exported", current_vendor(), details={"list": "activations"})
    return as_csv("activations", chosen, EXPORTED)


@router.post("/activations/offline-activate", auth=HAND_IN, response=OfflineAnswer)
def offline_activate(request: ApiRequest, body: OfflineBody) -> HttpResponse:
    """Answers an offline request, of any licence for staff who may change licences, and of their
    own for customers."""
    user = request.user
    if isinstance(answering.read(body.offline_request), DeactivationRequest):
        raise InvalidOfflineRequest("it asks for a deactivation")
    validity = body.response_validity if user.has_perm(ON_ANY_LICENSE) else None
    exchange = answering.answer(
        user,
        body.offline_request,
        licenses=_licenses_for(user, body.license_id),
        validity=validity or None,
    )
    return answer({"offlineResponse": exchange.response})


@router.post("/activations/offline-deactivate", auth=HAND_IN, response=None)
def offline_deactivate(request: ApiRequest, body: OfflineBody) -> HttpResponse:
    if not isinstance(answering.read(body.offline_request), DeactivationRequest):
        raise InvalidOfflineRequest("it asks for an activation")
    licenses = _licenses_for(request.user, body.license_id)
    answering.answer(request.user, body.offline_request, licenses=licenses)
    return nothing(200)


def _licenses_for(user: User, named: str) -> QuerySet[License]:
    """The licences that the person reaches; the one that is named, if one is. Raises
    InvalidLicenseKey for what can't be any."""
    reached = License.objects.all() if user.has_perm(ON_ANY_LICENSE) else licenses_of(user)
    if not named:
        return reached
    if (license_id := id_of(named)) is None:
        raise InvalidLicenseKey
    return reached.filter(pk=license_id)


@router.post("/activations/meter-attributes/{id}", auth=OPEN, response=UsesAnswer)
def count(request: ApiRequest, id: str, body: IncrementBody) -> HttpResponse:
    """More uses, or fewer, of a meter attribute, which is named by its id or its name."""
    named = body.activation_id
    with whose(request, vendor_of_activation, named, ActivationNotFound) as activation_id:
        activation, meter = count_uses(activation_id, id, body.increment)
    [entry] = [each for each in activation.meter_attributes if each["name"] == meter.name]
    return answer(wire.counted(entry, meter))


@router.get("/activations/{id}", auth=READ, response=ActivationAnswer)
def get(request: ApiRequest, id: str) -> HttpResponse:
    return answer(wire.activation(row_of(Activation.objects.all(), id, "activation")))


@router.patch("/activations/{id}", auth=OPEN, response=TokenAnswer)
def update(request: ApiRequest, id: str, body: ActivationBody) -> HttpResponse:
    """The machine was seen: its lease is renewed, and it gets a fresh token."""
    with whose(request, vendor_of_activation, id, ActivationNotFound) as activation_id:
        programs.check_names(activation_id, _named_product(body), body.key)
        activation = sync(activation_id, body.told, body.uses, lease_duration=body.lease_duration)
        return answer(_token(activation))


def _named_product(body: ActivationBody) -> UUID | None:
    """Raises InvalidProductId for one that can't be any product's."""
    if not body.product_id:
        return None
    product_id = id_of(body.product_id)
    if product_id is None:
        raise InvalidProductId
    return product_id


@router.delete("/activations/{id}", auth=OPEN, response={204: None})
def delete(request: ApiRequest, id: str) -> HttpResponse:
    """The machine gives its seat back."""
    return _deactivate(request, id)


@router.post("/activations/{id}/deactivate", auth=OPEN, response={204: None})
def deactivate(request: ApiRequest, id: str) -> HttpResponse:
    return _deactivate(request, id)


def _deactivate(request: ApiRequest, id: str) -> HttpResponse:
    with whose(request, vendor_of_activation, id, ActivationNotFound) as activation_id:
        activation = Activation.objects.filter(pk=activation_id).first()
        if activation and activation.offline and _may_release(request):
            free(activation, reason=_("Deleted by the Web API"))
        else:
            programs.deactivate_online(activation_id)
    return nothing()


def _may_release(request: ApiRequest) -> bool:
    """Whether a member of staff asks, who may release any machine."""
    bearer = request.bearer
    return bool(bearer and bearer.covers(RELEASE.scope) and bearer.user.has_perm(RELEASE.right))
