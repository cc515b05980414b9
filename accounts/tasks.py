"""What the queue's worker does for this app: write e-mails.

Arguments are ids alone. A task looks everything up itself, inside the vendor's scope, and makes
its links itself, so that no secret lies in the queue.
"""

from django_tasks import task

from accounts import emails
from accounts.links import Purpose, make_token
from accounts.models import User, Vendor, normalise_email
from accounts.sessions import may_enter, people_of
from portal.tenancy import Room


@task()
def send_password_reset(*, room: str, vendor_id: str, email: str) -> None:
    """Sends a reset link, if the address belongs to someone who may enter the room."""
    vendor = Vendor.objects.filter(pk=vendor_id).first() if vendor_id else None
    if vendor_id and vendor is None:
        return  # Somebody typed a company id that nobody has.
    with people_of(vendor):
        user = User.people.select_related("vendor").filter(email=normalise_email(email)).first()
        if user and may_enter(user, Room(room), vendor):
            emails.password_reset(user, make_token(Purpose.RESET, user))


@task()
def send_invitation(*, vendor_id: str, user_id: str) -> None:
    """Sends the link with which a new user sets the first password."""
    user = _user(vendor_id, user_id)
    emails.invitation(user, make_token(Purpose.INVITATION, user))


@task()
def send_email_change(*, vendor_id: str, user_id: str, new_email: str) -> None:
    """Sends the confirmation link to the new address; or a notice, if the address is taken."""
    user = _user(vendor_id, user_id)
    with people_of(user.vendor):
        taken = User.people.filter(email=new_email).exclude(pk=user.pk).first()
    if taken:
        emails.address_already_has_account(taken)
    else:
        emails.confirm_new_address(
            user, new_email, make_token(Purpose.EMAIL_CHANGE, user, new_email)
        )


@task()
def send_email_changed_notice(*, vendor_id: str, user_id: str, old_email: str) -> None:
    """Tells the old address that the account's e-mail has changed."""
    emails.address_changed(_user(vendor_id, user_id), old_email)


def _user(vendor_id: str, user_id: str) -> User:
    vendor = Vendor.objects.get(pk=vendor_id)
    with people_of(vendor):
        return User.people.select_related("vendor").get(pk=user_id)
