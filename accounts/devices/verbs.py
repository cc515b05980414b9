"""Ending sessions: by oneself, from another one or by a link that was e-mailed, and by support.
Runs in the scope of the person, or among operators."""

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.links import Purpose, read_token
from accounts.models import Session, User
from accounts.sessions import people_of
from accounts.verbs import links, sessions
from accounts.verbs.people import lock_person
from audit import trail
from audit.acting import acting_as
from tenancy.hosts import Site
from tenancy.models import Vendor
from web.once import count_once


def own_sessions(user: User) -> QuerySet[Session]:
    """Where the person is signed in, with the one that was seen last first. A program's sign-in is
    its refresh token."""
    found = Session.of_scope.filter(user=user, ends_at__gt=timezone.now())
    return found.exclude(site=Site.API, family__isnull=False).order_by("-seen_at", "pk")


@transaction.atomic
def end_one(session: Session) -> None:
    """Ends the session of who has chosen it. One that has ended meanwhile stays so, and nothing is
    told of it."""
    if Session.of_scope.filter(pk=session.pk).delete()[0]:
        if session.family:
            sessions.end_family(session)
        _record("session-ended", session.user)


@transaction.atomic
def end_others(user: User, *, but: Session) -> None:
    """Ends all of the person's sessions but this one. Whoever is just signing in waits for it, or
    is first and then ended."""
    User.people.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
    if Session.of_scope.filter(user=user).exclude(pk=but.pk).delete()[0]:
        _record("sessions-ended", user)


def read_end_link(vendor: Vendor | None, token: str) -> User:
    """Whose sessions the link ends; raises LinkRefused. The vendor is as in `read_token`."""
    return read_token(
        Purpose.END_SESSIONS, vendor, token, max_age=settings.END_SESSIONS_TIMEOUT
    ).user


def end_everywhere(user: User) -> None:
    """Ends all sessions of who came by a link, and voids every link of before. Who had shown the
    password and was not in yet starts again. Raises LinkRefused, also the second time."""
    with people_of(user.vendor), acting_as(user), transaction.atomic():
        links.use(user)
        sessions.end_all(user)
        _record("all-sessions-ended", user)


@transaction.atomic
def end_for(person: User) -> None:
    """Ends all sessions of somebody, who may sign in again: for support, as when a device was lost.
    Whoever is just signing in waits for it, or is first and then ended. Raises PersonIsGone."""
    lock_person(person)
    sessions.end_all(person)
    _record("sessions-ended-by-support", person)


def _record(action: str, user: User) -> None:
    """Operators have no trail; their form counts once all the same."""
    if user.vendor_id:
        trail.record(action, user, visible=True)
    else:
        count_once()
