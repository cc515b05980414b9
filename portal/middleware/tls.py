"""Under PUBLIC_SCHEME=https nothing is served in clear."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.utils.translation import gettext_lazy as _

from tenancy.hosts import Site
from web.errors import PortalError, in_json

# What programs alone ask for at a portal, and by what whoever asks may be known.
FEEDS = "/releases/feed/"
SECRETS = ("License-Key", "Authorization")


class OnlyByHttps(PortalError):
    """A program has been told an address that begins with http."""

    code = "ONLY_BY_HTTPS"
    status = 403
    text = _(
        "This address answers by https alone, and does not lead there: what a program sends in "
        "clear, anybody on the way can read. Correct the address in its settings."
    )


class TlsMiddleware:
    """Sends who comes by http to the same page by https, and refuses programs: led on silently, one
    would send its key in clear each time, and nobody would notice (OWASP ASVS 5.0, 4.1.2).

    It comes after the host is known, in the place of Django's own, which would send visitors on to
    whatever host they name.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # SECURITY: tests/portal/test_headers.py.
        if not settings.HTTPS or request.is_secure():
            return self.get_response(request)
        if is_for_programs(request):
            return in_json(OnlyByHttps())
        address = f"https://{request.get_host()}{request.get_full_path()}"
        return HttpResponsePermanentRedirect(address)


def is_for_programs(request: HttpRequest) -> bool:
    """Whether a program asks, as far as host, path and what came along tell it: the Web API, feeds,
    and files by a licence's key."""
    site = request.address.site  # type: ignore[attr-defined]
    return (
        site is Site.API
        or request.path.startswith(FEEDS)
        or "key" in request.GET
        or any(name in request.headers for name in SECRETS)
    )
