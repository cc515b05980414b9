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


class NoPasswordYet(PortalError):
    """Who has no password is invited instead."""

    code = "NO_PASSWORD_YET"
    text = _("This person has no password yet. Send the invitation instead.")


class NotLetIn(PortalError):
    """The account is switched off: no link would work."""

    code = "NOT_LET_IN"
    text = _("This account is switched off.")


@transaction.atomic
def invite(user: User) -> None:
    """Has an invitation link e-mailed with which the user sets the first password.

    Safe to repeat: links made earlier work until one of them is used. Raises NoInvitationNeeded.
    """
    if user.has_usable_password():
        raise NoInvitationNeeded
    queue("invitation", user=user)
    trail.record("invited", user)


@transaction.atomic
def send_password_link(user: User) -> None:
    """Has a link e-mailed with which somebody who has a password sets a new one, as if she had
    asked for it herself. Raises NotLetIn for an account that is switched off, and NoPasswordYet."""
    if not user.is_active:
        raise NotLetIn
    if not user.has_usable_password():
        raise NoPasswordYet
    queue("password-reset", user=user)
    trail.record("password-link-sent", user)


def invite_waiting(people: list[User]) -> int:
    """Invites those again who have not set a password, one after the other; how many."""
    waiting = [person for person in people if not person.has_usable_password()]
    in_steps(waiting, invite)
    return len(waiting)
