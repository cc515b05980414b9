"""Changing one's e-mail address: confirmed at the new address first, the old one told."""

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.links import LinkRefused, Purpose, read_token
from accounts.models import User, UserWord
from accounts.verbs import links, sessions
from accounts.verbs.passwords import check_password
from audit import trail
from audit.acting import acting_as
from mail.outbox import queue
from tenancy.addresses import normalise_email
from tenancy.models import Vendor


class AddressTaken(LinkRefused):
    """Another account of the vendor has the address, which is nobody's business: whoever follows
    the link is told that it can't be used."""


def request_email_change(user: User, *, new_email: str, current_password: str) -> None:
    """Has a confirmation link e-mailed to the new address; nothing changes before it is followed.

    Whether the address belongs to another account is not told to the asker: its owner is
    written to instead. Raises WrongPassword or TooManyAttempts.
    """
    check_password(user, current_password)
    queue("email-change", user=user, recipient=normalise_email(new_email))


def read_email_link(vendor: Vendor, token: str) -> tuple[User, str]:
    """The user and the new address of a confirmation link; raises LinkRefused."""
    link = read_token(Purpose.EMAIL_CHANGE, vendor, token, max_age=settings.PASSWORD_RESET_TIMEOUT)
    return link.user, link.detail


def confirm_email_change(vendor: Vendor, token: str) -> User:
    """Makes the link's address the user's own and tells the old one; every session of the user
    ends.

    Runs in the vendor's scope. Raises LinkRefused, also the second time, and AddressTaken.
    """
    user, new_email = read_email_link(vendor, token)
    old_email = user.email
    with transaction.atomic():
        _move(user, new_email)
        sessions.end_all(user)
        queue("address-changed", user=user, recipient=old_email)
    return user


def _move(user: User, new_email: str) -> None:
    """Raises AddressTaken, and LinkRefused if the account has changed meanwhile."""
    moved = {"email": [user.email, new_email]}
    try:
        with transaction.atomic():
            links.use(user, email=new_email)
            UserWord.objects.keep([user.pk])
            with acting_as(user):
                trail.record("email-changed", user, changes=moved, visible=True)
    except IntegrityError as error:
        raise AddressTaken from error
