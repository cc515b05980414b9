"""New people: created without a password, invited to set one."""

from django.db import transaction

from accounts import audit, tasks
from accounts.models import User


def invite(user: User) -> None:
    """Has an invitation link e-mailed with which the user sets the first password.

    Safe to repeat: links made earlier work until one of them is used.
    """
    audit.record("invited", user)
    tasks.send_invitation.enqueue(vendor_id=str(user.vendor_id), user_id=str(user.pk))


@transaction.atomic
def create_and_invite(user: User) -> User:
    """Saves a new user of a vendor, without a usable password, and sends the invitation."""
    user.set_unusable_password()
    user.save(force_insert=True)
    audit.record("created", user, changes=audit.values_of(user))
    invite(user)
    return user
