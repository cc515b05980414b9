"""Sessions of programs, which have signed in for a person. Runs in the person's scope.

A sign-in is a row on the site `refresh`, found by its family, which the refresh token names; each
renewal gives it another token. An access token is a session on the site `api`, which lasts an hour.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from accounts.devices.lifetimes import lifetime_of
from accounts.models import Session, User
from accounts.models.sessions import REFRESH
from accounts.verbs import sessions
from accounts.verbs.sign_in import may_still_enter
from audit.acting import actor
from tenancy.hosts import Site
from web.whereabouts import whereabouts_of

ACCESS_LASTS = timedelta(hours=1)


class UsedBefore(Exception):
    """The sign-in has another refresh token by now, or its person may not enter any more."""


@dataclass(frozen=True, slots=True)
class Pair:
    """What a program is handed, and what is kept nowhere."""

    access: str
    refresh: str


def begin(user: User, *, browser: str) -> Pair:
    """Begins a program's sessions for the person. It stays signed in as long as a browser in which
    that was chosen."""
    now, family = timezone.now(), uuid4()
    session = Session(
        vendor_id=user.vendor_id,
        user=user,
        site=REFRESH,
        browser=sessions.as_told(browser),
        place=whereabouts_of(actor().ip).words,
        is_kept=True,
        family=family,
        begun_at=now,
        proved_at=now,
    )
    return _hand_out(session, now)


@transaction.atomic
def renew(session: Session, token: str) -> Pair:
    """The next pair of tokens, for who comes with the refresh token. Of many at once one gets it.
    Raises UsedBefore."""
    # Whoever ends this person's sessions waits for this one, or has ended it.
    if not may_still_enter(session.user):
        raise UsedBefore
    rows = Session.objects.select_for_update(of=("self",)).select_related("user")
    now_kept = rows.filter(pk=session.pk).first()
    if now_kept is None or not compare_digest(sessions.digest(token), now_kept.digest):
        raise UsedBefore
    return _hand_out(now_kept, timezone.now())


def _hand_out(session: Session, now: datetime) -> Pair:
    """Saves the sign-in with its new refresh token, and a session for its access token. To come
    again proves nothing: that was when it began."""
    user = session.user
    access = sessions.new_token(user.vendor_id)
    refresh = sessions.new_token(user.vendor_id, session.family)
    session.digest = sessions.digest(refresh)
    session.password_mark = user.get_session_auth_hash()
    session.seen_at = now
    lifetime = lifetime_of(user, is_kept=True)
    session.ends_at = lifetime.end(begun_at=session.begun_at, seen_at=now)
    session.save()
    Session(
        vendor_id=user.vendor_id,
        user=user,
        site=Site.API,
        digest=sessions.digest(access),
        password_mark=session.password_mark,
        browser=session.browser,
        place=session.place,
        family=session.family,
        begun_at=session.begun_at,
        proved_at=session.proved_at,
        seen_at=now,
        ends_at=min(now + ACCESS_LASTS, session.ends_at),
    ).save(force_insert=True)
    return Pair(access, refresh)
