"""Leases that have ended: their seats become free without anybody asking for one."""

from django.utils import timezone

from licenses.models import Activation
from licenses.verbs.activations import free_ended_leases
from tenancy.door import Way, inside, outside
from tenancy.table import vendor_by_id

MOST = 500  # licences at a time; what is left waits for the next round


def free_seats() -> int:
    """Gives back the seats whose lease has ended, at every vendor, each licence under its lock; of
    how many licences. A chore (jobs/chores.py): whoever needs a seat before it is there frees it
    himself (`activate`)."""
    with outside(Way.PROGRAMS, "One index finds the leases that have ended at all vendors."):
        ended = Activation.objects.filter(lease_expires_at__lte=timezone.now()).order_by()
        due = list(ended.values_list("vendor_id", "license_id").distinct()[:MOST])
    for vendor_id, license_id in due:
        vendor = vendor_by_id(vendor_id)
        if vendor is None:
            continue
        with inside(vendor):
            free_ended_leases(license_id)
    return len(due)
