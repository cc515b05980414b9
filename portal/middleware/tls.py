"""Under PUBLIC_SCHEME=https nothing is served in clear."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect


class TlsMiddleware:
    """Sends who comes by http to the same page by https.

    It comes after the host is known, in the place of Django's own, which would send visitors on to
    whatever host they name.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # SECURITY: tests/portal/test_headers.py.
        if settings.HTTPS and not request.is_secure():
            address = f"https://{request.get_host()}{request.get_full_path()}"
            return HttpResponsePermanentRedirect(address)
        return self.get_response(request)
