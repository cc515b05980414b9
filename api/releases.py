"""Releases: `/v3/releases`, and `/v3/me/releases` for those whose licences cover them."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404, HttpResponse
from ninja import Router

from api.allowed import OPEN, needs
from api.answers import answer, created, nothing
from api.bodies import Answer, Body, Moment
from api.errors import InvalidRequest, UnknownFilter
from api.lists import Column, Kind, Listing, listed, row_of, value_of
from api.programs import whose
from api.requests import ApiRequest
from licenses.errors import InvalidLicenseKey, InvalidProductId
from licenses.models import Product
from licenses.versions import plain
from releases import wire
from releases.access import Holder, get_customer, get_holder, given_key, releases_of
from releases.coverage import Verdict
from releases.models import STABLE, Release, ReleaseFile
from releases.platforms import word_of, words_in
from releases.sentences import why_not
from releases.updates import above, candidates, latest, newest_covered
from releases.verbs import publishing
from tenancy.table import vendor_of_product

router = Router(tags=["releases"])
READ = needs("release:read", "releases.view_release")
ADD = needs("release:write", "releases.add_release")
CHANGE = needs("release:write", "releases.change_release")
DELETE = needs("release:write", "releases.delete_release")
OWN = needs("release:read")


class ReleaseBody(Body):
    name: str = ""
    version: str = ""
    channel: str = ""
    platform: str = ""
    private: bool = False
    archived: bool = False
    notes: str = ""
    product_id: str = ""


class FileAnswer(Answer):
    id: UUID
    created_at: Moment
    updated_at: Moment
    name: str
    url: str
    size: int
    downloads: int
    extension: str
    checksum: str
    secured: bool
    release_id: UUID


class DescribedAnswer(Answer):
    id: UUID
    created_at: Moment
    updated_at: Moment
    name: str
    channel: str
    version: str
    platform: str
    notes: str
    total_files: int
    files: list[FileAnswer]


class ReleaseAnswer(DescribedAnswer):
    published: bool
    private: bool
    archived: bool
    product_id: UUID
    tenant_id: UUID


class NamedAnswer(Answer):
    display_name: str


class OwnReleaseAnswer(DescribedAnswer):
    product: NamedAnswer


def asked_for(*names: str) -> dict[str, Any]:
    """Names of a query, for the OpenAPI document."""
    schema = {"type": "string"}
    return {
        "parameters": [
            {"name": name, "in": "query", "required": False, "schema": schema} for name in names
        ]
    }


KEY = asked_for("key")


def _for_platform(op: str, values: list[str]) -> Q:
    """Those that are made for one of the platforms, whatever its spelling."""
    if op not in {"eq", "ne", "in", "nin"}:
        raise UnknownFilter(f"platform[{op}]")
    condition = Q(pk__in=())
    for value in values if op in {"in", "nin"} else values[-1:]:
        # What is kept is a list of words as JSON, and a word has no quote in it.
        word = word_of(value_of("platform", Kind.TEXT, value))
        condition |= Q(platforms__icontains=f'"{word}"')
    return ~condition if op in {"ne", "nin"} else condition


RELEASES = Listing(
    columns={
        "id": Column("id", Kind.ID),
        "productId": Column("product_id", Kind.ID),
        "name": Column("name"),
        "channel": Column("channel"),
        "version": Column("version", by="version_key"),
        "published": Column("published", Kind.FLAG),
        "private": Column("private", Kind.FLAG),
        "archived": Column("archived", Kind.FLAG),
        "createdAt": Column("created_at", Kind.MOMENT),
        "updatedAt": Column("updated_at", Kind.MOMENT),
    },
    found=lambda rows, words: rows.filter(Q(name__icontains=words) | Q(version__icontains=words)),
    special={"platform": _for_platform},
)


def releases() -> QuerySet[Release]:
    """The releases with what is told of them on the wire."""
    files = Prefetch("files", queryset=ReleaseFile.objects.all())
    return Release.objects.defer("notes_html").prefetch_related(files)


def release_of(id: str) -> Release:
    """Raises NotFound."""
    row: Release = row_of(releases(), id, "release")
    return row


@router.get(
    "/releases",
    auth=READ,
    response=list[ReleaseAnswer],
    openapi_extra=RELEASES.documented(),
)
def list_releases(request: ApiRequest) -> HttpResponse:
    return listed(request, releases(), RELEASES, wire.release)


@contextmanager
def _asked(request: ApiRequest) -> Iterator[tuple[Holder, list[Release]]]:
    """Who asks, by the key, and what there is for the product, platform and channel of the query,
    the newest first. Raises InvalidProductId, InvalidLicenseKey and InvalidRequest."""
    query = request.GET
    with whose(request, vendor_of_product, query.get("productId", ""), InvalidProductId) as id:
        if not query.get("platform"):
            raise InvalidRequest("platform: say for which.")
        channel = value_of("channel", Kind.TEXT, query.get("channel") or STABLE)
        holder = _holder(request, id)
        yield holder, candidates(id, platform=query["platform"], channel=channel.lower())


def _holder(request: ApiRequest, product_id: UUID) -> Holder:
    if not given_key(request):
        raise InvalidLicenseKey
    try:
        holder = get_holder(request)
    except Http404 as error:
        raise InvalidLicenseKey from error
    if all(license.product_id != product_id for license in holder.licenses):
        raise InvalidLicenseKey
    return holder


@router.get(
    "/releases/update",
    auth=OPEN,
    response={200: ReleaseAnswer, 204: None},
    openapi_extra=asked_for("productId", "platform", "version", "key", "channel"),
)
def find_update(request: ApiRequest) -> HttpResponse:
    """The newest release above the program's version that the key's licence covers, if any."""
    with _asked(request) as (holder, there):
        try:
            newer = above(there, plain(request.GET.get("version", "")))
        except ValueError as error:
            raise InvalidRequest("version: use two to four numbers, such as 4.2.1.") from error
        found = newest_covered(newer, holder)
        return answer(wire.release(release_of(str(found.pk)))) if found else nothing()


@router.get(
    "/releases/latest",
    auth=OPEN,
    response=ReleaseAnswer,
    openapi_extra=asked_for("productId", "platform", "key", "channel"),
)
def find_latest(request: ApiRequest) -> HttpResponse:
    """The newest release that the key's licence covers, or why it covers none."""
    with _asked(request) as (holder, there):
        release = latest(there, holder)
        verdict = holder.verdict(release)
        if not verdict.covered:
            return refused(verdict)
        return answer(wire.release(release_of(str(release.pk))))


def refused(verdict: Verdict) -> HttpResponse:
    """Why no licence covers what was asked for."""
    said = {"message": why_not(verdict), "code": str(verdict.refusal)}
    return answer(said, HTTPStatus.FORBIDDEN)


@router.post("/releases", auth=ADD, response={201: ReleaseAnswer})
def create(request: ApiRequest, body: ReleaseBody) -> HttpResponse:
    """A draft, named after its product unless it has a name. It takes files, and is published."""
    product = row_of(Product.objects.all(), body.product_id, "product")
    release = Release(vendor=request.vendor, product=product, name=str(product), channel=STABLE)
    _fill(release, body)
    publishing.save_draft(release)
    return created(wire.release(release_of(str(release.pk))))


@router.get("/releases/{id}", auth=READ, response=ReleaseAnswer)
def get(request: ApiRequest, id: str) -> HttpResponse:
    return answer(wire.release(release_of(id)))


@router.patch("/releases/{id}", auth=CHANGE, response=ReleaseAnswer)
def update(request: ApiRequest, id: str, body: ReleaseBody) -> HttpResponse:
    """Changes a draft. Of what is published version, channel, product and files are frozen."""
    release = row_of(Release.objects.select_related("product"), id, "release")
    if body.product_id:
        release.product = row_of(Product.objects.all(), body.product_id, "product")
    _fill(release, body)
    if "archived" in body.given:
        release.archived = body.archived
    publishing.change(release)
    return answer(wire.release(release_of(id)))


@router.delete("/releases/{id}", auth=DELETE, response={204: None})
def delete(request: ApiRequest, id: str) -> HttpResponse:
    """Deletes a draft with its files; what is published gets archived instead."""
    publishing.delete_draft(release_of(id))
    return nothing()


@router.post("/releases/{id}/publish", auth=CHANGE, response=ReleaseAnswer)
def publish(request: ApiRequest, id: str) -> HttpResponse:
    publishing.publish(release_of(id))
    return answer(wire.release(release_of(id)))


@router.get(
    "/me/releases",
    auth=OWN,
    response=list[OwnReleaseAnswer],
    openapi_extra=RELEASES.documented(),
)
def list_own(request: ApiRequest) -> HttpResponse:
    """The releases that the person's licences cover."""
    holder = get_customer(request)
    there = releases_of(tuple(product.pk for product in holder.products()))
    covered = [release.pk for release in there if holder.verdict(release).covered]
    rows = releases().filter(pk__in=covered).select_related("product")
    return listed(request, rows, RELEASES, wire.own_release)


def _fill(release: Release, body: ReleaseBody) -> None:
    """Takes over what was supplied; an empty name or channel is that of before."""
    given = body.given
    release.name = body.name or release.name
    release.channel = body.channel.lower() or release.channel
    if "version" in given:
        release.version = plain(body.version)
    if "platform" in given:
        release.platforms = words_in(body.platform)
    for name in ("private", "notes"):
        if name in given:
            setattr(release, name, given[name])
