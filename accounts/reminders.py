"""The link in a reminder that turns reminders off: signed, as old as it may be, and good for
nothing else. So it holds as long as the e-mail is kept, and after a new password or address, too.
"""

from django.core import signing

from accounts.links import LinkRefused
from accounts.models import User
from tenancy.hosts import vendor_url
from tenancy.models import Vendor

SALT = "accounts.reminders"
PATH = "/reminders-off/"  # what mail programs send there is not sent on (RFC 8058)


def off_link(user: User) -> str:
    """The address that turns the customer's reminders off. Raises ValueError for an operator."""
    if user.vendor is None:
        raise ValueError("An operator gets no reminders.")
    token = signing.dumps([str(user.vendor.pk), str(user.pk)], salt=SALT)
    return vendor_url(user.vendor, "reminders_off", token)


def read_off_token(vendor: Vendor, token: str) -> User:
    """Whose reminders the link turns off, which the vendor's host has. Raises LinkRefused."""
    try:
        vendor_id, user_id = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError) as error:
        raise LinkRefused from error
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None or vendor_id != str(vendor.pk):
        raise LinkRefused
    return user
