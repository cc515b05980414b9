"""Whom a request comes from, and whether by TLS."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from web.visitors import visitor

# By these gunicorn and others believe a visitor who says that he came by TLS.
SCHEMES = ("HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_PROTOCOL", "HTTP_X_FORWARDED_SSL")


class VisitorMiddleware:
    """Puts the visitor's address in the place of the proxy's and sets the scheme that he came by.

    After it nothing has to know of proxies: REMOTE_ADDR and `request.is_secure()` are true.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        meta, proxies = request.META, settings.TRUSTED_PROXIES
        by_rfc = settings.PROXY_HEADERS == "forwarded"
        found = visitor(
            meta.get("REMOTE_ADDR", ""),
            proxies=proxies,
            address=meta.get("HTTP_X_FORWARDED_FOR", ""),
            scheme=meta.get("HTTP_X_FORWARDED_PROTO", ""),
            forwarded=meta.get("HTTP_FORWARDED", "") if by_rfc else None,
        )
        meta["REMOTE_ADDR"] = found.address
        # SECURITY: tests/web/test_visitors.py. Without a proxy nobody's word is taken for TLS.
        if proxies or any(name in meta for name in SCHEMES):
            meta["wsgi.url_scheme"] = "https" if found.secure else "http"
        return self.get_response(request)
