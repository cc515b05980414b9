"""Oneself: `/v3/me`, for everybody's token. What it reaches is the person's own."""

import hmac
from hashlib import sha1
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from ninja import Router

from accounts import wire
from accounts.models import User
from accounts.second_factor.codes import read_code
from accounts.second_factor.setting_up import address_for
from accounts.second_factor.verbs import make_recovery_codes, set_up
from accounts.sessions import browser_of
from accounts.verbs import sessions
from accounts.verbs.profile import save_profile
from api.activations import ActivationAnswer
from api.allowed import needs
from api.answers import answer
from api.bodies import Answer, Body, Moment
from api.lists import Column, Kind, Listing, condition, listed, row_of
from api.proof import check_proof
from api.requests import ApiRequest
from api.users import UserAnswer, user_of
from licenses import wire as licenses_wire
from licenses.access import licenses_of
from licenses.models import Activation, License
from licenses.search import machines_seen_in, seen_in
from releases.models import Release
from tenancy.addresses import normalise_email
from tenancy.hosts import Site
from web.errors import PortalError

router = Router(tags=["me"])
READ, WRITE = needs("user:read"), needs("user:write")


class EmailStays(PortalError):
    """A new address has to be confirmed from its mailbox."""

    code = "EMAIL_STAYS"
    text = _("An e-mail is changed on the portal's profile page, which confirms the new one.")


class MeBody(Body):
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    company: str = ""
    two_factor_enabled: bool = False
    two_factor_code: str = ""


class SecretAnswer(Answer):
    email: str
    url: str


class CodesAnswer(Answer):
    recovery_codes: list[str]


class NamedAnswer(Answer):
    display_name: str


class OwnMeterAnswer(Answer):
    name: str
    allowed_uses: int
    total_uses: int
    gross_uses: int
    floating: bool


class OwnLicenseAnswer(Answer):
    id: UUID
    created_at: Moment
    updated_at: Moment
    key: str
    revoked: bool
    suspended: bool
    type: str
    validity: int
    subscription_interval: str
    total_activations: int
    total_deactivations: int
    allowed_activations: int
    allowed_deactivations: int
    allowed_floating_clients: int
    lease_duration: int
    expires_at: Moment | None = None
    maintenance_expires_at: Moment | None = None
    notes: str
    meter_attributes: list[OwnMeterAnswer]
    product: NamedAnswer
    product_version: NamedAnswer | None = None


def _for_release(op: str, values: list[str]) -> Q:
    """Licences of the product that the release is of."""
    named = condition("releaseId", Column("id", Kind.ID), op, values)
    return Q(product_id__in=Release.objects.filter(named).values("product_id"))


LICENSES = Listing(
    columns={
        "id": Column("id", Kind.ID),
        "key": Column("key"),
        "productId": Column("product_id", Kind.ID),
        "expiresAt": Column("expires_at", Kind.MOMENT),
        "createdAt": Column("created_at", Kind.MOMENT),
        "updatedAt": Column("updated_at", Kind.MOMENT),
    },
    found=seen_in,
    special={"releaseId": _for_release},
)


MACHINES = Listing(
    columns={
        "id": Column("id", Kind.ID),
        "licenseId": Column("license_id", Kind.ID),
        "hostname": Column("hostname"),
        "createdAt": Column("created_at", Kind.MOMENT),
        "updatedAt": Column("updated_at", Kind.MOMENT),
        "lastSyncedAt": Column("last_synced_at", Kind.MOMENT),
    },
    found=machines_seen_in,
)


@router.get("/me", auth=READ, response=UserAnswer)
def get_me(request: ApiRequest) -> HttpResponse:
    return answer(wire.myself(_me(request)))


@router.patch("/me", auth=WRITE, response=UserAnswer)
def update_me(request: ApiRequest, body: MeBody) -> HttpResponse:
    """Name and company; with `twoFactorEnabled` and a first code of the secret that was asked for,
    the second factor. What is equal is no change."""
    me = request.user
    if "email" in body.given and normalise_email(body.email) != me.email:
        raise EmailStays
    for name in ("first_name", "last_name", "company"):
        setattr(me, name, body.given.get(name, getattr(me, name)))
    me.full_clean(exclude=[each.name for each in User._meta.fields if each.name not in body.given])
    if body.two_factor_enabled and me.second_factor_since is None:
        _set_up_factor(request, body.two_factor_code)  # before the row is another one
    save_profile(me)
    return answer(wire.myself(_me(request)))


@router.post("/me/2fa-secret", auth=WRITE, response=SecretAnswer)
def make_secret(request: ApiRequest) -> HttpResponse:
    """What an authenticator app is given. It counts once `PATCH /v3/me` comes with a first code."""
    check_proof(request)
    me = request.user
    return answer({"email": me.email, "url": address_for(me, _secret_of(me))})


@router.post("/me/2fa-recovery-codes", auth=WRITE, response=CodesAnswer)
def make_codes(request: ApiRequest) -> HttpResponse:
    """Ten new ones; those of before are void."""
    check_proof(request)
    return answer({"recoveryCodes": make_recovery_codes(request.user)})


@router.get(
    "/me/licenses",
    auth=needs("license:read"),
    response=list[OwnLicenseAnswer],
    openapi_extra=LICENSES.documented(),
)
def list_licenses(request: ApiRequest) -> HttpResponse:
    return listed(request, _licenses(request), LICENSES, licenses_wire.own_license)


@router.get("/me/licenses/{id}", auth=needs("license:read"), response=OwnLicenseAnswer)
def get_license(request: ApiRequest, id: str) -> HttpResponse:
    return answer(licenses_wire.own_license(_own(_licenses(request), id)))


@router.get(
    "/me/activations",
    auth=needs("activation:read"),
    response=list[ActivationAnswer],
    openapi_extra=MACHINES.documented(),
)
def list_activations(request: ApiRequest) -> HttpResponse:
    return listed(request, _machines(request), MACHINES, licenses_wire.activation)


@router.get("/me/activations/{id}", auth=needs("activation:read"), response=ActivationAnswer)
def get_activation(request: ApiRequest, id: str) -> HttpResponse:
    return answer(licenses_wire.activation(row_of(_machines(request), id, "activation")))


def _me(request: ApiRequest) -> User:
    return user_of(str(request.user.pk))


def _licenses(request: ApiRequest) -> Any:
    seen = licenses_of(request.user).select_related("product_version")
    return seen.prefetch_related("meter_attributes")


def _machines(request: ApiRequest) -> QuerySet[Activation]:
    """Those of the person's licences."""
    return Activation.objects.filter(license__in=licenses_of(request.user).values("pk"))


def _own(rows: Any, id: str) -> License:
    """Raises NotFound."""
    row: License = row_of(rows, id, "licence")
    return row


def _secret_of(user: User) -> bytes:
    """The secret that the person may set up now, which no row has before: made of our key and of
    what the person is at the moment, so that whatever changes there voids it."""
    said = f"{user.pk}\x1f{user.password}\x1f{user.link_mark}\x1f{user.updated_at.isoformat()}"
    return hmac.digest(settings.SECRET_KEY.encode(), b"second factor" + said.encode(), sha1)


def _set_up_factor(request: ApiRequest, code: str) -> None:
    """Every sign-in of before ends, and the one that the page for it would go on with, too."""
    check_proof(request)
    me = _me(request)
    token, _codes = set_up(
        me, secret=_secret_of(me), code=read_code(code), site=Site.API, browser=browser_of(request)
    )
    sessions.end_token(token)
