"""Products: `/v3/products`."""

from typing import Any
from uuid import UUID

from django.db.models import Count, IntegerField, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from ninja import Router

from api.allowed import needs
from api.answers import answer, created, nothing
from api.bodies import Answer, Body, Moment
from api.lists import Column, Kind, Listing, listed, row_of
from api.metadata import NO_METADATA, Metadata, MetadataAnswer, merged
from api.policies import PolicyAnswer
from api.requests import ApiRequest
from api.trial_policies import TrialPolicyAnswer
from licenses import wire
from licenses.models import (
    FeatureFlag,
    License,
    LicensePolicy,
    Product,
    ProductVersion,
    SigningKey,
    TrialActivation,
    TrialPolicy,
)
from licenses.verbs.products import change_product, create_product, delete_product
from licenses.verbs.signing_keys import product_file
from releases.models import Release

router = Router(tags=["products"])
READ = needs("product:read", "licenses.view_product")
ADD = needs("product:write", "licenses.add_product")
CHANGE = needs("product:write", "licenses.change_product")
DELETE = needs("product:write", "licenses.delete_product")


class ProductBody(Body):
    name: str = ""
    display_name: str = ""
    description: str = ""
    license_policy_id: str = ""
    license_template_id: str = ""
    trial_policy_id: str = ""
    metadata: Metadata = NO_METADATA


class ProductAnswer(Answer):
    id: UUID
    created_at: Moment
    updated_at: Moment
    name: str
    display_name: str
    description: str
    public_key: str
    total_licenses: int
    total_releases: int
    total_trial_activations: int
    total_product_versions: int
    total_feature_flags: int
    license_policy: PolicyAnswer | None = None
    trial_policy: TrialPolicyAnswer | None = None
    metadata: list[MetadataAnswer]


PRODUCTS = Listing(
    columns={
        "id": Column("id", Kind.ID),
        "name": Column("name"),
        "displayName": Column("display_name"),
        "createdAt": Column("created_at", Kind.MOMENT),
        "updatedAt": Column("updated_at", Kind.MOMENT),
    },
    found=lambda rows, words: (
        rows.filter(name__icontains=words) | rows.filter(display_name__icontains=words)
    ),
)


def _number_of(model: type[Model]) -> Coalesce:
    """How many rows of a kind a product has."""
    rows = model._default_manager.filter(vendor=OuterRef("vendor"), product=OuterRef("pk"))
    counted = rows.order_by().values("product").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def products() -> QuerySet[Product]:
    """The products with what is told of them on the wire."""
    keys = SigningKey.objects.filter(vendor=OuterRef("vendor"), product=OuterRef("pk"))
    return Product.objects.select_related("default_policy", "trial_policy").annotate(
        public_pem=Subquery(keys.filter(retired_at=None).values("public_pem")[:1]),
        total_licenses=_number_of(License),
        total_releases=_number_of(Release),
        total_trials=_number_of(TrialActivation),
        total_versions=_number_of(ProductVersion),
        total_flags=_number_of(FeatureFlag),
    )


def product_of(id: str) -> Product:
    """Raises NotFound."""
    row: Product = row_of(products(), id, "product")
    return row


def its_product(row: Any, body: Any) -> list[str]:
    """Takes over the product of what is one's (`product_id`), if it is supplied and another one;
    the names of the fields. Raises NotFound."""
    if "product_id" not in body.given and row.product_id is not None:
        return []
    before, row.product = row.product_id, row_of(Product.objects.all(), body.product_id, "product")
    return [] if row.product.pk == before else ["product"]


def _policy_of(body: ProductBody) -> LicensePolicy | None:
    named = body.license_policy_id or body.license_template_id
    return row_of(LicensePolicy.objects.all(), named, "policy") if named else None


def _trial_policy_of(body: ProductBody) -> TrialPolicy | None:
    named = body.trial_policy_id
    return row_of(TrialPolicy.objects.all(), named, "trial policy") if named else None


@router.get(
    "/products",
    auth=READ,
    response=list[ProductAnswer],
    openapi_extra=PRODUCTS.documented(),
)
def list_products(request: ApiRequest) -> HttpResponse:
    return listed(request, products(), PRODUCTS, wire.product)


@router.post("/products", auth=ADD, response={201: ProductAnswer})
def create(request: ApiRequest, body: ProductBody) -> HttpResponse:
    product = Product(
        vendor=request.vendor,
        default_policy=_policy_of(body),
        trial_policy=_trial_policy_of(body),
    )
    _fill(product, body)
    create_product(product)
    return created(wire.product(product_of(str(product.pk))))


@router.get("/products/{id}", auth=READ, response=ProductAnswer)
def get(request: ApiRequest, id: str) -> HttpResponse:
    return answer(wire.product(product_of(id)))


@router.patch("/products/{id}", auth=CHANGE, response=ProductAnswer)
def update(request: ApiRequest, id: str, body: ProductBody) -> HttpResponse:
    product = product_of(id)
    fields = _fill(product, body)
    if policy := _policy_of(body):
        product.default_policy = policy
        fields = [*fields, "default_policy"]
    if trial_policy := _trial_policy_of(body):
        product.trial_policy = trial_policy
        fields = [*fields, "trial_policy"]
    change_product(product, fields=fields)
    return answer(wire.product(product_of(id)))


@router.delete("/products/{id}", auth=DELETE, response={204: None})
def delete(request: ApiRequest, id: str) -> HttpResponse:
    """409 where there are licences, releases, product versions or feature flags of it, or were
    machines."""
    delete_product(product_of(id))
    return nothing()


@router.get("/products/{id}/product.dat", auth=READ, response=dict[str, Any])
def get_product_file(request: ApiRequest, id: str) -> HttpResponse:
    """What a vendor's program ships with and our SDK reads, in our format."""
    return answer(product_file(product_of(id)))


def _fill(product: Product, body: ProductBody) -> list[str]:
    """Takes over what was supplied; the names of the fields."""
    given = body.given
    fields: list[str] = [name for name in ("name", "display_name", "description") if name in given]
    for name in fields:
        setattr(product, name, given[name])
    if "metadata" in given:
        product.metadata = merged(product.metadata, body.metadata)
        fields.append("metadata")
    return fields
