"""Beginning, seeing again and ending sessions. That somebody signed in or out, the audit trail is
told by sign_in.py; these rows are no history."""

import secrets
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from accounts.devices.lifetimes import lifetime_of
from accounts.models import Session, User, among_operators
from accounts.models.sessions import LONGEST_BROWSER, REFRESH
from audit.acting import actor
from jobs.vendors import at_each
from tenancy.hosts import Site
from tenancy.table import every_vendor
from tenancy.transactions import delete_in_steps
from web.whereabouts import whereabouts_of

SEEN_AGAIN_AFTER = timedelta(minutes=5)


def begin(user: User, *, site: Site, browser: str = "", is_kept: bool = False) -> str:
    """Begins a session for the person, who may have chosen to stay signed in; the token for the
    cookie, which is kept nowhere.

    Runs in the person's scope, or among operators.
    """
    now = timezone.now()
    token = new_token(user.vendor_id)
    Session(
        vendor_id=user.vendor_id,
        user=user,
        site=site,
        digest=digest(token),
        password_mark=user.get_session_auth_hash(),
        browser=as_told(browser),
        place=whereabouts_of(actor().ip).words,
        is_kept=is_kept,
        begun_at=now,
        proved_at=now,
        seen_at=now,
        ends_at=lifetime_of(user, is_kept=is_kept).end(begun_at=now, seen_at=now),
    ).save(force_insert=True)
    return token


def note_seen(session: Session) -> None:
    """Moves when session and person were last seen, and with that when the session ends, every five
    minutes at most: a page view should not cost a write. A mark by a key that SECRET_KEY was before
    is renewed at once. A session that has ended meanwhile stays so."""
    now, user = timezone.now(), session.user
    if session.has_old_mark or now - session.seen_at >= SEEN_AGAIN_AFTER:
        lifetime = lifetime_of(user, is_kept=session.is_kept)
        Session.of_scope.filter(pk=session.pk, seen_at=session.seen_at).update(
            seen_at=now,
            ends_at=lifetime.end(begun_at=session.begun_at, seen_at=now),
            password_mark=user.get_session_auth_hash(),
        )
    if user.last_seen_at and now - user.last_seen_at < SEEN_AGAIN_AFTER:
        return
    User.people.filter(Q(last_seen_at=user.last_seen_at), pk=user.pk).update(last_seen_at=now)
    user.last_seen_at = now


def prove(session: Session) -> None:
    """Notes that the session's person has just shown to be that person (accounts/proof.py)."""
    session.proved_at = timezone.now()
    Session.of_scope.filter(pk=session.pk).update(proved_at=session.proved_at)


def end(session: Session) -> None:
    """Ends the session; one that has ended meanwhile stays so."""
    Session.of_scope.filter(pk=session.pk).delete()


def end_token(token: str) -> None:
    """Ends the session of the token."""
    Session.of_scope.filter(digest=digest(token)).delete()


def end_all(user: User) -> None:
    """Ends the person's sessions, in every browser, for good. Runs in the person's scope."""
    Session.of_scope.filter(user=user).delete()


def end_barred(user: User) -> None:
    """Ends for good the person's sessions on sites that the person may not enter any more."""
    open_to: dict[str, bool] = {
        Site.CUSTOMER: user.may_use_portal,
        Site.BACKOFFICE: user.is_staff,
        Site.API: user.is_staff or user.may_use_portal,
        REFRESH: user.is_staff or user.may_use_portal,
    }
    barred = [site for site, is_open in open_to.items() if not is_open]
    Session.of_scope.filter(user=user, site__in=barred).delete()


def end_everybodys() -> None:
    """Ends for good every session of the scope's vendor."""
    Session.of_scope.all().delete()


def clean_up_all() -> str:
    """The daily chore (jobs/chores.py): deletes every session that has run out."""
    with among_operators():
        deleted = _delete_ended()
    deleted += at_each(lambda _vendor: _delete_ended(), every_vendor())
    return f"Deleted {deleted} sessions that have run out."


def _delete_ended() -> int:
    return delete_in_steps(Session.of_scope.filter(ends_at__lte=timezone.now()))


def end_family(session: Session) -> None:
    """Ends the session, and whatever else the same sign-in of a program has begun."""
    Session.of_scope.filter(user=session.user_id, family=session.family).delete()


def new_token(vendor_id: UUID | None, family: UUID | None = None) -> str:
    """A random token that begins with whose person it is for, so that it is looked for at that
    vendor alone. Nobody gets anywhere by writing another one there. A refresh token goes on with
    its family."""
    named = [vendor_id.hex if vendor_id else "", *([family.hex] if family else [])]
    return ".".join([*named, secrets.token_urlsafe(32)])


def vendor_of(token: str) -> UUID | None:
    """The vendor that the token names; None for an operator's. Raises ValueError for what is no
    token."""
    named, dot, _secret = token.partition(".")
    if not dot:
        raise ValueError("A session's token has a vendor and a dot at its beginning.")
    return UUID(hex=named) if named else None


def digest(token: str) -> str:
    """Under what a token is found."""
    return sha256(token.encode()).hexdigest()


def as_told(browser: str) -> str:
    """What a browser says of itself, as it is kept: no NUL for PostgreSQL, and no book."""
    return browser.replace("\x00", "")[:LONGEST_BROWSER]
