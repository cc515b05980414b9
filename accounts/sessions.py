"""Signing in and out, and whom a session stands for.

A session counts only on the site and at the vendor where it began: it carries both, and anywhere
else the visitor is anonymous.
"""

from contextlib import AbstractContextManager

from django.contrib import auth
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User, among_operators, normalise_email
from accounts.requests import PersonRequest
from accounts.verbs.sign_in import note_seen, note_sign_in, note_sign_out
from tenancy.door import inside
from tenancy.hosts import Site
from tenancy.models import Vendor
from tenancy.table import vendor_by_id
from web import limits
from web.errors import PortalError
from web.requests import client_ip

SITE_KEY = "portal.site"
VENDOR_KEY = "portal.vendor"


class SignInRefused(PortalError):
    """E-mail and password don't belong to an account that may enter here; never says why."""

    code = "SIGN_IN_REFUSED"
    status = 403
    text = _("This e-mail and password don't belong to an account here.")


def people_of(vendor: Vendor | None) -> AbstractContextManager[None]:
    """The door behind which a vendor's people are found; for None the way to operators."""
    return inside(vendor) if vendor else among_operators()


def sign_in(
    request: HttpRequest, *, site: Site, vendor: Vendor | None, email: str, password: str
) -> User:
    """Begins a session for the user on this site; the old session's content is dropped.

    Raises TooManyAttempts before any hash is computed, and SignInRefused for everything else.
    """
    address, ip = normalise_email(email), client_ip(request)
    tenant = str(vendor.pk) if vendor else ""
    per_ip = (limits.SIGN_IN_PER_IP, ip)
    per_address = (limits.SIGN_IN_PER_ADDRESS, site, tenant, address)
    limits.take(*per_ip)
    limits.take(*per_address)
    with people_of(vendor):
        user = auth.authenticate(
            request, email=address, password=password, operators=vendor is None
        )
        if not isinstance(user, User) or not may_enter(user, site, vendor):
            raise SignInRefused
        limits.give_back(*per_ip)
        limits.give_back(*per_address)
        auth.login(request, user)
        note_sign_in(user=user)
    request.session[SITE_KEY] = site
    request.session[VENDOR_KEY] = tenant
    return user


def sign_out(request: HttpRequest) -> None:
    """Ends the session, if there is one."""
    user = request.user
    auth.logout(request)
    if isinstance(user, User):
        note_sign_out(user=user)


def may_enter(user: User, site: Site, vendor: Vendor | None) -> bool:
    """Whether the user may be signed in in this site, which belongs to this vendor (or to none)."""
    if user.vendor_id != (vendor.pk if vendor else None):
        return False
    if site is Site.CUSTOMER:
        return user.may_use_portal
    if site is Site.BACKOFFICE:
        return user.is_staff and (vendor.is_active if vendor else user.is_operator)
    return False


def current_user(request: PersonRequest) -> User | AnonymousUser:
    """Whom the session stands for on this host; the anonymous user when it doesn't count here."""
    site, session = request.address.site, request.session
    if session.get(SITE_KEY) != site:
        return AnonymousUser()
    vendor = _vendor_of_session(request)
    if session.get(VENDOR_KEY) != (str(vendor.pk) if vendor else ""):
        return AnonymousUser()
    with people_of(vendor):
        user = auth.get_user(request)
        if not isinstance(user, User) or not may_enter(user, site, vendor):
            return AnonymousUser()
        note_seen(user=user)
    return user


def _vendor_of_session(request: PersonRequest) -> Vendor | None:
    """The host's vendor on a portal; in the back office the one that the session names."""
    if request.address.site is Site.CUSTOMER:
        return request.vendor
    vendor_id = request.session.get(VENDOR_KEY)
    return vendor_by_id(vendor_id) if vendor_id else None
