"""E-mailing a licence to the customer who owns it."""

from django.db import transaction

from audit import trail
from licenses.errors import LicenseHasNoOwner, OwnerIsInactive
from licenses.models import License
from mail.outbox import queue


@transaction.atomic
def send_license(license: License) -> None:
    """Has the licence e-mailed to its owner, with its key and how to begin; sent again each time.

    Runs in the vendor's scope. Raises LicenseHasNoOwner and OwnerIsInactive.
    """
    if license.user is None:
        raise LicenseHasNoOwner
    if not license.user.is_active:
        raise OwnerIsInactive
    queue("license", user=license.user, license_id=license.pk)
    trail.record("license-sent", license)
