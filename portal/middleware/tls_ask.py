"""`/internal/tls-ask?domain=`: whether Caddy may get a certificate for a host (on-demand TLS).

Answers 200 for domains that are served and for hosts of our own, 404 for everything else. It is
there for the proxy alone: a request from this machine that no proxy has passed on, or one with the
shared secret; to others it does not exist.
"""

import hmac
import ipaddress
from collections.abc import Callable

from django.conf import settings
from django.db import Error
from django.http import HttpRequest, HttpResponse

from tenancy.hosts import Site, locate, normalise_host
from tenancy.table import find_vendor
from tenancy.waiting import passes

PATH = "/internal/tls-ask"
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_VIA")


class TlsAskMiddleware:
    """Comes before anything that looks at the host, because Caddy asks by the server's address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path != PATH or not _is_the_proxy(request):
            return self.get_response(request)
        return HttpResponse(status=_answer(request), content_type="text/plain")


def _answer(request: HttpRequest) -> int:
    try:
        known = may_have_certificate(normalise_host(request.GET.get("domain", "")))
    except Error as error:
        if not passes(error):
            raise
        return 503
    return 200 if known else 404


def may_have_certificate(name: str) -> bool:
    """Whether somebody answers at this host, so that a certificate may be issued for it: what a
    request to it would find. The same query."""
    if ":" in name or name.endswith("."):
        return False
    address = locate(name, settings.PORTAL_PARENT_HOST)
    if address.site is not Site.CUSTOMER:
        return address.site is not Site.UNKNOWN
    vendor = find_vendor(address)
    return vendor is not None and vendor.is_active


def _is_the_proxy(request: HttpRequest) -> bool:
    """Whether this is the proxy's own question and not a visitor's that it passed on."""
    # SECURITY: tests/branding/test_tls_ask.py.
    secret = settings.TLS_ASK_SECRET
    given = request.GET.get("secret", "")
    if secret and hmac.compare_digest(given.encode(), secret.encode()):
        return True
    if any(name in request.META for name in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
