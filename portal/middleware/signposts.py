"""What robots and strangers look for at every host, also at those that nobody has: `/robots.txt`
(RFC 9309) and `/.well-known/security.txt` (RFC 9116)."""

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils import timezone

# Whether a page is listed is said by its X-Robots-Tag, which has to be read to be obeyed: so
# everybody may read the sign-in page, and those that go by the header may read all of them.
ROBOTS = """\
User-agent: Googlebot
User-agent: Bingbot
Allow: /

User-agent: *
Allow: /login/
Allow: /static/
Allow: /branding
Allow: /favicon.ico
Disallow: /
"""
EXPIRES = timedelta(days=180)  # RFC 9116 wants less than a year
KEPT = "public, max-age=86400"


class SignpostsMiddleware:
    """Answers before anything looks at the host: there is nothing of a vendor in it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        text = TEXTS[request.path_info]() if request.path_info in TEXTS else ""
        if not text:
            return self.get_response(request)
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        response = HttpResponse(text, content_type="text/plain; charset=utf-8")
        response["Cache-Control"] = KEPT
        return response


def _robots() -> str:
    return ROBOTS


def _security() -> str:
    """Whom to tell of a weakness; empty where the operator has named nobody."""
    if not settings.SECURITY_CONTACT:
        return ""
    end = (timezone.now() + EXPIRES).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = [f"Contact: {contact}" for contact in settings.SECURITY_CONTACT]
    lines.append(f"Expires: {end:%Y-%m-%dT%H:%M:%SZ}")
    if settings.SECURITY_POLICY:
        lines.append(f"Policy: {settings.SECURITY_POLICY}")
    lines.append("Preferred-Languages: en")
    return "\n".join(lines) + "\n"


TEXTS = {"/robots.txt": _robots, "/.well-known/security.txt": _security}
