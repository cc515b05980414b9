"""Licences: `/v3/licenses`."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from ninja import Router
from pydantic import Field

from accounts.models import CUSTOMER_ROLES, User
from api.allowed import needs
from api.answers import answer, created, nothing
from api.bodies import Answer, Body, Moment
from api.errors import NoRight
from api.license_lists import LICENSES
from api.lists import listed, narrowed, read, row_of, rows_of
from api.maintenance_policies import maintenance_of
from api.metadata import NO_METADATA, Metadata, MetadataAnswer
from api.policies import policy_of
from api.product_versions import version_of
from api.requests import ApiRequest
from api.terms import NO_TEXTS, TermsAnswer, TermsBody, Texts, put
from api.users import UserAnswer
from audit import trail
from backoffice.export import as_csv
from licenses import wire
from licenses.exported import COLUMNS, with_details
from licenses.intervals import LONGEST, of_seconds
from licenses.models import (
    License,
    LicenseMetadata,
    LicenseMeterAttribute,
    LicensePolicy,
    Product,
)
from licenses.verbs import details, licenses, meters
from licenses.verbs.defaults import Choice, maintenance_for, policy_for
from licenses.verbs.mailing import send_new
from licenses.verbs.policies import check_required

router = Router(tags=["licenses"])
READ = needs("license:read", "licenses.view_license")
EXPORT = needs("license:read", "licenses.export_license")
ADD = needs("license:write", "licenses.add_license")
CHANGE = needs("license:write", "licenses.change_license")
DELETE = needs("license:write", "licenses.delete_license")
DELETE_METADATA = needs("license:write", "licenses.delete_licensemetadata")

LONGEST_NOTES = 4000
MOST_USERS = 200  # beside the owner, in one body
# SECURITY: tests/api/test_licenses.py. What of a licence is read and written by who has a right of
# its own to that, as in the back office.
READ_BY = {
    "user": "accounts.view_user",
    "additionalUserIds": "licenses.view_licenseuser",
    "metadata": "licenses.view_licensemetadata",
    "tags": "accounts.view_tag",
}
WRITTEN_BY = {
    "additional_user_ids": ("licenses.add_licenseuser", "licenses.delete_licenseuser"),
    "metadata": ("licenses.add_licensemetadata", "licenses.change_licensemetadata"),
}


# --- Bodies and answers -----------------------------------------------------------------------


class MeterBody(Body):
    name: str
    allowed_uses: int = 0
    visible: bool = False
    floating: bool = False


class LicenseBody(TermsBody):
    key: str = ""
    product_id: str = ""
    product_version_id: str = ""
    license_policy_id: str = ""
    license_template_id: str = ""
    maintenance_policy_id: str = ""
    max_allowed_release_version: str = ""
    user_id: str = ""
    additional_user_ids: Texts = Field(default_factory=list, max_length=MOST_USERS)
    revoked: bool = False
    suspended: bool = False
    notes: str = Field("", max_length=LONGEST_NOTES)
    tags: Texts = NO_TEXTS
    metadata: Metadata = NO_METADATA
    meter_attributes: list[MeterBody] = Field(default_factory=list)


class ExtensionBody(Body):
    extension_length: int = Field(gt=0, le=LONGEST)


class ExpiryBody(Body):
    expires_at: Moment


class MeterAnswer(Answer):
    id: UUID
    created_at: Moment
    updated_at: Moment
    name: str
    allowed_uses: int
    total_uses: int
    gross_uses: int
    floating: bool
    visible: bool


class LicenseAnswer(TermsAnswer):
    id: UUID
    created_at: Moment
    updated_at: Moment
    key: str
    revoked: bool
    suspended: bool
    total_activations: int
    total_deactivations: int
    expires_at: Moment | None
    notes: str
    product_id: UUID
    product_version_id: UUID | None = None
    license_policy_id: UUID | None = None
    license_template_id: UUID | None = None
    maintenance_policy_id: UUID | None = None
    maintenance_expires_at: Moment | None = None
    max_allowed_release_version: str | None = None
    user: UserAnswer | None = None
    additional_user_ids: list[UUID] | None = None
    metadata: list[MetadataAnswer] | None = None
    meter_attributes: list[MeterAnswer]
    tags: Texts | None = None


# --- Reading them -----------------------------------------------------------------------------


def _rows() -> QuerySet[License]:
    return wire.with_wire(License.objects.all())


def _show(request: ApiRequest) -> Callable[[License], dict[str, Any]]:
    """How the token's person reads licences."""
    hidden = [name for name, right in READ_BY.items() if not request.user.has_perm(right)]
    return partial(wire.license, hidden=hidden)


def _told(request: ApiRequest, id: Any) -> dict[str, Any]:
    return _show(request)(row_of(_rows(), str(id), "licence"))


def _license_of(id: str) -> License:
    """Raises NotFound."""
    row: License = row_of(License.objects.select_related("vendor", "user"), id, "licence")
    return row


@router.get(
    "/licenses", auth=READ, response=list[LicenseAnswer], openapi_extra=LICENSES.documented()
)
def list_licenses(request: ApiRequest) -> HttpResponse:
    return listed(request, _rows(), LICENSES, _show(request))


@router.get("/licenses/export", auth=EXPORT, openapi_extra=LICENSES.documented())
def export(request: ApiRequest) -> HttpResponseBase:
    """CSV, as the back office exports it and an import reads it."""
    asked = read(request, LICENSES)
    rows = narrowed(License.objects.order_by("created_at", "id"), LICENSES, asked)
    trail.record("exported", request.vendor, details={"list": "licenses"})
    return as_csv("licenses", with_details(rows), COLUMNS)


# --- One licence ------------------------------------------------------------------------------


@router.post("/licenses", auth=ADD, response={201: LicenseAnswer})
@transaction.atomic
def create(request: ApiRequest, body: LicenseBody) -> HttpResponse:
    """On the terms of its policy, else of its product's, changed by those that are supplied."""
    _check_rights(request, body)
    product = row_of(Product.objects.select_related("vendor"), body.product_id, "product")
    policy = policy_for(product, _policy_of(body))
    maintenance = body.maintenance_policy_id
    check_required(
        policy,
        metadata=[each.key for each in body.metadata],
        meters=[each.name for each in body.meter_attributes],
    )
    license = licenses.create_license(
        product=product,
        policy=policy,
        maintenance_policy=maintenance_for(
            product, maintenance_of(maintenance) if maintenance else Choice.AS_PRODUCT
        ),
        product_version=version_of(body.product_version_id),
        key=body.key,
        user=_customer_of(body.user_id),
        notes=body.notes,
        max_allowed_release_version=body.max_allowed_release_version,
        **body.terms(policy or License()),
    )
    _complete(license, body)
    send_new(license)
    return created(_told(request, license.pk))


@router.get("/licenses/{id}", auth=READ, response=LicenseAnswer)
def get(request: ApiRequest, id: str) -> HttpResponse:
    return answer(_told(request, id))


@router.patch("/licenses/{id}", auth=CHANGE, response=LicenseAnswer)
@transaction.atomic
def update(request: ApiRequest, id: str, body: LicenseBody) -> HttpResponse:
    """What is supplied. Values and meters of other names stay, of tags and further users those
    that are named are all."""
    _check_rights(request, body)
    license = _license_of(id)
    fields = put(license, _changes(license, body))
    untouched = {each.name for each in License._meta.fields} - {*fields, "vendor", "key_form"}
    license.full_clean(exclude=untouched)
    licenses.change_license(license, fields=fields)
    _complete(license, body)
    return answer(_told(request, id))


@router.delete("/licenses/{id}", auth=DELETE, response={204: None})
def delete(request: ApiRequest, id: str) -> HttpResponse:
    """With its machines, which learn of it as they next ask. The trail keeps what it was."""
    licenses.delete_license(_license_of(id))
    return nothing()


@router.post("/licenses/{id}/renew", auth=CHANGE, response=LicenseAnswer)
def renew(request: ApiRequest, id: str) -> HttpResponse:
    """Its validity once more."""
    licenses.renew(_license_of(id))
    return answer(_told(request, id))


@router.post("/licenses/{id}/extend", auth=CHANGE, response=LicenseAnswer)
def extend(request: ApiRequest, id: str, body: ExtensionBody) -> HttpResponse:
    licenses.extend(_license_of(id), by=of_seconds(body.extension_length))
    return answer(_told(request, id))


@router.patch("/licenses/{id}/expires-at", auth=CHANGE, response=LicenseAnswer)
def set_expiry(request: ApiRequest, id: str, body: ExpiryBody) -> HttpResponse:
    licenses.set_expiry(_license_of(id), at=body.expires_at)
    return answer(_told(request, id))


@router.post("/licenses/meter-attributes/{id}/reset", auth=CHANGE, response=LicenseAnswer)
def reset_meter(request: ApiRequest, id: str) -> HttpResponse:
    meter = row_of(LicenseMeterAttribute.objects.all(), id, "meter attribute")
    meters.reset_meter(meter)
    return answer(_told(request, meter.license_id))


@router.delete("/licenses/meter-attributes/{id}", auth=CHANGE, response={204: None})
def remove_meter(request: ApiRequest, id: str) -> HttpResponse:
    rows = LicenseMeterAttribute.objects.select_related("license")
    meters.remove_meter(row_of(rows, id, "meter attribute"))
    return nothing()


@router.delete("/licenses/metadata/{id}", auth=DELETE_METADATA, response={204: None})
def remove_metadata(request: ApiRequest, id: str) -> HttpResponse:
    rows = LicenseMetadata.objects.select_related("license")
    details.remove_metadata(row_of(rows, id, "metadata"))
    return nothing()


# --- What bodies say --------------------------------------------------------------------------

CREATED_WITH = {"type", "expiration_strategy"}
PLAIN = ("key", "notes", "max_allowed_release_version")
STATES = {
    "suspended": (licenses.suspend, licenses.unsuspend),
    "revoked": (licenses.revoke, licenses.unrevoke),
}


def _check_rights(request: ApiRequest, body: LicenseBody) -> None:
    """Raises NoRight for a member that the person may not write."""
    for name, rights in WRITTEN_BY.items():
        if body.given.get(name) and not request.user.has_perms(rights):
            raise NoRight


def _policy_of(body: LicenseBody) -> LicensePolicy | Choice:
    named = body.license_policy_id or body.license_template_id
    return policy_of(named) if named else Choice.AS_PRODUCT


def _customers() -> QuerySet[User]:
    return User.objects.filter(role__in=CUSTOMER_ROLES)


def _customer_of(id: str) -> User | None:
    """None for nobody's. Raises NotFound."""
    return row_of(_customers(), id, "user") if id else None


def _changes(license: License, body: LicenseBody) -> dict[str, Any]:
    """What was supplied, in the licence's fields. Type and strategy are a new licence's alone."""
    given, told = body.given, body.terms(license)
    told = {name: each for name, each in told.items() if name not in CREATED_WITH}
    told |= {name: given[name] for name in PLAIN if name in given}
    if "user_id" in given:
        told["user"] = _customer_of(body.user_id)
    if "product_version_id" in given:
        told["product_version"] = version_of(body.product_version_id)
    if "maintenance_policy_id" in given:
        named = body.maintenance_policy_id
        told["maintenance_policy"] = maintenance_of(named) if named else None
    return {name: each for name, each in told.items() if getattr(license, name) != each}


def _complete(license: License, body: LicenseBody) -> None:
    """What hangs on the licence, and its state, as far as they were supplied."""
    given = body.given
    if "metadata" in given:
        details.set_metadata(license, [each.entry for each in body.metadata])
    if "meter_attributes" in given:
        meters.set_meters(license, [each.given for each in body.meter_attributes])
    if "additional_user_ids" in given:
        details.share_with(license, rows_of(_customers(), body.additional_user_ids, "user"))
    if "tags" in given:
        details.tag_license(license, names=body.tags)
    for flag, (on, off) in STATES.items():
        if flag in given:
            (on if given[flag] else off)(license)
