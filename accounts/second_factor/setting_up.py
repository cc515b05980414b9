"""The secret between the page that shows it and the first code: encrypted in a cookie, for this
person alone and an hour, so that a page that is loaded again shows the same one. No row has it
before."""

import json
from base64 import b64decode, b64encode

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.http import HttpResponse
from segno import make_qr

from accounts.models import User
from accounts.requests import PersonRequest
from accounts.second_factor import codes
from tenancy.encryption import encryption

LASTS = 60 * 60  # seconds


def secret_of(request: PersonRequest) -> bytes:
    """The secret that the person is setting up in this browser; a new one where there is none."""
    cookie = request.COOKIES.get(settings.NEW_FACTOR_COOKIE_NAME, "")
    try:
        user_id, secret = json.loads(encryption().decrypt(cookie.encode(), ttl=LASTS))
    except InvalidToken:
        return codes.new_secret()
    return b64decode(secret) if user_id == str(request.user.pk) else codes.new_secret()


def keep(response: HttpResponse, user: User, secret: bytes) -> None:
    """Gives the browser the cookie."""
    said = json.dumps([str(user.pk), b64encode(secret).decode()])
    response.set_cookie(
        settings.NEW_FACTOR_COOKIE_NAME,
        encryption().encrypt(said.encode()).decode(),
        max_age=LASTS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def forget(response: HttpResponse) -> None:
    response.delete_cookie(settings.NEW_FACTOR_COOKIE_NAME, samesite="Lax")


def address_for(user: User, secret: bytes) -> str:
    """What an app is given: under the vendor's name, or our zone's for an operator."""
    issuer = user.vendor.name if user.vendor else settings.PORTAL_PARENT_HOST
    return codes.address(secret, account=user.email, issuer=issuer)


def qr_code(address: str) -> str:
    """The address as a drawing that stands in the page: dark on light, also on a dark page, since
    not every camera reads the other way round."""
    code = make_qr(address, error="m")
    return code.svg_inline(
        dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None, border=4
    )
