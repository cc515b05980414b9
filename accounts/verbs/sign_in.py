"""What is written down when people come, are seen and go; sessions.py has their sessions."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from audit import trail
from audit.acting import acting_as

SEEN_AGAIN_AFTER = timedelta(minutes=5)


def note_sign_in(*, user: User) -> None:
    """Records it; operators have no trail. Django itself moves `last_login`."""
    if user.vendor:
        with acting_as(user):
            trail.record("signed-in", user, visible=True)


def note_sign_out(*, user: User) -> None:
    if user.vendor:
        with acting_as(user):
            trail.record("signed-out", user, visible=True)


def note_seen(*, user: User) -> None:
    """Moves `last_seen_at`, every five minutes at most: a page view should not cost a write."""
    now = timezone.now()
    if user.last_seen_at and now - user.last_seen_at < SEEN_AGAIN_AFTER:
        return
    User.people.filter(Q(last_seen_at=user.last_seen_at), pk=user.pk).update(last_seen_at=now)
    user.last_seen_at = now
