"""Reminding the owners of licences that expire: 60, 30 and 7 days and one day before."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo

from django.db.models import QuerySet
from django.utils import timezone

from licenses.ends import LAST, End
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
            due = {
                name: license
                for license in licenses
                if (name := once_for(license, now, vendor.zone)) is not None
            }
            known = OutgoingEmail.objects.filter(once__in=list(due))
            for once in known.values_list("once", flat=True):
                del due[once]
            with one_of_many():
                in_steps(due.items(), lambda item: queued.append(_remind(*item)))
    return sum(queued)


def expiring(now: datetime) -> QuerySet[License]:
    """The licences of the scope's vendor that end within 60 days and whose owner is to know, and
    those that end on the day after."""
    return (
        License.objects.filter(
            expires_at__gt=now,
            expires_at__lte=now + timedelta(days=DAYS[-1] + 1),
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


def days_before(end: End, now: datetime, zone: tzinfo) -> int | None:
    """The smallest number of days that is reached, of those at which we remind; None for none.

    Of a day it is reached as a day begins by the clocks of the zone.
    """
    if end.at <= now:
        return None
    left = end.on - now.astimezone(zone).date() if end.on else end.at - now
    return next((days for days in DAYS if left <= timedelta(days=days)), None)


def once_for(license: License, now: datetime, zone: tzinfo) -> str | None:
    """The name of the reminder that is due, which there is once; None when none is.

    A day has the same name whatever the vendor's time zone is, so that another zone reminds nobody
    anew.
    """
    end = license.end
    days = days_before(end, now, zone) if end else None
    if end is None or days is None:
        return None
    at = datetime.combine(end.on, LAST, UTC) if end.on else end.at
    return f"{KIND} {license.pk} {at.isoformat()} {days}"


def _remind(once: str, license: License) -> bool:
    """Whether this queued the reminder; False when another worker was quicker."""
    if license.user is None:
        return False
    email = queue(KIND, user=license.user, license_id=license.pk, once=once)
    return email is not None


def is_still_due(email: OutgoingEmail, license: License, now: datetime) -> bool:
    """Whether the reminder is right: nothing about the licence has changed since, and no later
    reminder has come up while this one waited."""
    if license.revoked or license.suspended:
        return False
    owner, vendor = license.user, license.vendor
    if owner is None or not owner.is_active or not vendor.send_expiry_reminders:
        return False
    return email.once == once_for(license, now, vendor.zone) and email.user_id == owner.pk
