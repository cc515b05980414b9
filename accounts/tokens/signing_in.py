"""How a program signs in for a person, and stays so.

It gets an access token and a refresh token, by which it gets the next pair (verbs/programs.py). A
refresh token counts once: whoever comes with one of before has a copy, or somebody else has, so
that all that this sign-in has begun ends.
"""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.devices.verbs import end_one
from accounts.models import Session, User
from accounts.models.sessions import REFRESH
from accounts.requests import PersonRequest
from accounts.second_factor import codes
from accounts.second_factor.first_step import trying
from accounts.second_factor.verbs import WrongCode, use_code, use_recovery_code
from accounts.sessions import (
    OnlySingleSignOn,
    SignInRefused,
    browser_of,
    counting,
    find_by_password,
    is_admitted,
    note_entering,
)
from accounts.verbs import programs
from accounts.verbs.programs import Pair
from accounts.verbs.sign_in import store_password_anew
from audit.acting import acting_as
from tenancy.door import inside
from tenancy.hosts import Site
from tenancy.models import Vendor
from tenancy.table import vendor_by_id
from web.errors import AuthenticationFailed, PortalError


class SignInFailed(AuthenticationFailed):
    """What was sent lets nobody in; never says why."""

    status = 400
    text = _("This company id, e-mail and password don't belong to an account.")


class OnlyByProvider(SignInFailed):
    """The password was right, and the vendor has left single sign-on alone."""

    code = "SINGLE_SIGN_ON_NEEDED"
    text = _("With this e-mail one signs in by single sign-on alone. Make an access token there.")


class CodeNeeded(SignInFailed):
    """The password was right, and is not enough."""

    code = "TWO_FACTOR_CODE_NEEDED"
    text = _("This account has a second factor: send twoFactorCode or twoFactorRecoveryCode, too.")


class CodeRefused(SignInFailed):
    """The password was right, and the code was not, or was used before."""

    code = "TWO_FACTOR_CODE_REFUSED"
    text = _("This code is wrong or was used before. Wait until the app shows another one.")


class RefreshRefused(PortalError):
    """The refresh token counts no more."""

    code = "REFRESH_TOKEN_REFUSED"
    status = 401
    text = _("This refresh token counts no more. Sign in again.")


def sign_in(
    request: PersonRequest,
    *,
    vendor: Vendor,
    email: str,
    password: str,
    code: str = "",
    recovery_code: str = "",
) -> Pair:
    """Signs a program in for the person whose e-mail and password these are, and whose code of a
    second factor, if there is one.

    Raises TooManyAttempts, and SignInFailed, whose kinds tell what is missing to who has
    shown the password.
    """
    try:
        user = find_by_password(
            request, site=Site.API, vendor=vendor, email=email, password=password
        )
        if not user.second_factor_since:
            with inside(vendor), transaction.atomic():
                return _enter(request, user, lambda: store_password_anew(user), asking=True)
        if not (code or recovery_code):
            raise CodeNeeded
        use = _use_of(user, code, recovery_code)
        with trying(request, user), transaction.atomic():
            return _enter(request, user, lambda: _do(partial(store_password_anew, user), use))
    except WrongCode as error:
        raise CodeRefused from error
    except OnlySingleSignOn as error:
        raise OnlyByProvider from error
    except SignInRefused as error:
        raise SignInFailed from error


def _use_of(user: User, code: str, recovery_code: str) -> Callable[[], None]:
    """What uses the code up, or raises WrongCode."""
    if code:
        return partial(use_code, user, codes.read_code(code))
    return partial(use_recovery_code, user, codes.read_recovery_code(recovery_code))


def _do(*acts: Callable[[], None]) -> None:
    for act in acts:
        act()


def _enter(
    request: PersonRequest, user: User, act: Callable[[], None], *, asking: bool = False
) -> Pair:
    if not is_admitted(user, act, asking=asking):
        raise CodeNeeded
    pair = programs.begin(user, browser=browser_of(request))
    note_entering(request, user)
    return pair


def refresh(token: str) -> Pair:
    """The next pair. Of many who come at once with one token, one gets it, and then it is over for
    all of them. Raises RefreshRefused."""
    try:
        vendor_id, family = _named(token)
        vendor = vendor_by_id(vendor_id)
    except ValueError as error:
        raise RefreshRefused from error
    if vendor is None:
        raise RefreshRefused
    with inside(vendor):
        session = _session_of(family, vendor)
        try:
            return programs.renew(session, token)
        except programs.UsedBefore as error:
            # SECURITY: tests/api/test_accounts.py. A token of before: one of two is a thief.
            with acting_as(session.user):
                end_one(session)
            raise RefreshRefused from error


def _named(token: str) -> tuple[UUID, UUID]:
    """The vendor and the family that a refresh token names; raises ValueError."""
    vendor, family, _secret = token.split(".")
    return UUID(hex=vendor), UUID(hex=family)


def _session_of(family: UUID, vendor: Vendor) -> Session:
    found = Session.objects.select_related("user").filter(
        family=family, site=REFRESH, ends_at__gt=timezone.now()
    )
    session = counting(list(found), Site.API, vendor)
    if session is None:
        raise RefreshRefused
    return session
