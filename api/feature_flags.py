"""Feature flags: `/v3/feature-flags`."""

from uuid import UUID

from django.http import HttpResponse
from ninja import Router

from api.allowed import needs
from api.answers import answer, created, nothing
from api.bodies import Answer, Body, Moment
from api.lists import Column, Kind, Listing, listed, row_of
from api.products import its_product
from api.requests import ApiRequest
from licenses import wire
from licenses.models import FeatureFlag
from licenses.verbs.product_versions import (
    change_feature_flag,
    create_feature_flag,
    delete_feature_flag,
)

router = Router(tags=["feature_flags"])
READ = needs("featureFlag:read", "licenses.view_featureflag")
ADD = needs("featureFlag:write", "licenses.add_featureflag")
CHANGE = needs("featureFlag:write", "licenses.change_featureflag")
DELETE = needs("featureFlag:write", "licenses.delete_featureflag")


class FeatureFlagBody(Body):
    name: str = ""
    description: str = ""
    product_id: str = ""


class FeatureFlagAnswer(Answer):
    id: UUID
    created_at: Moment
    updated_at: Moment
    name: str
    description: str
    product_id: UUID


FEATURE_FLAGS = Listing(
    columns={
        "id": Column("id", Kind.ID),
        "productId": Column("product_id", Kind.ID),
        "name": Column("name"),
        "description": Column("description"),
        "createdAt": Column("created_at", Kind.MOMENT),
        "updatedAt": Column("updated_at", Kind.MOMENT),
    },
    found=lambda rows, words: (
        rows.filter(name__icontains=words) | rows.filter(description__icontains=words)
    ),
)


def _flag_of(id: str) -> FeatureFlag:
    """Raises NotFound."""
    row: FeatureFlag = row_of(FeatureFlag.objects.select_related("product"), id, "feature flag")
    return row


def _fill(flag: FeatureFlag, body: FeatureFlagBody) -> list[str]:
    """Takes over what was supplied; the names of the fields."""
    fields = [name for name in ("name", "description") if name in body.given]
    for name in fields:
        setattr(flag, name, body.given[name])
    return fields + its_product(flag, body)


@router.get(
    "/feature-flags",
    auth=READ,
    response=list[FeatureFlagAnswer],
    openapi_extra=FEATURE_FLAGS.documented(),
)
def list_flags(request: ApiRequest) -> HttpResponse:
    return listed(request, FeatureFlag.objects.all(), FEATURE_FLAGS, wire.feature_flag)


@router.post("/feature-flags", auth=ADD, response={201: FeatureFlagAnswer})
def create(request: ApiRequest, body: FeatureFlagBody) -> HttpResponse:
    flag = FeatureFlag(vendor=request.vendor)
    _fill(flag, body)
    return created(wire.feature_flag(create_feature_flag(flag)))


@router.get("/feature-flags/{id}", auth=READ, response=FeatureFlagAnswer)
def get(request: ApiRequest, id: str) -> HttpResponse:
    return answer(wire.feature_flag(_flag_of(id)))


@router.patch("/feature-flags/{id}", auth=CHANGE, response=FeatureFlagAnswer)
def update(request: ApiRequest, id: str, body: FeatureFlagBody) -> HttpResponse:
    flag = _flag_of(id)
    change_feature_flag(flag, fields=_fill(flag, body))
    return answer(wire.feature_flag(_flag_of(id)))


@router.delete("/feature-flags/{id}", auth=DELETE, response={204: None})
def delete(request: ApiRequest, id: str) -> HttpResponse:
    """409 while a product version has it."""
    delete_feature_flag(_flag_of(id))
    return nothing()
