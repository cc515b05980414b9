"""Telling somebody of a sign-in in a browser in which nobody has signed in with the address before
(accounts/known.py), or by a program that has not signed in from there for long."""

from django.utils import timezone

from accounts import known
from accounts.models import User
from accounts.requests import PersonRequest
from accounts.second_factor.telling import tell
from accounts.sessions import browser_of
from accounts.verbs.sessions import as_told
from tenancy.hosts import Site
from web import browsers, limits
from web.requests import client_ip
from web.whereabouts import whereabouts_of


def tell_of_new_device(request: PersonRequest, user: User) -> None:
    """Tells who enters, unless the browser is known, or it is the very first time. The same browser
    on the same system is told of once in a quarter of an hour, and no more than a few in a row: who
    forgets all cookies is not flooded."""
    is_known = _is_known(request, user)
    if user.last_login is None or is_known:
        return
    browser = as_told(browser_of(request))
    if _may_tell(user, browser):
        told = {"browser": browser, "place": whereabouts_of(client_ip(request)).words}
        tell("new-device", user, **told, at=timezone.now().isoformat())


def _is_known(request: PersonRequest, user: User) -> bool:
    """Browsers are known by their cookie. Programs keep none: the same one at the same address is
    known for 90 days after each sign-in of the person's, so that one which signs in each night is
    told of once."""
    site, told = request.address.site, as_told(browser_of(request))
    if site is Site.API:
        who = (str(user.pk), told)
        return limits.came_lately(limits.PROGRAM_KNOWN, client_ip(request), *who)
    return bool(known.mark(request, site, str(user.vendor_id or ""), user.email))


def _may_tell(user: User, browser: str) -> bool:
    try:
        limits.take(limits.NEW_DEVICE_PER_BROWSER, str(user.pk), *browsers.named(browser))
        limits.take(limits.NEW_DEVICE_PER_USER, str(user.pk))
    except limits.TooManyAttempts:
        return False
    return True
