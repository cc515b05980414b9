"""What happened to a licence: written by the verbs, shown to the customer."""

from typing import Any

from accounts.models import User
from licenses.models import License, LicenseEvent


def record(
    license: License, type: LicenseEvent.Type, *, actor: User | None, **details: Any
) -> LicenseEvent:
    """Writes an event into the licence's history; without an actor it was a program or the system.

    A member of the vendor's staff is recorded as the vendor: customers need no staff names.
    """
    name = ""
    if actor is not None:
        name = actor.full_name if actor.is_customer else license.vendor.name
    return LicenseEvent.objects.create(
        vendor_id=license.vendor_id, license=license, type=type, actor=name, details=details
    )
