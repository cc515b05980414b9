"""Trials: `/v3/trial-activations`. A machine needs no token to begin one; pages of any origin may
ask, too, since vendors host forms for offline trials themselves."""

from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.utils import timezone
from ninja import Router
from pydantic import Field

from api.activations import NamedValueAnswer, OfflineAnswer
from api.allowed import OPEN, needs
from api.answers import answer, created, nothing
from api.bodies import Answer, Body, Moment
from api.errors import InvalidRequest
from api.lists import Column, Kind, Listing, listed, narrowed, read, row_of
from api.programs import MachineAnswer, MachineBody, whose
from api.requests import ApiRequest
from audit import trail
from backoffice.export import as_csv
from licenses import wire
from licenses.errors import InvalidProductId
from licenses.intervals import LONGEST
from licenses.models import TrialActivation
from licenses.token import trial_token
from licenses.verbs.trials import delete_trial, extend_trial, set_trial_end, try_product
from offline.verbs.trials import answer_trial, read_trial
from tenancy.door import current_vendor
from tenancy.table import vendor_of_product

router = Router(tags=["trial_activations"])
READ = needs("trialActivation:read", "licenses.view_trialactivation")
EXPORT = needs("trialActivation:read", "licenses.export_trialactivation")
CHANGE = needs("trialActivation:write", "licenses.change_trialactivation")
DELETE = needs("trialActivation:write", "licenses.delete_trialactivation")


class TrialBody(MachineBody):
    product_id: str = ""


class TrialTokenAnswer(Answer):
    trial_activation_token: str


class OfflineTrialBody(Body):
    offline_request: str = ""
    response_validity: int | None = Field(None, ge=0, le=LONGEST)
    product_id: str = ""


class ExtensionBody(Body):
    extension_length: int = Field(0, ge=0, le=LONGEST)


class EndBody(Body):
    expires_at: Moment | None = None


class TrialAnswer(MachineAnswer):
    id: UUID
    created_at: Moment
    updated_at: Moment
    fingerprint: str
    offline: bool
    expires_at: Moment
    product_id: UUID
    metadata: list[NamedValueAnswer]


TRIALS = Listing(
    columns={
        "id": Column("id", Kind.ID),
        "productId": Column("product_id", Kind.ID),
        "os": Column("os"),
        "hostname": Column("hostname"),
        "fingerprint": Column("fingerprint"),
        "offline": Column("offline", Kind.FLAG),
        "createdAt": Column("created_at", Kind.MOMENT),
        "updatedAt": Column("updated_at", Kind.MOMENT),
        "expiresAt": Column("expires_at", Kind.MOMENT),
    },
    found=lambda rows, words: (
        rows.filter(hostname__icontains=words) | rows.filter(fingerprint__startswith=words)
    ),
)
EXPORTED = {
    "id": lambda row: row.pk,
    "productId": lambda row: row.product_id,
    "os": lambda row: row.os,
    "osVersion": lambda row: row.os_version,
    "hostname": lambda row: row.hostname,
    "vmName": lambda row: row.vm_name,
    "container": lambda row: row.container,
    "appVersion": lambda row: row.app_version,
    "offline": lambda row: row.offline,
    "createdAt": lambda row: row.created_at,
    "expiresAt": lambda row: row.expires_at,
}


def trials() -> QuerySet[TrialActivation]:
    return TrialActivation.objects.all()


def _trial_of(id: str) -> TrialActivation:
    """Raises NotFound."""
    row: TrialActivation = row_of(trials(), id, "trial activation")
    return row


@router.post("/trial-activations", auth=OPEN, response={201: TrialTokenAnswer})
def create(request: ApiRequest, body: TrialBody) -> HttpResponse:
    """The machine's one trial of the product, begun now or before."""
    with whose(request, vendor_of_product, body.product_id, InvalidProductId) as product_id:
        trial = try_product(product_id, body.machine())
        token = trial_token(trial, now=timezone.now())
    return created({"trialActivationToken": token})


@router.post("/trial-activations/offline-activate", auth=OPEN, response=OfflineAnswer)
def offline_activate(request: ApiRequest, body: OfflineTrialBody) -> HttpResponse:
    """The response to an offline request for a trial."""
    with whose(request, vendor_of_product, body.product_id, InvalidProductId) as product_id:
        _trial, response = answer_trial(
            read_trial(body.offline_request),
            product_id=product_id,
            validity=body.response_validity,
        )
    return answer({"offlineResponse": response})


@router.get(
    "/trial-activations",
    auth=READ,
    response=list[TrialAnswer],
    openapi_extra=TRIALS.documented(),
)
def list_trials(request: ApiRequest) -> HttpResponse:
    return listed(request, trials(), TRIALS, wire.trial)


@router.get("/trial-activations/export", auth=EXPORT, openapi_extra=TRIALS.documented())
def export(request: ApiRequest) -> HttpResponseBase:
    """The list as CSV; the audit trail tells who took it."""
    chosen = narrowed(trials(), TRIALS, read(request, TRIALS)).order_by("created_at", "id")
    trail.record("exported", current_vendor(), details={"list": "trials"})
    return as_csv("trials", chosen, EXPORTED)


@router.get("/trial-activations/{id}", auth=READ, response=TrialAnswer)
def get(request: ApiRequest, id: str) -> HttpResponse:
    return answer(wire.trial(_trial_of(id)))


@router.delete("/trial-activations/{id}", auth=DELETE, response={204: None})
def delete(request: ApiRequest, id: str) -> HttpResponse:
    """Forgets the trial: its machine may begin another one."""
    delete_trial(_trial_of(id))
    return nothing()


@router.post("/trial-activations/{id}/extend", auth=CHANGE, response=TrialAnswer)
def extend(request: ApiRequest, id: str, body: ExtensionBody) -> HttpResponse:
    """Adds seconds to its end or, if it is over, to now."""
    trial = _trial_of(id)
    if not body.extension_length:
        raise InvalidRequest("extensionLength: say by how many seconds.")
    extend_trial(trial, seconds=body.extension_length)
    return answer(wire.trial(_trial_of(id)))


@router.patch("/trial-activations/{id}/expires-at", auth=CHANGE, response=TrialAnswer)
def set_end(request: ApiRequest, id: str, body: EndBody) -> HttpResponse:
    trial = _trial_of(id)
    if body.expires_at is None:
        raise InvalidRequest("expiresAt: say when it ends.")
    set_trial_end(trial, body.expires_at)
    return answer(wire.trial(_trial_of(id)))
