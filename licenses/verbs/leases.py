"""Leases that have ended: their seats become free without anybody asking for one."""

from collections import defaultdict
from uuid import UUID

from django.utils import timezone

from jobs.vendors import at_each
from licenses.models import Activation
from licenses.verbs.activations import free_ended_leases
from tenancy.door import Way, outside
from tenancy.models import Vendor
from tenancy.table import vendor_by_id

MOST = 500  # licences at a time; what is left waits for the next round


def free_seats() -> int:
    """Gives back the seats whose lease has ended, at every vendor, each licence under its lock; of
    how many licences. A chore (jobs/chores.py): whoever needs a seat before it is there frees it
    himself (`activate`)."""
    with outside(Way.PROGRAMS, "One index finds the leases that have ended at all vendors."):
        ended = Activation.objects.filter(lease_expires_at__lte=timezone.now()).order_by()
        due = list(ended.values_list("vendor_id", "license_id").distinct()[:MOST])
    ended_at: dict[UUID, list[UUID]] = defaultdict(list)
    for vendor_id, license_id in due:
        ended_at[vendor_id].append(license_id)

    def at(vendor: Vendor) -> int:
        return len([free_ended_leases(license_id) for license_id in ended_at[vendor.pk]])

    return at_each(at, [vendor for vendor in map(vendor_by_id, ended_at) if vendor])
