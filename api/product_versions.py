"""Product versions: `/v3/product-versions`."""

from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from ninja import Router
from pydantic import Field

from api.allowed import needs
from api.answers import answer, created, nothing
from api.bodies import Answer, Body, Moment
from api.lists import Column, Kind, Listing, listed, row_of
from api.products import its_product
from api.requests import ApiRequest
from licenses import wire
from licenses.models import ProductVersion
from licenses.verbs.product_versions import (
    change_product_version,
    create_product_version,
    delete_product_version,
    set_features,
)

router = Router(tags=["product_versions"])
READ = needs("productVersion:read", "licenses.view_productversion")
ADD = needs("productVersion:write", "licenses.add_productversion")
CHANGE = needs("productVersion:write", "licenses.change_productversion")
DELETE = needs("productVersion:write", "licenses.delete_productversion")


class FeatureBody(Body):
    name: str
    enabled: bool = False
    data: str = ""


class ProductVersionBody(Body):
    name: str = ""
    display_name: str = ""
    description: str = ""
    product_id: str = ""
    feature_flags: list[FeatureBody] = Field(default_factory=list)


class FeatureAnswer(Answer):
    id: UUID
    created_at: Moment
    updated_at: Moment
    name: str
    enabled: bool
    data: str


class ProductVersionAnswer(Answer):
    id: UUID
    created_at: Moment
    updated_at: Moment
    name: str
    display_name: str
    description: str
    product_id: UUID
    feature_flags: list[FeatureAnswer]


PRODUCT_VERSIONS = Listing(
    columns={
        "id": Column("id", Kind.ID),
        "productId": Column("product_id", Kind.ID),
        "name": Column("name"),
        "displayName": Column("display_name"),
        "createdAt": Column("created_at", Kind.MOMENT),
        "updatedAt": Column("updated_at", Kind.MOMENT),
    },
    found=lambda rows, words: (
        rows.filter(name__icontains=words) | rows.filter(display_name__icontains=words)
    ),
)


def version_of(id: str) -> ProductVersion | None:
    """None for none. Raises NotFound."""
    return row_of(ProductVersion.objects.all(), id, "product version") if id else None


def _versions() -> QuerySet[ProductVersion]:
    return wire.versions_with_features(ProductVersion.objects.select_related("product"))


def _version_of(id: str) -> ProductVersion:
    """Raises NotFound."""
    row: ProductVersion = row_of(_versions(), id, "product version")
    return row


def _fill(version: ProductVersion, body: ProductVersionBody) -> list[str]:
    """Takes over what was supplied; the names of the fields."""
    fields = [name for name in ("name", "display_name", "description") if name in body.given]
    for name in fields:
        setattr(version, name, body.given[name])
    return fields + its_product(version, body)


def _set_features(version: ProductVersion, body: ProductVersionBody) -> None:
    """Those that are named are all."""
    if "feature_flags" in body.given:
        set_features(version, [each.given for each in body.feature_flags])


@router.get(
    "/product-versions",
    auth=READ,
    response=list[ProductVersionAnswer],
    openapi_extra=PRODUCT_VERSIONS.documented(),
)
def list_versions(request: ApiRequest) -> HttpResponse:
    return listed(request, _versions(), PRODUCT_VERSIONS, wire.product_version)


@router.post("/product-versions", auth=ADD, response={201: ProductVersionAnswer})
@transaction.atomic
def create(request: ApiRequest, body: ProductVersionBody) -> HttpResponse:
    version = ProductVersion(vendor=request.vendor)
    _fill(version, body)
    create_product_version(version)
    _set_features(version, body)
    return created(wire.product_version(_version_of(str(version.pk))))


@router.get("/product-versions/{id}", auth=READ, response=ProductVersionAnswer)
def get(request: ApiRequest, id: str) -> HttpResponse:
    return answer(wire.product_version(_version_of(id)))


@router.patch("/product-versions/{id}", auth=CHANGE, response=ProductVersionAnswer)
@transaction.atomic
def update(request: ApiRequest, id: str, body: ProductVersionBody) -> HttpResponse:
    version = _version_of(id)
    change_product_version(version, fields=_fill(version, body))
    _set_features(version, body)
    return answer(wire.product_version(_version_of(id)))


@router.delete("/product-versions/{id}", auth=DELETE, response={204: None})
def delete(request: ApiRequest, id: str) -> HttpResponse:
    """409 while a licence has it."""
    delete_product_version(_version_of(id))
    return nothing()
