"""E-mailing a licence to the customer who owns it."""

from django.db import transaction

from accounts import audit
from accounts.models import User
from accounts.outbox import queue
from licenses.errors import OwnerIsInactive
from licenses.models import License


@transaction.atomic
def send_license(license: License, *, actor: User | None) -> None:
    """Has the licence e-mailed to its owner, with its key and how to begin; sent again each time.

    Runs in the vendor's scope. Raises OwnerIsInactive.
    """
    if not license.user.is_active:
        raise OwnerIsInactive
    queue("license", user=license.user, license_id=license.pk)
    audit.record("license-sent", license, actor=actor)
