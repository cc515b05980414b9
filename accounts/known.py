"""Browsers in which somebody has signed in before, by a cookie of their own.

Who fails to sign in with another's address again and again uses up the tries of strangers alone:
whoever has signed in with the address in this browser has tries of his own
(accounts/sessions.py). The cookie lets nobody in, and nothing of it is kept.
"""

import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import User
from tenancy.hosts import Site

LASTS = 365 * 24 * 60 * 60  # seconds
SALT = "accounts.known"


def mark(request: HttpRequest, site: Site, tenant: str, address: str) -> str:
    """What tells this browser from others in which somebody has signed in with the address; empty
    for strangers."""
    try:
        whose, own = signing.loads(
            request.COOKIES.get(settings.KNOWN_COOKIE_NAME, ""), salt=SALT, max_age=LASTS
        )
    except (signing.BadSignature, ValueError, TypeError):
        return ""
    return str(own) if constant_time_compare(whose, _digest(site, tenant, address)) else ""


def remember(response: HttpResponse, user: User, site: Site) -> HttpResponse:
    """The response, by which the browser is known for the person's address from now on."""
    whose = _digest(site, str(user.vendor_id or ""), user.email)
    response.set_cookie(
        settings.KNOWN_COOKIE_NAME,
        signing.dumps([whose, secrets.token_urlsafe(12)], salt=SALT),
        max_age=LASTS,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )
    return response


def _digest(site: Site, tenant: str, address: str) -> str:
    return salted_hmac(SALT, f"{site.value}\x1f{tenant}\x1f{address}").hexdigest()[:32]
