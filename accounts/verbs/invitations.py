"""Invitations: links with which people set their first password."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit import trail
from mail.outbox import queue
from tenancy.transactions import in_steps
from web.errors import PortalError


class NoInvitationNeeded(PortalError):
    """Somebody who has set a password needs no invitation."""

    code = "NO_INVITATION_NEEDED"
    text = _("This person has set a password already and needs no invitation.")


@transaction.atomic
def invite(user: User) -> None:
    """Has an invitation link e-mailed with which the user sets the first password.

    Safe to repeat: links made earlier work until one of them is used. Raises NoInvitationNeeded.
    """
    if user.has_usable_password():
        raise NoInvitationNeeded
    queue("invitation", user=user)
    trail.record("invited", user)


def invite_waiting(people: list[User]) -> int:
    """Invites those again who have not set a password, one after the other; how many."""
    waiting = [person for person in people if not person.has_usable_password()]
    in_steps(waiting, invite)
    return len(waiting)
