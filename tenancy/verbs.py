"""The verbs that keep the table of hosts: a vendor begins, a domain is served, then no more.

They are for the verbs of vendors and of domains, in whose transaction they run.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from tenancy.door import inside
from tenancy.models import Host, Vendor


@transaction.atomic
def add_vendor(vendor: Vendor) -> Vendor:
    """Saves a new vendor together with its host below our zone: nobody saves one otherwise.

    Raises IntegrityError when the company id is taken.
    """
    with inside(vendor):
        vendor.save(force_insert=True)
        Host.objects.create(name=vendor.company_id, vendor=vendor)
    return vendor


def serve(vendor_id: UUID, domain: str) -> None:
    """From now on the vendor's portal is what answers at the domain.

    Raises IntegrityError when that is another vendor's host, which the database decides.
    """
    with inside(vendor_id):
        Host.objects.create(name=domain, vendor_id=vendor_id)


def serve_until(vendor_id: UUID, domain: str, end: datetime | None) -> None:
    """Until when the vendor's portal answers at the domain; None: no end."""
    with inside(vendor_id):
        Host.objects.filter(name=domain, vendor_id=vendor_id).update(served_until=end)


def serve_no_more(vendor_id: UUID, domain: str) -> None:
    """Frees the domain, if it is this vendor's host."""
    with inside(vendor_id):
        Host.objects.filter(name=domain, vendor_id=vendor_id).delete()
