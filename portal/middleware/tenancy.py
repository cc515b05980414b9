"""The vendor of a request, found by its host alone, and the visitor's session there."""

from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.urls import set_urlconf

from accounts import reminders
from accounts.passkeys.places import RELATED_ORIGINS
from accounts.requests import PersonRequest
from accounts.sessions import arrive
from branding.models import brand_of
from portal import errors
from tenancy.door import inside
from tenancy.hosts import Site, canonical_host, locate, origin
from tenancy.models import Vendor
from tenancy.waiting import is_taken, leads_nowhere
from web.disks import is_out
from web.errors import GoneMeanwhile, PortalError, TakenMeanwhile

GetResponse = Callable[[HttpRequest], HttpResponse]


def _moved(request: PersonRequest, domain: str) -> HttpResponse:
    """Sends the visitor to the same page at the vendor's own domain; for as long as that is the
    portal's address, so not for ever (302). What was sent is not sent on."""
    response = HttpResponse(status=HTTPStatus.FOUND)
    if request.method not in {"GET", "HEAD"}:
        response.status_code = HTTPStatus.SEE_OTHER
    response["Location"] = origin(domain) + request.get_full_path()
    return response


def _stays(request: PersonRequest) -> bool:
    """Whether it is answered here whatever the portal's address is: mail programs (RFC 8058) and
    browsers that ask where passkeys may be used (WebAuthn, 5.11) follow no redirect."""
    by_mail = request.method == "POST" and request.path.startswith(reminders.PATH)
    return by_mail or request.path == RELATED_ORIGINS


def _look_of(vendor: Vendor) -> set[str]:
    """What the page of a closed portal fetches, which looks like the vendor's: colour and logos."""
    brand = brand_of(vendor)
    if brand is None:
        return set()
    pictures = (brand.light, brand.dark, brand.icon)
    return {brand.css_url.partition("?")[0], *(each.path for each in pictures if each)}


class TenancyMiddleware:
    """Finds the vendor of the host and runs the rest of the request inside the vendor's scope."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    @errors.or_unavailable
    def __call__(self, request: PersonRequest) -> HttpResponse:
        # Pages that a middleware answers itself are reversed in the host's own URLconf.
        set_urlconf(request.urlconf)
        request.session = None
        request.address = locate(request.get_host(), settings.PORTAL_PARENT_HOST)
        # SECURITY: tests/tenancy/test_hosts.py. Two readings of the host have to agree.
        expected = "domain" if request.address.domain else request.address.site
        if request.host.name != expected or request.address.site is Site.UNKNOWN:
            return errors.misdirected(request)
        if request.address.site is not Site.CUSTOMER:
            return self.get_response(request)
        token = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
        vendor, request.session = arrive(request.address, token)
        if vendor is None:
            return errors.misdirected(request)
        request.vendor = vendor
        if not vendor.is_active and request.path not in _look_of(vendor):
            return errors.portal_closed(request)
        address = canonical_host(vendor)
        moves = not request.address.domain and address == vendor.canonical_domain
        if moves and not _stays(request):
            return _moved(request, address)
        with inside(vendor):
            return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, PortalError):
            return errors.refused(request, exception)
        if isinstance(exception, Error) and errors.will_pass(exception):
            return errors.unavailable(request, exception)
        if isinstance(exception, Error) and leads_nowhere(exception):
            return errors.refused(request, GoneMeanwhile())
        if isinstance(exception, Error) and is_taken(exception):
            return errors.refused(request, TakenMeanwhile())
        if is_out(exception):
            return errors.storage_unavailable(request, exception)
        return None
