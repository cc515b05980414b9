"""New people: created without a password, invited to set one."""

from django.db import transaction

from accounts.models import User
from audit import trail
from mail.outbox import queue


@transaction.atomic
def invite(user: User) -> None:
    """Has an invitation link e-mailed with which the user sets the first password.

    Safe to repeat: links made earlier work until one of them is used.
    """
    queue("invitation", user=user)
    trail.record("invited", user)


@transaction.atomic
def create_and_invite(user: User) -> User:
    """Saves a new user of a vendor, without a usable password, and sends the invitation."""
    user.set_unusable_password()
    user.save(force_insert=True)
    trail.record("created", user, changes=trail.values_of(user))
    invite(user)
    return user
