"""People: `/v3/users`."""

from typing import Any
from uuid import UUID

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpResponse, HttpResponseBase
from ninja import Router
from pydantic import Field

from accounts import wire
from accounts.exported import COLUMNS
from accounts.finding import people_places
from accounts.links import LinkRefused, Purpose, make_token
from accounts.models import CUSTOMER_ROLES, User, UserTag
from accounts.verbs import passwords
from accounts.verbs.erasing import erase_person
from accounts.verbs.people import PersonIsKept, change_person, create_person
from accounts.verbs.tags import tag_person
from api.allowed import OPEN, needs
from api.answers import answer, created, nothing
from api.bodies import Answer, Body, Moment
from api.errors import InvalidRequest, NoRight
from api.lists import Column, Kind, Listing, condition, listed, narrowed, read, row_of
from api.metadata import NO_METADATA, Metadata, MetadataAnswer, has_entry, merged
from api.requests import ApiRequest
from audit import trail
from backoffice.export import as_csv
from licenses.models import Activation, License
from tenancy import finding
from tenancy.addresses import spellings_of

router = Router(tags=["users"])
READ = needs("user:read", "accounts.view_user")
CHANGE = needs("user:write", "accounts.change_user")
OWN = needs("user:write")
CUSTOMER, STAFF = {"customer", "user"}, {"admin", "staff", "team"}


class UserBody(Body):
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    company: str = ""
    allow_customer_portal_access: bool = True
    role: str = ""
    password: str = ""
    metadata: Metadata = NO_METADATA
    tags: list[str] = Field(default_factory=list)


class UserAnswer(Answer):
    id: UUID
    created_at: Moment
    updated_at: Moment
    name: str
    first_name: str
    last_name: str
    email: str
    company: str
    two_factor_enabled: bool
    google_sso_enabled: bool
    allow_customer_portal_access: bool
    role: str
    roles: list[str]
    last_login_at: Moment | None = None
    last_seen_at: Moment | None = None
    metadata: list[MetadataAnswer]
    tags: list[str]


class NewPasswordBody(Body):
    token: str
    new_password: str


class ChangedPasswordBody(Body):
    old_password: str
    new_password: str


class ResetTokenAnswer(Answer):
    reset_password_token: str


def _at(op: str, values: list[str]) -> Q:
    """By an e-mail in any spelling."""
    if op == "eq":
        return Q(email__in=spellings_of(values[-1]))
    return condition("email", Column("email"), op, values)


def _of_type(op: str, values: list[str]) -> Q:
    wanted = values[-1].lower()
    if op != "eq" or wanted not in CUSTOMER | STAFF:
        raise InvalidRequest("userType: use customer or admin.")
    customers = Q(role__in=CUSTOMER_ROLES)
    return customers if wanted in CUSTOMER else ~customers


def _with_product(op: str, values: list[str]) -> Q:
    theirs = License.objects.filter(user=OuterRef("pk"), vendor=OuterRef("vendor"))
    named = condition("productId", Column("product_id", Kind.ID), op, values)
    return Q(Exists(theirs.filter(named)))


def _with_version(op: str, values: list[str]) -> Q:
    theirs = Activation.objects.filter(
        license__user=OuterRef("pk"), license__vendor=OuterRef("vendor")
    )
    named = condition("activation.appVersion", Column("app_version"), op, values)
    return Q(Exists(theirs.filter(named)))


def _tagged(op: str, values: list[str]) -> Q:
    names = [name for value in values for name in value.split(",")]
    if op not in {"eq", "in"}:
        raise InvalidRequest("tag: use eq or in.")
    return Q(pk__in=UserTag.objects.filter(tag__name__in=names).values("user"))


USERS = Listing(
    columns={
        "id": Column("id", Kind.ID),
        "email": Column("email"),
        "firstName": Column("first_name"),
        "lastName": Column("last_name"),
        "company": Column("company"),
        "role": Column("role"),
        "allowCustomerPortalAccess": Column("allow_customer_portal_access", Kind.FLAG),
        "createdAt": Column("created_at", Kind.MOMENT),
        "updatedAt": Column("updated_at", Kind.MOMENT),
        "lastSeenAt": Column("last_seen_at", Kind.MOMENT),
        "lastLoginAt": Column("last_login", Kind.MOMENT),
    },
    found=lambda rows, words: finding.find(rows, words, people_places, whole=True).rows,
    special={
        "email": _at,
        "userType": _of_type,
        "productId": _with_product,
        "activation.appVersion": _with_version,
        "tag": _tagged,
        "tags": _tagged,
    },
    pairs={
        ("metadata.key", "metadata.value"): has_entry,
        ("metadataKey", "metadataValue"): has_entry,
    },
)


def people() -> QuerySet[User]:
    return User.objects.select_related("vendor").prefetch_related("tags")


def user_of(id: str) -> User:
    """Raises NotFound."""
    row: User = row_of(people(), id, "user")
    return row


@router.get("/users", auth=READ, response=list[UserAnswer], openapi_extra=USERS.documented())
def list_users(request: ApiRequest) -> HttpResponse:
    return listed(request, people(), USERS, wire.user)


@router.get(
    "/users/export",
    auth=needs("user:read", "accounts.export_user"),
    openapi_extra=USERS.documented(),
)
def export(request: ApiRequest) -> HttpResponseBase:
    """CSV, as the back office exports it."""
    rows = narrowed(User.objects.order_by("email"), USERS, read(request, USERS))
    trail.record("exported", request.vendor, details={"list": "customers"})
    return as_csv("customers", rows, COLUMNS)


@router.post("/users", auth=needs("user:write", "accounts.add_user"), response={201: UserAnswer})
@transaction.atomic
def create(request: ApiRequest, body: UserBody) -> HttpResponse:
    """A new person. A member of the staff without a password is invited; customers are not written
    to before there is something for them."""
    person = User(vendor=request.vendor)
    _fill(person, body)
    invited = not person.is_customer and not body.password
    create_person(person=person, invited=invited, password=body.password)
    if body.tags:
        tag_person(person, names=body.tags)
    return created(wire.user(user_of(str(person.pk))))


@router.get("/users/{id}", auth=READ, response=UserAnswer)
def get(request: ApiRequest, id: str) -> HttpResponse:
    return answer(wire.user(user_of(id)))


@router.patch("/users/{id}", auth=CHANGE, response=UserAnswer)
@transaction.atomic
def update(request: ApiRequest, id: str, body: UserBody) -> HttpResponse:
    person = user_of(id)
    fields = _fill(person, body)
    change_person(person=person, fields=fields)
    if "tags" in body.given:
        tag_person(person, names=body.tags)
    return answer(wire.user(user_of(id)))


@router.delete("/users/{id}", auth=needs("user:write", "accounts.erase_user"), response={204: None})
def delete(request: ApiRequest, id: str) -> HttpResponse:
    """Erases a person without licences; with some it is 409."""
    person = user_of(id)
    if License.objects.filter(user=person).exists():
        raise PersonIsKept
    erase_person(person=person)
    return nothing()


@router.post("/users/{id}/reset-password-token", auth=CHANGE, response=ResetTokenAnswer)
def make_reset_token(request: ApiRequest, id: str) -> HttpResponse:
    """By it whoever has it sets the customer's password, for an hour and once. Of colleagues there
    is none: it would lead to what they may do."""
    person = user_of(id)
    if not person.is_customer:
        raise NoRight
    trail.record("password-link-made", person)
    return answer({"resetPasswordToken": make_token(Purpose.RESET, person)})


@router.post("/users/{id}/reset-password", auth=OPEN, response={204: None})
def reset_password(request: ApiRequest, id: str, body: NewPasswordBody) -> HttpResponse:
    """The token proves who comes. Raises LinkRefused."""
    link = passwords.read_password_link(Purpose.RESET, None, body.token)
    if str(link.user.pk) != id.lower() or not link.user.is_customer:
        raise LinkRefused
    passwords.take_try(link.user)
    _check_new(body.new_password, link.user)
    passwords.set_password(link.user, body.new_password)
    return nothing()


@router.post("/users/{id}/update-password", auth=OWN, response={204: None})
def update_password(request: ApiRequest, id: str, body: ChangedPasswordBody) -> HttpResponse:
    """One's own, by who knows the old one. Every sign-in of before ends, that of this call too."""
    if str(request.user.pk) != id.lower():
        raise NoRight
    passwords.check_password(request.user, body.old_password)
    _check_new(body.new_password, request.user)
    passwords.set_password(request.user, body.new_password)
    return nothing()


def _check_new(password: str, user: User) -> None:
    """Raises ValidationError that names the member."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ValidationError({"new_password": error.messages}) from error


FIELDS = ("first_name", "last_name", "email", "company", "role", "allow_customer_portal_access")


def _fill(person: User, body: UserBody) -> list[str]:
    """Takes over what was supplied; the names of the fields."""
    given: dict[str, Any] = body.given
    fields = [name for name in FIELDS if name in given and given[name] != ""]
    fields += [name for name in ("first_name", "last_name", "company") if given.get(name) == ""]
    for name in fields:
        setattr(person, name, given[name])
    if "metadata" in given:
        person.metadata = merged(person.metadata, body.metadata)
        fields.append("metadata")
    return fields
