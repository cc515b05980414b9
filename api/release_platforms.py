"""Platforms of the vendor's own, which its releases may name: `/v3/release-platforms`."""

from uuid import UUID

from django.db.models import Q
from django.http import HttpResponse
from ninja import Router

from api.allowed import needs
from api.answers import created, nothing
from api.bodies import Answer, Body, Moment
from api.lists import Column, Kind, Listing, listed, row_of
from api.requests import ApiRequest
from releases import wire
from releases.models import OwnPlatform
from releases.verbs.own_platforms import add_platform, delete_platform

router = Router(tags=["release platforms"])
READ = needs("release:read", "releases.view_release")
ADD = needs("release:write", "releases.add_release")
DELETE = needs("release:write", "releases.delete_release")


class PlatformBody(Body):
    name: str = ""
    display_name: str = ""


class PlatformAnswer(Answer):
    id: UUID
    created_at: Moment
    updated_at: Moment
    name: str
    display_name: str


PLATFORMS = Listing(
    columns={
        "id": Column("id", Kind.ID),
        "name": Column("word"),
        "displayName": Column("display_name"),
        "createdAt": Column("created_at", Kind.MOMENT),
        "updatedAt": Column("updated_at", Kind.MOMENT),
    },
    found=lambda rows, words: rows.filter(
        Q(word__icontains=words) | Q(display_name__icontains=words)
    ),
)


@router.get(
    "/release-platforms",
    auth=READ,
    response=list[PlatformAnswer],
    openapi_extra=PLATFORMS.documented(),
)
def list_platforms(request: ApiRequest) -> HttpResponse:
    """Those that were added; the portal's own words are known without."""
    return listed(request, OwnPlatform.objects.all(), PLATFORMS, wire.platform)


@router.post("/release-platforms", auth=ADD, response={201: PlatformAnswer})
def create(request: ApiRequest, body: PlatformBody) -> HttpResponse:
    """A word that releases may name from then on, and how customers read it."""
    platform = OwnPlatform(vendor=request.vendor, word=body.name, display_name=body.display_name)
    return created(wire.platform(add_platform(platform)))


@router.delete("/release-platforms/{id}", auth=DELETE, response={204: None})
def delete(request: ApiRequest, id: str) -> HttpResponse:
    """Releases that name it keep their word."""
    delete_platform(row_of(OwnPlatform.objects.all(), id, "platform"))
    return nothing()
