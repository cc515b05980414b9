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


@transaction.atomic
def send_new(license: License) -> None:
    """Has a licence that a program has just made e-mailed to its owner, if the vendor wants that
    and there is somebody who can use it. Runs in the vendor's scope."""
    if not license.vendor.send_new_licenses:
        return
    saved = License.objects.select_related("user").get(pk=license.pk)
    if saved.user and saved.user.is_active and not (saved.suspended or saved.revoked):
        send_license(saved)
