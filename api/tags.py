"""Tags: `/v3/tags`."""

from uuid import UUID

from django.http import HttpResponse
from ninja import Router

from accounts import wire
from accounts.models import Tag
from accounts.verbs.tags import change_tag, create_tag, delete_tag
from api.allowed import needs
from api.answers import answer, created, nothing
from api.bodies import Answer, Body, Moment
from api.lists import Column, Kind, Listing, listed, row_of
from api.requests import ApiRequest

router = Router(tags=["tags"])
READ = needs("tag:read", "accounts.view_tag")


class TagBody(Body):
    name: str = ""
    description: str = ""


class TagAnswer(Answer):
    id: UUID
    created_at: Moment
    updated_at: Moment
    name: str
    description: str


TAGS = Listing(
    columns={
        "id": Column("id", Kind.ID),
        "name": Column("name"),
        "createdAt": Column("created_at", Kind.MOMENT),
        "updatedAt": Column("updated_at", Kind.MOMENT),
    },
    found=lambda rows, words: rows.filter(name__icontains=words),
)


@router.get("/tags", auth=READ, response=list[TagAnswer], openapi_extra=TAGS.documented())
def list_tags(request: ApiRequest) -> HttpResponse:
    return listed(request, Tag.objects.all(), TAGS, wire.tag)


@router.post("/tags", auth=needs("tag:write", "accounts.add_tag"), response={201: TagAnswer})
def create(request: ApiRequest, body: TagBody) -> HttpResponse:
    return created(wire.tag(create_tag(Tag(vendor=request.vendor, **body.given))))


@router.get("/tags/{id}", auth=READ, response=TagAnswer)
def get(request: ApiRequest, id: str) -> HttpResponse:
    return answer(wire.tag(row_of(Tag.objects.all(), id, "tag")))


@router.patch("/tags/{id}", auth=needs("tag:write", "accounts.change_tag"), response=TagAnswer)
def update(request: ApiRequest, id: str, body: TagBody) -> HttpResponse:
    tag = row_of(Tag.objects.all(), id, "tag")
    for name, value in body.given.items():
        setattr(tag, name, value)
    return answer(wire.tag(change_tag(tag, fields=list(body.given))))


@router.delete("/tags/{id}", auth=needs("tag:write", "accounts.delete_tag"), response={204: None})
def delete(request: ApiRequest, id: str) -> HttpResponse:
    delete_tag(row_of(Tag.objects.all(), id, "tag"))
    return nothing()
