"""Asking for an e-mail with a link to sign in, or with licence keys. Runs in the vendor's scope."""

from django.db import transaction

from accounts.ways_in import tasks
from accounts.ways_in.mailed import Mailed
from tenancy.addresses import normalise_email
from tenancy.models import Vendor
from web import limits
from web.once import count_once


def ask(mailed: Mailed, *, vendor: Vendor, email: str, ip: str) -> None:
    """Has it e-mailed, if the address belongs to a customer who may enter the vendor's portal.

    Answers the same, and in the same time, whether it does or not: the look-up happens in the
    queue's worker. Raises TooManyAttempts.
    """
    limits.take_from(limits.MAILED_PER_IP, ip)
    limits.take(limits.MAILED_PER_ADDRESS, mailed.name, str(vendor.pk), normalise_email(email))
    with transaction.atomic():
        count_once()
        tasks.write.enqueue(what=mailed.name, vendor_id=str(vendor.pk), email=email)
