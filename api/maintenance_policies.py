"""Maintenance policies: `/v3/maintenance-policies`."""

from uuid import UUID

from django.http import HttpResponse
from ninja import Router

from api.allowed import needs
from api.answers import answer, created, nothing
from api.bodies import Answer, Moment
from api.lists import Column, Kind, Listing, listed, row_of
from api.requests import ApiRequest
from api.terms import ValidityBody, put
from licenses import wire
from licenses.models import MaintenancePolicy
from licenses.verbs.maintenance import (
    change_maintenance_policy,
    create_maintenance_policy,
    delete_maintenance_policy,
)

router = Router(tags=["maintenance-policies"])
READ = needs("licensePolicy:read", "licenses.view_maintenancepolicy")
ADD = needs("licensePolicy:write", "licenses.add_maintenancepolicy")
CHANGE = needs("licensePolicy:write", "licenses.change_maintenancepolicy")
DELETE = needs("licensePolicy:write", "licenses.delete_maintenancepolicy")


class MaintenanceBody(ValidityBody):
    name: str = ""
    allow_major_version_updates: bool = True
    allow_minor_version_updates: bool = True


class MaintenanceAnswer(Answer):
    id: UUID
    created_at: Moment
    updated_at: Moment
    name: str
    validity: int
    subscription_interval: str
    expiration_strategy: str
    allow_major_version_updates: bool
    allow_minor_version_updates: bool


POLICIES = Listing(
    columns={
        "id": Column("id", Kind.ID),
        "name": Column("name"),
        "createdAt": Column("created_at", Kind.MOMENT),
        "updatedAt": Column("updated_at", Kind.MOMENT),
    },
    found=lambda rows, words: rows.filter(name__icontains=words),
)
FIELDS = ("name", "allow_major_version_updates", "allow_minor_version_updates")


def maintenance_of(id: str) -> MaintenancePolicy:
    """Raises NotFound."""
    row: MaintenancePolicy = row_of(MaintenancePolicy.objects.all(), id, "maintenance policy")
    return row


def _fill(policy: MaintenancePolicy, body: MaintenanceBody) -> list[str]:
    given = body.given
    own = {name: given[name] for name in FIELDS if name in given}
    return put(policy, own | body.lasting(policy))


@router.get(
    "/maintenance-policies",
    auth=READ,
    response=list[MaintenanceAnswer],
    openapi_extra=POLICIES.documented(),
)
def list_policies(request: ApiRequest) -> HttpResponse:
    return listed(request, MaintenancePolicy.objects.all(), POLICIES, wire.maintenance_policy)


@router.post("/maintenance-policies", auth=ADD, response={201: MaintenanceAnswer})
def create(request: ApiRequest, body: MaintenanceBody) -> HttpResponse:
    policy = MaintenancePolicy(vendor=request.vendor)
    _fill(policy, body)
    return created(wire.maintenance_policy(create_maintenance_policy(policy)))


@router.get("/maintenance-policies/{id}", auth=READ, response=MaintenanceAnswer)
def get(request: ApiRequest, id: str) -> HttpResponse:
    return answer(wire.maintenance_policy(maintenance_of(id)))


@router.patch("/maintenance-policies/{id}", auth=CHANGE, response=MaintenanceAnswer)
def update(request: ApiRequest, id: str, body: MaintenanceBody) -> HttpResponse:
    policy = maintenance_of(id)
    changed = change_maintenance_policy(policy, fields=_fill(policy, body))
    return answer(wire.maintenance_policy(changed))


@router.delete("/maintenance-policies/{id}", auth=DELETE, response={204: None})
def delete(request: ApiRequest, id: str) -> HttpResponse:
    """409 as long as a licence or a product is on it."""
    delete_maintenance_policy(maintenance_of(id))
    return nothing()
