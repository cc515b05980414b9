"""Signing in by two steps: whoever has shown the password has a cookie that says so, for ten
minutes, and no session; the code makes one of it.

The cookie is signed and counts at its own site and vendor alone, as long as password, e-mail and
link mark are what they were.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.http import HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts.models import Refusal, User
from accounts.requests import PersonRequest
from accounts.second_factor.verbs import WrongCode, give_back_try, take_try
from accounts.sessions import (
    enter,
    hand_over,
    may_enter,
    note_refusal,
    noting_who_is_held_back,
    people_of,
)
from audit.acting import acting_as
from tenancy.hosts import Site
from tenancy.models import Vendor
from tenancy.table import vendor_by_id
from web.errors import PortalError

SALT = "accounts.second_factor.first_step"
LASTS = 10 * 60  # seconds


class StartAgain(PortalError):
    """The first step was too long ago, or does not count any more."""

    code = "SIGN_IN_AGAIN"
    status = 403
    text = _("That took too long, or your account has changed. Sign in again.")


def keep(response: HttpResponse, user: User, site: Site, *, by_provider: bool = False) -> None:
    """Gives the browser the cookie. `by_provider`, an identity provider has said who it is, in the
    place of a password."""
    payload = [site.value, str(user.vendor_id or ""), str(user.pk), _state(user), by_provider]
    response.set_cookie(
        settings.FIRST_STEP_COOKIE_NAME,
        signing.dumps(payload, salt=SALT),
        max_age=LASTS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def forget(response: HttpResponse) -> None:
    response.delete_cookie(settings.FIRST_STEP_COOKIE_NAME, samesite="Lax")


def who(request: PersonRequest) -> User:
    """Who has shown the password in this browser, and may enter here; raises StartAgain."""
    cookie, site = request.COOKIES.get(settings.FIRST_STEP_COOKIE_NAME, ""), request.address.site
    try:
        where, vendor_id, user_id, state, by_provider = _read(cookie)
    except (signing.BadSignature, ValueError) as error:
        raise StartAgain from error
    vendor = _vendor(request, vendor_id)
    if where != site.value or vendor_id != (str(vendor.pk) if vendor else ""):
        raise StartAgain
    with people_of(vendor):
        user = User.people.filter(pk=user_id).first()
    if user is None or not constant_time_compare(state, _state(user)):
        raise StartAgain
    user.vendor, user.by_provider = vendor, by_provider
    if not may_enter(user, site, vendor):
        raise StartAgain
    return user


def _read(cookie: str) -> list[Any]:
    """Raises BadSignature."""
    said: list[Any] = signing.loads(cookie, salt=SALT, max_age=LASTS)
    return said


def _vendor(request: PersonRequest, vendor_id: str) -> Vendor | None:
    """That of the host; in the back office, which serves all, the one that the cookie names."""
    if request.address.site is Site.CUSTOMER:
        return request.vendor
    return vendor_by_id(vendor_id) if vendor_id else None


def _state(user: User) -> str:
    return salted_hmac(SALT, f"{user.password}\x1f{user.email}\x1f{user.link_mark}").hexdigest()


def finish(
    request: PersonRequest, user: User, *, use: Callable[[User, str], None], code: str
) -> None:
    """Begins the session of who has shown the password, if `use` takes the code. Raises
    TooManyAttempts, WrongCode, and SignInRefused for who was switched off meanwhile."""
    with trying(request, user), transaction.atomic():
        token = enter(request, user, partial(use, user, code), by_provider=user.by_provider)
    hand_over(request, token)


@contextmanager
def trying(request: PersonRequest, user: User) -> Iterator[None]:
    """Inside, a code of the person's is tried, who has shown the password: a try is counted, and a
    wrong code noted. Raises TooManyAttempts."""
    with noting_who_is_held_back(request, user.vendor, user.email, by=str(user.pk)):
        take_try(user)
    with people_of(user.vendor), acting_as(user):
        try:
            yield
        except WrongCode:
            note_refusal(request, user.vendor, user, Refusal.WhyNotIn.WRONG_CODE)
            raise
    give_back_try(user)
