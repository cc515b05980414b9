"""Erasing a person from a vendor's audit trail."""

from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import transaction

from audit import chain, trail
from audit.models import AuditParticulars
from tenancy.door import inside
from tenancy.models import Vendor


@transaction.atomic
def erase(*, vendor: Vendor, person_id: UUID) -> int:
    """Empties what the vendor's entries say of a person, who may be gone already, and records that;
    how many such parts of entries it emptied.

    Where one part tells of two people, as when a licence goes from one to another, it goes whole.
    What is done later by the person, or to him, is written down again.
    """
    with inside(vendor):
        # Without a name and an address: the entry that tells of it must not say them.
        person = get_user_model()(pk=person_id, vendor=vendor)
        trail.record(chain.ERASED, person, customer_id=person_id)
        told = AuditParticulars.objects.filter(people__contains=str(person_id), said__isnull=False)
        return told.update(salt="", said=None)
