"""The verbs about vendors that operators use."""

from django.db import transaction
from django_scopes import scope

from accounts.invitations import create_and_invite
from accounts.models import Role, User, Vendor, normalise_email


@transaction.atomic
def create_vendor(vendor: Vendor, *, admin_email: str) -> Vendor:
    """Saves a new vendor and invites its first administrator.

    Raises ValidationError when the vendor's fields are refused; then nothing is saved or sent.
    """
    vendor.full_clean()
    vendor.save(force_insert=True)
    with scope(vendor=vendor):
        create_and_invite(User(vendor=vendor, email=normalise_email(admin_email), role=Role.ADMIN))
    return vendor
