"""Licences: `/v3/licenses`."""

from collections.abc import Callable
from functools import partial
from operator import eq, ge, gt, le, lt, ne
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.utils import timezone
from ninja import Router
from pydantic import Field

from accounts.models import CUSTOMER_ROLES, User
from api.allowed import needs
from api.answers import answer, created, nothing
from api.bodies import Answer, Body, Moment
from api.errors import NoRight, UnknownFilter
from api.lists import (
    COMPARED,
    Column,
    Kind,
    Listing,
    condition,
    listed,
    narrowed,
    read,
    row_of,
    value_of,
)
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
from licenses.intervals import LONGEST, of_seconds, parse
from licenses.models import (
    License,
    LicenseMetadata,
    LicenseMeterAttribute,
    LicensePolicy,
    LicenseTag,
    Product,
)
from licenses.search import places_for_staff
from licenses.verbs import details, licenses, meters
from licenses.verbs.defaults import Choice, maintenance_for, policy_for
from licenses.verbs.mailing import send_new
from licenses.verbs.policies import check_required
from tenancy import finding
from tenancy.addresses import spellings_of
from tenancy.spelling import form_of

router = Router(tags=["licenses"])
READ = needs("license:read", "licenses.view_license")
EXPORT = needs("license:read", "licenses.export_license")
ADD = needs("license:write", "licenses.add_license")
CHANGE = needs("license:write", "licenses.change_license")
DELETE = needs("license:write", "licenses.delete_license")
DELETE_METADATA = needs("license:write", "licenses.delete_licensemetadata")

LONGEST_NOTES = 4000
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
    additional_user_ids: Texts = NO_TEXTS
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


# --- The list ---------------------------------------------------------------------------------


def _with_key(op: str, values: list[str]) -> Q:
    """Whole keys in any spelling; parts of one as they are."""
    if op not in {"eq", "ne", "in", "nin"}:
        return condition("key", Column("key"), op, values)
    named = Q(key_form__in=[form_of(value) for value in values])
    return ~named if op in {"ne", "nin"} else named


def _of_person(op: str, values: list[str]) -> Q:
    """Whose owner has an e-mail, in any spelling."""
    if op == "eq":
        return Q(user__in=User.objects.filter(email__in=spellings_of(values[-1])).values("pk"))
    return condition("user.email", Column("user__email"), op, values)


def _expired(op: str, values: list[str]) -> Q:
    if op not in {"eq", "ne"}:
        raise UnknownFilter(f"expired[{op}]")
    wanted = value_of("expired", Kind.FLAG, values[-1]) == (op == "eq")
    over = Q(expires_at__lte=timezone.now())
    return over if wanted else Q(expires_at=None) | ~over


OPERATORS: dict[str, Callable[[int, int], bool]] = {
    "eq": eq,
    "ne": ne,
    "gt": gt,
    "gte": ge,
    "lt": lt,
    "lte": le,
}


def _valid_for(op: str, values: list[str]) -> Q:
    """By the seconds of an interval: the intervals that there are, few beside the licences, are
    compared."""
    if op not in COMPARED:
        raise UnknownFilter(f"validity[{op}]")
    seconds = value_of("validity", Kind.NUMBER, values[-1])
    known = License.objects.order_by().values_list("subscription_interval", flat=True).distinct()
    return Q(
        subscription_interval__in=[
            each for each in known if OPERATORS[op](parse(each).nominal, seconds)
        ]
    )


def _tagged(op: str, values: list[str]) -> Q:
    if op not in {"eq", "in"}:
        raise UnknownFilter(f"tag[{op}]")
    names = [name for value in values for name in value.split(",")]
    return Q(pk__in=LicenseTag.objects.filter(tag__name__in=names).values("license"))


def _with_value(key: str, value: str) -> Q:
    entries = LicenseMetadata.objects.all()
    entries = entries.filter(key=key) if key else entries
    entries = entries.filter(value=value) if value else entries
    return Q(pk__in=entries.values("license"))


def _of_none(op: str, values: list[str]) -> Q:
    """What no licence has here: no reseller."""
    return Q(pk__in=()) if op in {"eq", "in"} else Q()


LICENSES = Listing(
    columns={
        "id": Column("id", Kind.ID),
        "key": Column("key"),
        "productId": Column("product_id", Kind.ID),
        "productVersionId": Column("product_version_id", Kind.ID),
        "userId": Column("user_id", Kind.ID),
        "licensePolicyId": Column("policy_id", Kind.ID),
        "licenseTemplateId": Column("policy_id", Kind.ID),
        "maintenancePolicyId": Column("maintenance_policy_id", Kind.ID),
        "user.company": Column("user__company"),
        "revoked": Column("revoked", Kind.FLAG),
        "suspended": Column("suspended", Kind.FLAG),
        "type": Column("type"),
        "subscriptionInterval": Column("subscription_interval"),
        "expirationStrategy": Column("expiration_strategy"),
        "allowedActivations": Column("allowed_activations", Kind.NUMBER),
        "allowedDeactivations": Column("allowed_deactivations", Kind.NUMBER),
        "totalActivations": Column("total_activations", Kind.NUMBER),
        "totalDeactivations": Column("total_deactivations", Kind.NUMBER),
        "allowVmActivation": Column("allow_vm_activation", Kind.FLAG),
        "allowContainerActivation": Column("allow_container_activation", Kind.FLAG),
        "userLocked": Column("user_locked", Kind.FLAG),
        "expiresAt": Column("expires_at", Kind.MOMENT),
        "maintenanceExpiresAt": Column("maintenance_expires_at", Kind.MOMENT),
        "createdAt": Column("created_at", Kind.MOMENT),
        "updatedAt": Column("updated_at", Kind.MOMENT),
    },
    found=lambda rows, words: finding.find(rows, words, places_for_staff, whole=True).rows,
    special={
        "key": _with_key,
        "licenseKey": _with_key,
        "user.email": _of_person,
        "email": _of_person,
        "expired": _expired,
        "validity": _valid_for,
        "tag": _tagged,
        "tags": _tagged,
        "resellerId": _of_none,
    },
    pairs={
        ("metadata.key", "metadata.value"): _with_value,
        ("metadataKey", "metadataValue"): _with_value,
    },
)


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
        people = [
            row_of(_customers(), id, "user") for id in dict.fromkeys(body.additional_user_ids)
        ]
        details.share_with(license, people)
    if "tags" in given:
        details.tag_license(license, names=body.tags)
    for flag, (on, off) in STATES.items():
        if flag in given:
            (on if given[flag] else off)(license)
