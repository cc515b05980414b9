"""Roles: `/v3/roles`, those of the vendor, with the claims that the back office asks for."""

import re
from uuid import UUID

from django.http import HttpResponse
from ninja import Router

from accounts import wire
from accounts.models import Role
from accounts.rights import CLAIMS
from accounts.verbs.roles import change_role, create_role, delete_role
from api.allowed import needs
from api.answers import answer, created, nothing
from api.bodies import Answer, Body, Moment
from api.lists import Column, Kind, Listing, listed, row_of
from api.requests import ApiRequest

router = Router(tags=["roles"])
READ = needs("role:read", "accounts.view_role")


class RoleBody(Body):
    name: str = ""
    description: str = ""
    claims: list[str] = []


class RoleAnswer(Answer):
    id: UUID
    created_at: Moment
    updated_at: Moment
    name: str
    description: str
    claims: list[str]


ROLES = Listing(
    columns={
        "id": Column("id", Kind.ID),
        "name": Column("name"),
        "createdAt": Column("created_at", Kind.MOMENT),
        "updatedAt": Column("updated_at", Kind.MOMENT),
    },
    found=lambda rows, words: rows.filter(name__icontains=words),
)


@router.get("/roles", auth=READ, response=list[RoleAnswer], openapi_extra=ROLES.documented())
def list_roles(request: ApiRequest) -> HttpResponse:
    return listed(request, Role.objects.all(), ROLES, wire.role)


@router.get("/roles/claims", auth=READ, response=dict[str, list[str]])
def list_claims(request: ApiRequest) -> HttpResponse:
    """All that a role can claim, by what it is about, such as `licenses.license`."""
    claims: dict[str, list[str]] = {}
    for claim in sorted(CLAIMS):
        about = re.sub(r"\.[a-z_]+_", ".", claim)
        claims.setdefault(about, []).append(claim)
    return answer(claims)


@router.post("/roles", auth=needs("role:write", "accounts.add_role"), response={201: RoleAnswer})
def create(request: ApiRequest, body: RoleBody) -> HttpResponse:
    role = Role(vendor=request.vendor, **body.given)
    return created(wire.role(create_role(role)))


@router.get("/roles/{id}", auth=READ, response=RoleAnswer)
def get(request: ApiRequest, id: str) -> HttpResponse:
    return answer(wire.role(row_of(Role.objects.all(), id, "role")))


@router.patch("/roles/{id}", auth=needs("role:write", "accounts.change_role"), response=RoleAnswer)
def update(request: ApiRequest, id: str, body: RoleBody) -> HttpResponse:
    role = row_of(Role.objects.all(), id, "role")
    for name, value in body.given.items():
        setattr(role, name, value)
    return answer(wire.role(change_role(role, fields=list(body.given))))


@router.delete(
    "/roles/{id}", auth=needs("role:write", "accounts.delete_role"), response={204: None}
)
def delete(request: ApiRequest, id: str) -> HttpResponse:
    delete_role(row_of(Role.objects.all(), id, "role"))
    return nothing()
