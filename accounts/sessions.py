"""Signing in and out, and whom a session stands for.

A session counts only on the site and at the vendor where it began: its row has both, and anywhere
else the visitor is anonymous.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from hmac import compare_digest
from typing import Any

from django.contrib import auth
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.middleware.csrf import rotate_token
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import known
from accounts.devices import staying
from accounts.models import Refusal, SecondFactor, Session, User, among_operators
from accounts.models.roles import claims_of
from accounts.requests import PersonRequest
from accounts.single_sign_on.only_way import only_provider_of
from accounts.verbs import refusals, sessions
from accounts.verbs.sign_in import (
    may_still_enter,
    note_sign_in,
    note_sign_out,
    store_password_anew,
)
from tenancy.addresses import normalise_email
from tenancy.door import inside
from tenancy.hosts import Address, Site
from tenancy.models import Vendor
from tenancy.prepared import prepared
from tenancy.table import find_vendor, found_at, vendor_by_id
from web import limits
from web.errors import PortalError
from web.requests import client_ip


class SignInRefused(PortalError):
    """E-mail and password don't belong to an account that may enter here; never says why."""

    code = "SIGN_IN_REFUSED"
    status = 403
    text = _("This e-mail and password don't belong to an account here.")


class VendorIsSuspended(SignInRefused):
    """Nobody enters at this vendor, whoever it is; the vendor's portal says so, too."""

    code = "VENDOR_SUSPENDED"
    text = _(
        "The portal and the back office of this company are closed. Whoever operates the portal "
        "knows why."
    )


class OnlySingleSignOn(SignInRefused):
    """The vendor has left people with such an e-mail this way alone. Who reads it has shown the
    password, or whatever else it was."""

    code = "ONLY_SINGLE_SIGN_ON"
    text = _("With this e-mail you sign in by single sign-on alone: %(detail)s.")


def people_of(vendor: Vendor | None) -> AbstractContextManager[None]:
    """The door behind which a vendor's people are found; for None the way to operators."""
    return inside(vendor) if vendor else among_operators()


def sign_in(
    request: PersonRequest, *, site: Site, vendor: Vendor | None, email: str, password: str
) -> tuple[User, bool]:
    """Whose e-mail and password these are, and whether that was enough: if it was, a session has
    begun for the user on this site, and the one that the browser had has ended. Otherwise there is
    none before the second step (accounts/second_factor/first_step.py).

    Raises TooManyAttempts before any hash is computed, VendorIsSuspended, and SignInRefused for
    everything else.
    """
    user = find_by_password(request, site=site, vendor=vendor, email=email, password=password)
    # Nobody is in without an entry that says so.
    with people_of(vendor), transaction.atomic():
        token = enter(request, user, lambda: store_password_anew(user), asking=True)
    if token:
        hand_over(request, token)
    return user, token != ""


def find_by_password(
    request: PersonRequest, *, site: Site, vendor: Vendor | None, email: str, password: str
) -> User:
    """Whose e-mail and password these are, if that person may enter the site. Raises
    TooManyAttempts before any hash is computed, and SignInRefused for everything else."""
    address, ip = normalise_email(email), client_ip(request)
    tenant = str(vendor.pk) if vendor else ""
    # SECURITY: tests/accounts/test_known.py. Others can't use up the tries of a browser in which
    # this person has signed in before.
    own = known.mark(request, site, tenant, address)
    per_address = (limits.SIGN_IN_PER_ADDRESS, site, tenant, address, own)
    with noting_who_is_held_back(request, vendor, address, by=ip):
        limits.take_from(limits.SIGN_IN_PER_IP, ip)
    with noting_who_is_held_back(request, vendor, address, by=address):
        limits.take(*per_address)
    with people_of(vendor):
        user = auth.authenticate(request, email=email, password=password, operators=vendor is None)
        if not isinstance(user, User) or not may_enter(user, site, vendor):
            _note_stranger(request, vendor, email, knew_password=user is not None)
            raise SignInRefused if vendor is None or vendor.is_active else VendorIsSuspended
        limits.give_back_to(limits.SIGN_IN_PER_IP, ip)
        limits.give_back(*per_address)
    return user


def sign_in_invited(request: PersonRequest, user: User, *, site: Site) -> None:
    """Begins a session for who has just set the first password by the link of an invitation: the
    link has proved the address, and the password is as fresh as one that is typed.

    Raises SignInRefused for who may not enter here, and for who has a second factor, which the
    page to sign in asks for.
    """
    if not may_enter(user, site, user.vendor):
        raise SignInRefused
    with people_of(user.vendor), transaction.atomic():
        token = enter(request, user, lambda: store_password_anew(user), asking=True)
    if not token:
        raise SignInRefused
    hand_over(request, token)


_on_entering: list[Callable[[PersonRequest, User], None]] = []


def on_entering(act: Callable[[PersonRequest, User], None]) -> None:
    """Has something done before it is noted that somebody signs in, in the same transaction."""
    if act not in _on_entering:
        _on_entering.append(act)


def enter(
    request: PersonRequest,
    user: User,
    act: Callable[[], None],
    *,
    asking: bool = False,
    by_provider: bool = False,
) -> str:
    """Does the act and begins the session, under a lock that keeps the person as it was read; the
    session's token. `asking`, nothing begins for who has a second factor, and the token is empty.
    `by_provider`, it was single sign-on that has shown who it is. Inside a transaction. Raises
    SignInRefused, and OnlySingleSignOn.
    """
    if not is_admitted(user, act, asking=asking, by_provider=by_provider):
        return ""
    _end_session(request)
    stays = request.stays_signed_in = staying.is_wanted(request)
    site, browser = request.address.site, browser_of(request)
    token = sessions.begin(user, site=site, browser=browser, is_kept=stays)
    note_entering(request, user)
    return token


def is_admitted(
    user: User, act: Callable[[], None], *, asking: bool = False, by_provider: bool = False
) -> bool:
    """Does the act that lets the person in, as in `enter`; whether that is enough. Raises
    SignInRefused, and OnlySingleSignOn."""
    if not may_still_enter(user):
        raise SignInRefused
    # SECURITY: tests/accounts/test_single_sign_on.py. Every way in leads through here.
    only = None if by_provider else only_provider_of(user)
    if only is not None:
        raise OnlySingleSignOn(only.name)
    act()
    return not (asking and SecondFactor.of_scope.filter(user=user).exists())


def note_entering(request: PersonRequest, user: User) -> None:
    """Notes, and has others note, that the person has just entered. Inside that transaction."""
    for also in _on_entering:
        also(request, user)
    note_sign_in(user=user, browser=browser_of(request))


def _note_stranger(
    request: PersonRequest, vendor: Vendor | None, email: str, *, knew_password: bool
) -> None:
    """A company id that is none leads to nobody; which ones there are is no secret, since their
    portals answer."""
    if vendor is None or vendor._state.adding:
        return
    person = User.objects.at(email)
    note_refusal(request, vendor, person, _why_not(person, knew_password=knew_password))


def note_refusal(
    request: PersonRequest, vendor: Vendor | None, person: User | None, why: Refusal.WhyNotIn
) -> None:
    """For the vendor's support. Operators have nobody who would look."""
    if vendor is None:
        return
    refusals.note(
        Refusal.Kind.SIGN_IN,
        why,
        user=person,
        ip=client_ip(request),
        browser=browser_of(request),
    )


@contextmanager
def noting_who_is_held_back(
    request: PersonRequest, vendor: Vendor | None, email: str, *, by: str
) -> Iterator[None]:
    """Inside, a try of whoever says to have this e-mail is counted. One too many is noted, and for
    what it is counted `by` not again for ten minutes: who is held back goes on trying, and notes
    cost a stranger nothing. Raises TooManyAttempts."""
    try:
        yield
    except limits.TooManyAttempts:
        if vendor is not None and not vendor._state.adding and _is_to_be_noted(vendor, by):
            with inside(vendor):
                note_refusal(request, vendor, User.objects.at(email), Refusal.WhyNotIn.HELD_BACK)
        raise


def _is_to_be_noted(vendor: Vendor, by: str) -> bool:
    try:
        limits.take(limits.HELD_BACK_NOTED, str(vendor.pk), by)
    except limits.TooManyAttempts:
        return False
    return True


def _why_not(person: User | None, *, knew_password: bool) -> Refusal.WhyNotIn:
    if person is None:
        return Refusal.WhyNotIn.UNKNOWN
    if not person.has_usable_password():
        return Refusal.WhyNotIn.NO_PASSWORD
    if not knew_password:
        return Refusal.WhyNotIn.WRONG_PASSWORD
    return Refusal.WhyNotIn.NOT_HERE if person.is_active else Refusal.WhyNotIn.SWITCHED_OFF


def browser_of(request: HttpRequest) -> str:
    """What the visitor's browser says of itself."""
    return request.headers.get("User-Agent", "")


def hand_over(request: PersonRequest, token: str) -> None:
    """Gives the browser a new session's token in the place of the one that it had."""
    request.session, request.session_token = None, token
    rotate_token(request)


def sign_out(request: PersonRequest) -> None:
    """Ends the session, if there is one."""
    user = request.user
    with transaction.atomic():
        _end_session(request)
        if isinstance(user, User):
            note_sign_out(user=user)
    request.session, request.session_token = None, ""
    request.user = AnonymousUser()  # type: ignore[assignment]


def _end_session(request: PersonRequest) -> None:
    if request.session:
        with people_of(request.session.user.vendor):
            sessions.end(request.session)


def may_enter(user: User, site: Site, vendor: Vendor | None) -> bool:
    """Whether the user may be signed in in this site, which belongs to this vendor (or to none)."""
    if user.vendor_id != (vendor.pk if vendor else None):
        return False
    if site is Site.CUSTOMER:
        return user.may_use_portal
    if site is Site.BACKOFFICE:
        return user.is_staff and (vendor.is_active if vendor else user.is_operator)
    if site is Site.API:
        return vendor is not None and vendor.is_active and (user.is_staff or user.may_use_portal)
    return False


def current_user(request: PersonRequest) -> User | AnonymousUser:
    """Whom the session stands for on this host; the anonymous user when it doesn't count here."""
    session = request.session
    return session.user if session else AnonymousUser()


def arrive(address: Address, token: str) -> tuple[Vendor | None, Session | None]:
    """The vendor of a customer's host and, if the cookie's token counts there, the session: one
    statement for all that every page has to know."""
    if not token:
        return find_vendor(address), None
    asked = _sessions.asked(sessions.digest(token), timezone.now(), site=Site.CUSTOMER)
    vendor, found = found_at(address, asked)
    return vendor, counting(found, Site.CUSTOMER, vendor)


def find_session(token: str) -> Session | None:
    """The session in the back office that the cookie's token stands for. The token says at which
    vendor it is looked for, and finds nothing at another one."""
    try:
        vendor_id = sessions.vendor_of(token)
        vendor = vendor_by_id(vendor_id) if vendor_id else None
    except ValueError:
        return None
    if vendor_id and vendor is None:
        return None
    with people_of(vendor):
        found = Session.of_scope.select_related("user").filter(
            digest=sessions.digest(token), site=Site.BACKOFFICE, ends_at__gt=timezone.now()
        )
        if vendor:
            # It fills in `User.claims`. Operators, who are found outside, have no role's row.
            found = found.annotate(claims=claims_of("user__"))
        return counting(list(found), Site.BACKOFFICE, vendor)


@prepared
def _sessions(digest: Any, now: Any, /, *, site: Site) -> QuerySet[Session]:
    return Session.objects.select_related("user").filter(digest=digest, site=site, ends_at__gt=now)


def counting(found: list[Session], site: Site, vendor: Vendor | None) -> Session | None:
    """The session, if there is one and its person may still enter, by the password of then."""
    for session in found:
        user = session.user
        session.vendor = user.vendor = vendor
        if may_enter(user, site, vendor) and _knows_password(session):
            if vendor and hasattr(session, "claims"):
                user.claims = session.claims
            return session
    return None


def _knows_password(session: Session) -> bool:
    """Whether the password is still the one by which the session was begun; notes whether that is
    known by a key of before."""
    user, mark = session.user, session.password_mark
    session.has_old_mark = not compare_digest(mark, user.get_session_auth_hash())
    return not session.has_old_mark or any(
        compare_digest(mark, old) for old in user.get_session_auth_fallback_hash()
    )
