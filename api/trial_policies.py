"""Trial policies: `/v3/trial-policies`."""

from typing import Literal
from uuid import UUID

from django.http import HttpResponse
from ninja import Router
from pydantic import Field

from api.allowed import needs
from api.answers import answer, created, nothing
from api.bodies import Answer, Body, Moment
from api.lists import Column, Kind, Listing, listed, row_of
from api.requests import ApiRequest
from licenses import wire
from licenses.models import TrialPolicy
from licenses.verbs.trials import change_trial_policy, create_trial_policy, delete_trial_policy

router = Router(tags=["trial_policies"])
READ = needs("trialPolicy:read", "licenses.view_trialpolicy")
ADD = needs("trialPolicy:write", "licenses.add_trialpolicy")
CHANGE = needs("trialPolicy:write", "licenses.change_trialpolicy")
DELETE = needs("trialPolicy:write", "licenses.delete_trialpolicy")
Matching = Literal["fuzzy", "exact", "loose"]
Texts = list[str]


class TrialPolicyBody(Body):
    name: str = ""
    trial_length: int = 0
    fingerprint_matching_strategy: Matching = "exact"
    allow_vm_activation: bool = True
    allow_container_activation: bool = True
    user_locked: bool = False
    disable_geo_location: bool = False
    allowed_countries: Texts = Field(default_factory=list)
    disallowed_countries: Texts = Field(default_factory=list)
    allowed_ip_addresses: Texts = Field(default_factory=list)
    allowed_ip_ranges: Texts = Field(default_factory=list)
    allowed_ip_range: str = ""
    disallowed_ip_addresses: Texts = Field(default_factory=list)


class TrialPolicyAnswer(Answer):
    id: UUID
    created_at: Moment
    updated_at: Moment
    name: str
    trial_length: int
    fingerprint_matching_strategy: Matching
    allow_vm_activation: bool
    allow_container_activation: bool
    user_locked: bool
    disable_geo_location: bool
    allowed_countries: Texts
    disallowed_countries: Texts
    allowed_ip_addresses: Texts
    allowed_ip_ranges: Texts
    disallowed_ip_addresses: Texts


TRIAL_POLICIES = Listing(
    columns={
        "id": Column("id", Kind.ID),
        "name": Column("name"),
        "trialLength": Column("trial_length", Kind.NUMBER),
        "createdAt": Column("created_at", Kind.MOMENT),
        "updatedAt": Column("updated_at", Kind.MOMENT),
    },
    found=lambda rows, words: rows.filter(name__icontains=words),
)


def _policy_of(id: str) -> TrialPolicy:
    """Raises NotFound."""
    row: TrialPolicy = row_of(TrialPolicy.objects.all(), id, "trial policy")
    return row


def _fill(policy: TrialPolicy, body: TrialPolicyBody) -> list[str]:
    """Takes over what was supplied; the names of the fields."""
    given = dict(body.given)
    one = given.pop("allowed_ip_range", None)
    if one is not None:  # as it was called when there was one alone
        given.setdefault("allowed_ip_ranges", [one] * bool(one))
    for name, value in given.items():
        setattr(policy, name, value)
    return list(given)


@router.get(
    "/trial-policies",
    auth=READ,
    response=list[TrialPolicyAnswer],
    openapi_extra=TRIAL_POLICIES.documented(),
)
def list_policies(request: ApiRequest) -> HttpResponse:
    return listed(request, TrialPolicy.objects.all(), TRIAL_POLICIES, wire.trial_policy)


@router.post("/trial-policies", auth=ADD, response={201: TrialPolicyAnswer})
def create(request: ApiRequest, body: TrialPolicyBody) -> HttpResponse:
    policy = TrialPolicy(vendor=request.vendor)
    _fill(policy, body)
    return created(wire.trial_policy(create_trial_policy(policy)))


@router.get("/trial-policies/{id}", auth=READ, response=TrialPolicyAnswer)
def get(request: ApiRequest, id: str) -> HttpResponse:
    return answer(wire.trial_policy(_policy_of(id)))


@router.patch("/trial-policies/{id}", auth=CHANGE, response=TrialPolicyAnswer)
def update(request: ApiRequest, id: str, body: TrialPolicyBody) -> HttpResponse:
    policy = _policy_of(id)
    change_trial_policy(policy, fields=_fill(policy, body))
    return answer(wire.trial_policy(_policy_of(id)))


@router.delete("/trial-policies/{id}", auth=DELETE, response={204: None})
def delete(request: ApiRequest, id: str) -> HttpResponse:
    """409 while a product has it."""
    delete_trial_policy(_policy_of(id))
    return nothing()
