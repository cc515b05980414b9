"""What happens to every request before and after its view, in the order of settings.MIDDLEWARE."""

from collections.abc import Callable
from contextlib import nullcontext
from http import HTTPStatus
from typing import cast

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.http import HttpRequest, HttpResponse
from django.urls import set_urlconf
from django.utils.functional import SimpleLazyObject
from django_scopes import scope

from accounts.acting import Channel, Origin, acting
from accounts.models import User
from accounts.rate_limits import TooManyAttempts
from accounts.sessions import current_user
from portal import errors
from portal.http import PortalRequest, client_ip
from portal.tenancy import (
    Room,
    canonical_host,
    find_vendor,
    is_ours,
    locate,
    normalise_host,
    origin,
)
from releases.errors import AllPlacesTaken

GetResponse = Callable[[HttpRequest], HttpResponse]

CONTENT_SECURITY_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}


def content_security_policy(**changes: str) -> str:
    """The header's value; a change is a directive (dashes as underscores) and its sources."""
    policy = CONTENT_SECURITY_POLICY | {
        name.replace("_", "-"): value for name, value in changes.items()
    }
    return "; ".join(f"{name} {value}" for name, value in policy.items())


class HeadersMiddleware:
    """Strict headers on every answer. A view that needs another value sets it and says why."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.policy = content_security_policy()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            response = errors.method_not_allowed(request, allow=response.headers["Allow"])
        if response.status_code == HTTPStatus.NOT_MODIFIED:
            # CommonMiddleware says 0, which would be the length of the page itself (RFC 9110, 8.6).
            response.headers.pop("Content-Length", None)
        if "Strict-Transport-Security" in response and not is_ours(
            request.META.get("HTTP_HOST", "")
        ):
            # What lies below a vendor's own domain is the vendor's: no includeSubDomains there.
            response["Strict-Transport-Security"] = f"max-age={settings.SECURE_HSTS_SECONDS}"
        response.headers.setdefault("Content-Security-Policy", self.policy)
        response.headers.setdefault("Cache-Control", "private, no-store")
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), geolocation=(), microphone=()"
        )
        return response


class NormaliseHostMiddleware:
    """Makes one spelling of each host, so that all later comparisons can be exact."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "HTTP_HOST" in request.META:
            request.META["HTTP_HOST"] = normalise_host(request.META["HTTP_HOST"])
        return self.get_response(request)


def _moved(request: PortalRequest, domain: str) -> HttpResponse:
    """Sends the visitor to the same page at the vendor's own domain; for as long as that is the
    portal's address, so not for ever (302). What was sent is not sent on."""
    response = HttpResponse(status=HTTPStatus.FOUND)
    if request.method not in {"GET", "HEAD"}:
        response.status_code = HTTPStatus.SEE_OTHER
    response["Location"] = origin(domain) + request.get_full_path()
    return response


class TenancyMiddleware:
    """Finds the vendor of the host and runs the rest of the request inside the vendor's scope."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, http_request: HttpRequest) -> HttpResponse:
        request = cast(PortalRequest, http_request)
        # Pages that a middleware answers itself are reversed in the host's own URLconf.
        set_urlconf(request.urlconf)
        request.address = locate(request.get_host(), settings.PORTAL_PARENT_HOST)
        # SECURITY: tests/portal/test_tenancy.py. Two readings of the host have to agree.
        expected = "domain" if request.address.domain else request.address.room
        if request.host.name != expected or request.address.room is Room.UNKNOWN:
            return errors.misdirected(request)
        if request.address.room is not Room.CUSTOMER:
            return self.get_response(request)
        vendor = find_vendor(request.address)
        if vendor is None:
            return errors.misdirected(request)
        request.vendor = vendor
        if not vendor.is_active:
            return errors.portal_closed(request)
        address = canonical_host(vendor)
        if not request.address.domain and address == vendor.canonical_domain:
            return _moved(request, address)
        with scope(vendor=vendor):
            return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, TooManyAttempts):
            return errors.too_many_attempts(request, exception)
        if isinstance(exception, AllPlacesTaken):
            return errors.busy(request, exception)
        return None


CHANNELS = {Room.BACKOFFICE: Channel.BACKOFFICE, Room.API: Channel.API}


def _origin_of(request: PortalRequest) -> Origin:
    """What the audit trail writes down beside what this request changes."""

    def who() -> User | None:
        return request.user if request.user.is_authenticated else None

    channel = CHANNELS.get(request.address.room, Channel.PORTAL)
    return Origin(channel=channel, ip=client_ip(request), who=who)


class PeopleMiddleware(AuthenticationMiddleware):
    """Sets request.user: whoever the session names, if the session counts on this host.

    It takes the place of Django's own middleware, which would trust any session.
    """

    def __call__(self, http_request: HttpRequest) -> HttpResponse:
        request = cast(PortalRequest, http_request)
        with acting(_origin_of(request)):
            return self._answer(request)

    def _answer(self, request: PortalRequest) -> HttpResponse:
        if request.address.room is not Room.BACKOFFICE:
            request.user = SimpleLazyObject(lambda: current_user(request))  # type: ignore[assignment]
            return cast(HttpResponse, self.get_response(request))
        # Staff work inside their vendor's scope. An operator works inside none, so that a query
        # on any vendor's rows fails loudly.
        user = request.user = current_user(request)  # type: ignore[assignment]
        vendor = user.vendor if user.is_authenticated else None
        with scope(vendor=vendor) if vendor else nullcontext():
            return cast(HttpResponse, self.get_response(request))
