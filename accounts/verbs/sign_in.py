"""What is written down when people come and go; sessions.py has their sessions."""

from django.utils import timezone

from accounts.models import User
from audit import trail
from audit.acting import acting_as


def note_sign_in(*, user: User) -> None:
    """Moves `last_login` and records it; operators have no trail."""
    user.last_login = timezone.now()
    user.save(update_fields=["last_login"])
    if user.vendor:
        with acting_as(user):
            trail.record("signed-in", user, visible=True)


def note_sign_out(*, user: User) -> None:
    if user.vendor:
        with acting_as(user):
            trail.record("signed-out", user, visible=True)
