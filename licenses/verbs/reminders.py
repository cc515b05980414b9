"""Reminding the owners of licences that expire: 60, 30 and 7 days and one day before."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from licenses.models import License
from mail.delivery import one_of_many
from mail.models import OutgoingEmail
from mail.outbox import queue
from tenancy.door import inside
from tenancy.models import Vendor
from tenancy.table import every_vendor
from tenancy.transactions import in_steps

DAYS = (1, 7, 30, 60)  # ascending; `Vendor.send_expiry_reminders` says them to administrators
KIND = "expiry-reminder"
AT_A_TIME = 500  # licences in memory


def send_reminders() -> int:
    """Queues the reminders that are due, at all vendors that want them; returns how many.

    Safe to repeat, also at the same time: each is queued once for a licence, its expiry and the
    days before. A licence that was renewed is reminded of anew.
    """
    wanting = (each for each in every_vendor() if each.is_active and each.send_expiry_reminders)
    return sum(_remind_customers_of(vendor) for vendor in wanting)


def _remind_customers_of(vendor: Vendor) -> int:
    queued, now = list[bool](), timezone.now()
    with inside(vendor):
        for licenses in _chunks(expiring(now)):
            due = {once_for(license, now): license for license in licenses}
            known = OutgoingEmail.objects.filter(once__in=list(due))
            for once in known.values_list("once", flat=True):
                del due[once]
            with one_of_many():
                in_steps(due.items(), lambda item: queued.append(_remind(*item)))
    return sum(queued)


def expiring(now: datetime) -> QuerySet[License]:
    """The licences of the scope's vendor that end within 60 days and whose owner is to know."""
    return (
        License.objects.filter(
            expires_at__gt=now,
            expires_at__lte=now + timedelta(days=DAYS[-1]),
            revoked=False,
            suspended=False,
            user__is_active=True,
        )
        .select_related("user")
        .order_by("expires_at", "id")
    )


def _chunks(licenses: QuerySet[License]) -> Iterator[list[License]]:
    """They are read by their ids, so that no cursor is open while reminders are written."""
    ids = list(licenses.values_list("pk", flat=True))
    for start in range(0, len(ids), AT_A_TIME):
        yield list(licenses.filter(pk__in=ids[start : start + AT_A_TIME]))


def days_before(expires_at: datetime, now: datetime) -> int | None:
    """The smallest number of days that is reached, of those at which we remind; None for none."""
    left = expires_at - now
    if left <= timedelta(0):
        return None
    return next((days for days in DAYS if left <= timedelta(days=days)), None)


def once_for(license: License, now: datetime) -> str:
    """The name of the reminder that is due, which there is once."""
    if license.expires_at is None:
        raise ValueError("A licence that never expires has no reminder.")
    days = days_before(license.expires_at, now)
    return f"{KIND} {license.pk} {license.expires_at.isoformat()} {days}"


def _remind(once: str, license: License) -> bool:
    """Whether this queued the reminder; False when another worker was quicker."""
    if license.user is None:
        return False
    email = queue(KIND, user=license.user, license_id=license.pk, once=once)
    return email is not None


def is_still_due(email: OutgoingEmail, license: License, now: datetime) -> bool:
    """Whether the reminder is right: nothing about the licence has changed since, and no later
    reminder has come up while this one waited."""
    if license.revoked or license.suspended or license.expires_at is None:
        return False
    owner = license.user
    if owner is None or not owner.is_active or not license.vendor.send_expiry_reminders:
        return False
    return email.once == once_for(license, now) and email.user_id == owner.pk
