"""The headers that every answer to a person or a program has.

Those to load balancers and to the proxy's question come before (health.py, tls_ask.py); release
files that nginx sends have what deploy/nginx.conf names.
"""

from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from portal import errors
from tenancy.hosts import is_ours
from web.policy import content_security_policy

# Passkeys are for our own pages, and for no frame in them.
PERMISSIONS = ", ".join(
    (
        "camera=()",
        "geolocation=()",
        "microphone=()",
        "publickey-credentials-create=(self)",
        "publickey-credentials-get=(self)",
    )
)

GetResponse = Callable[[HttpRequest], HttpResponse]


class HeadersMiddleware:
    """Strict headers. A view that needs another value sets it and says why."""

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
        # Search engines list nothing here, but the sign-in page of a vendor that wants it.
        response.headers.setdefault("X-Robots-Tag", "noindex")
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        return response
