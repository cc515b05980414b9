"""How commands say an operator's invitation: an operator's e-mails have no row, and before the
first vendor nobody knows whether any leaves."""

from django.conf import settings

from accounts.emails import invitation_link
from accounts.models import User


def invitation_of(operator: User) -> str:
    """Two lines, the second a link. Whoever has it sets the operator's password."""
    days = settings.INVITATION_TIMEOUT // (24 * 60 * 60)
    told = f"{operator.email} becomes an operator by this link, once, within {days} days:"
    return f"{told}\n{invitation_link(operator)}"
