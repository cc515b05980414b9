"""Accounts: `/v3/accounts`. Signing in for programs, and the vendor's own row."""

from typing import Annotated
from uuid import UUID

from django.http import HttpResponse
from ninja import Router
from pydantic import AfterValidator

from accounts.tokens import signing_in
from accounts.verbs.passwords import request_reset
from accounts.verbs.programs import Pair
from api.allowed import OPEN, needs
from api.answers import answer, nothing
from api.bodies import Answer, Body, Moment
from api.errors import NotFound, NotOffered
from api.idempotency import each_time
from api.requests import ApiRequest
from branding import wire
from branding.verbs.brands import Contact, change_brand
from tenancy.hosts import Site
from tenancy.models import Vendor
from tenancy.table import vendor_by_company_id, vendor_by_id
from web.requests import client_ip

router = Router(tags=["accounts"])
READ = needs("account:read", "accounts.view_portalsettings")
CHANGE = needs("account:write", "branding.change_branding")


def _storable(text: str) -> str:
    """Raises ValueError for the one character that PostgreSQL keeps nowhere."""
    if "\x00" in text:
        raise ValueError("U+0000 can't be in it")
    return text


class OfVendorBody(Body):
    company_id: str = ""
    account_alias: str = ""
    account_id: str = ""
    email: Annotated[str, AfterValidator(_storable)] = ""


class LoginBody(OfVendorBody):
    password: str = ""
    two_factor_code: str = ""
    two_factor_recovery_code: str = ""


class RefreshBody(Body):
    refresh_token: str = ""


class AccountBody(Body):
    email: str = ""
    website: str = ""


class PairAnswer(Answer):
    access_token: str
    refresh_token: str


class AccountAnswer(Answer):
    id: UUID
    created_at: Moment
    updated_at: Moment
    company: str
    company_id: str
    email: str
    status: str
    custom_domain: str
    website: str
    logo_url: str | None = None
    favicon_url: str | None = None


def _vendor_of(body: OfVendorBody) -> Vendor:
    """Whom the body names; a vendor without people where it is nobody, so that it is answered like
    a wrong password, in the same time."""
    named = body.company_id or body.account_alias
    try:
        found = vendor_by_id(body.account_id) if body.account_id else vendor_by_company_id(named)
    except ValueError:
        found = None
    return found or Vendor(company_id=named)


@router.post("/accounts/login", auth=OPEN, response=PairAnswer)
@each_time
def login(request: ApiRequest, body: LoginBody) -> HttpResponse:
    """By e-mail and password, and a code where the account has a second factor. The access token
    lasts an hour."""
    pair = signing_in.sign_in(
        request,
        vendor=_vendor_of(body),
        email=body.email,
        password=body.password,
        code=body.two_factor_code,
        recovery_code=body.two_factor_recovery_code,
    )
    return answer(_told(pair))


@router.post("/accounts/refresh", auth=OPEN, response=PairAnswer)
@each_time
def refresh(request: ApiRequest, body: RefreshBody) -> HttpResponse:
    """The next pair of tokens. Each refresh token counts once."""
    return answer(_told(signing_in.refresh(body.refresh_token)))


@router.post("/accounts/reset-password-request", auth=OPEN, response={202: None})
@each_time
def reset_password_request(request: ApiRequest, body: OfVendorBody) -> HttpResponse:
    """Has a link to set a password e-mailed, if there is such an account; never says whether."""
    request_reset(site=Site.API, vendor=_vendor_of(body), email=body.email, ip=client_ip(request))
    return nothing(202)


@router.post("/accounts/login-google", auth=OPEN, include_in_schema=False)
def login_by_google(request: ApiRequest) -> HttpResponse:
    """Answers as all else that is not there, and not that an account can't be posted to."""
    raise NotOffered


@router.get("/accounts/{id}", auth=READ, response=AccountAnswer)
def get(request: ApiRequest, id: str) -> HttpResponse:
    """The token's own vendor, by its id or its company id."""
    return answer(wire.account(_own(request, id)))


@router.patch("/accounts/{id}", auth=CHANGE, response=AccountAnswer)
def update(request: ApiRequest, id: str, body: AccountBody) -> HttpResponse:
    """Support e-mail and website. All else has a page of its own in the back
    office."""
    vendor, contact = _own(request, id), Contact()
    if "email" in body.given:
        contact["support_email"] = body.email
    if "website" in body.given:
        contact["website"] = body.website
    change_brand(vendor=vendor, contact=contact)
    return answer(wire.account(_own(request, id)))


def _own(request: ApiRequest, id: str) -> Vendor:
    """Raises NotFound for every other vendor's."""
    if id not in {str(request.vendor.pk), request.vendor.company_id}:
        raise NotFound("account")
    vendor: Vendor = Vendor.objects.select_related("branding").get(pk=request.vendor.pk)
    return vendor


def _told(pair: Pair) -> dict[str, str]:
    return {"accessToken": pair.access, "refreshToken": pair.refresh}
