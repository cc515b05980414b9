"""What a page may load, and from where; and what it tells of itself."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpResponseBase

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


def keeps_its_address(view: Callable[..., Any]) -> Callable[..., Any]:
    """For a page whose address opens something: what it loads is not told that address, which would
    stand in logs. Its origin is, by which forms are checked for who sends them."""

    @wraps(view)
    def wrapped(*args: Any, **kwargs: Any) -> HttpResponseBase:
        response: HttpResponseBase = view(*args, **kwargs)
        response["Referrer-Policy"] = "strict-origin"
        return response

    return wrapped
