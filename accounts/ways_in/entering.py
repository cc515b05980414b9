"""Signing in by a link that was e-mailed."""

from django.db import transaction

from accounts.links import LinkRefused, Purpose, read_token
from accounts.models import User
from accounts.requests import PersonRequest
from accounts.sessions import SignInRefused, enter, hand_over, may_enter
from accounts.verbs import links
from accounts.ways_in.mailed import LINK
from audit import trail
from audit.acting import acting_as
from tenancy.hosts import Site
from tenancy.models import Vendor

LASTS = 10 * 60  # seconds: the most that ASVS 5.0 has (6.5.5)


def read_link(vendor: Vendor, token: str) -> User:
    """Whom the link signs in at the vendor's portal. Raises LinkRefused, also for who may not enter
    any more, and where the vendor has stopped allowing such links."""
    user = read_token(Purpose.SIGN_IN, vendor, token, max_age=LASTS).user
    if not LINK.is_allowed_at(vendor) or not may_enter(user, Site.CUSTOMER, vendor):
        raise LinkRefused
    return user


def sign_in_by_link(request: PersonRequest, token: str) -> tuple[User, bool]:
    """Uses the link up: whom it was for, and whether that was enough, as of `sessions.sign_in`. Who
    has a second factor is asked for it. Raises LinkRefused."""
    user = read_link(request.vendor, token)
    try:
        with transaction.atomic():
            session_token = enter(request, user, lambda: _use(user), asking=True)
    except SignInRefused as error:
        raise LinkRefused from error
    if session_token:
        hand_over(request, session_token)
    return user, session_token != ""


def _use(user: User) -> None:
    """Raises LinkRefused for all but the first who comes."""
    links.use(user)
    with acting_as(user):
        trail.record("sign-in-link-used", user, visible=True)
