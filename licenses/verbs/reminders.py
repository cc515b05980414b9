"""Reminding the owners of licences that expire: 60, 30 and 7 days and one day before.

A customer gets one e-mail a day at most, about all licences of which something is to be said. Each
reminder has a name (`once_for`), and the e-mail keeps those that it brings (`names_in`).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from jobs.vendors import at_each
from licenses.ends import LAST, End
from licenses.models import License
from mail.delivery import one_of_many
from mail.models import OutgoingEmail
from mail.outbox import queue
from tenancy.models import Vendor
from tenancy.table import every_vendor
from tenancy.transactions import in_steps

DAYS = (1, 7, 30, 60)  # ascending; `Vendor.send_expiry_reminders` says them to administrators
KIND = "expiry-reminder"
AT_A_TIME = 500  # licences in memory, and those of one customer beyond that
LICENSES = "licenses"  # in an e-mail's details


def send_reminders() -> int:
    """Queues the e-mails that are due, at all vendors that want them; returns how many.

    Safe to repeat, also at the same time: a licence is reminded of once for its expiry and the
    days before. One that was renewed is reminded of anew. Raises SomeVendorsFailed.
    """
    wanting = (each for each in every_vendor() if each.is_active and each.send_expiry_reminders)
    return at_each(_remind_customers_of, wanting)


def _remind_customers_of(vendor: Vendor) -> int:
    queued, now = list[bool](), timezone.now()
    today = now.astimezone(vendor.zone).date()
    for licenses in _chunks(expiring(now)):
        due = _due(licenses, now, vendor.zone)
        with one_of_many():
            in_steps(due, lambda theirs: queued.append(_remind(theirs, today)))
    return sum(queued)


def _due(licenses: list[License], now: datetime, zone: tzinfo) -> list[Mapping[str, License]]:
    """The licences that are to be reminded of, by the names of their reminders, for each customer
    who was not written to on this day."""
    today = now.astimezone(zone).date()
    customers = {license.user_id for license in licenses if license.user_id}
    told = _told(customers, now)
    due: dict[UUID | None, dict[str, License]] = defaultdict(dict)
    for license in licenses:
        name = once_for(license, now, zone)
        if name and name not in told and _of_day(license.user_id, today) not in told:
            due[license.user_id][name] = license
    return list(due.values())


def _told(customers: set[UUID], now: datetime) -> set[str]:
    """The names of the e-mails that these customers got since the first reminder of any licence
    was due, and of all reminders in them."""
    since = now - timedelta(days=DAYS[-1] + 1)
    emails = OutgoingEmail.objects.filter(kind=KIND, user_id__in=customers, created_at__gt=since)
    return {
        name
        for once, details in emails.values_list("once", "details")
        for name in (once, *details.get(LICENSES, {}).values())
    }


def expiring(now: datetime) -> QuerySet[License]:
    """The licences of the scope's vendor that end within 60 days and whose owner wants to know,
    and those that end on the day after."""
    return (
        License.objects.filter(
            expires_at__gt=now,
            expires_at__lte=now + timedelta(days=DAYS[-1] + 1),
            revoked=False,
            suspended=False,
            user__is_active=True,
            user__reminders=True,
        )
        .select_related("user")
        .order_by("expires_at", "id")
    )


def _chunks(licenses: QuerySet[License]) -> Iterator[list[License]]:
    """All of a customer's together, in the order in which they end. They are read by their ids, so
    that no cursor is open while reminders are written."""
    by_customer: dict[UUID | None, list[UUID]] = defaultdict(list)
    for user_id, license_id in licenses.values_list("user_id", "pk"):
        by_customer[user_id].append(license_id)
    chunk: list[UUID] = []
    for ids in by_customer.values():
        chunk += ids
        if len(chunk) >= AT_A_TIME:
            yield list(licenses.filter(pk__in=chunk))
            chunk = []
    if chunk:
        yield list(licenses.filter(pk__in=chunk))


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


def _of_day(user_id: UUID | None, today: date) -> str:
    """The name of the e-mail that brings a customer's reminders on a day."""
    return f"{KIND} {user_id} {today.isoformat()}"


def _remind(due: Mapping[str, License], today: date) -> bool:
    """Whether this queued the customer's e-mail; False when another worker was quicker."""
    licenses = list(due.values())
    user = licenses[0].user
    if user is None:
        return False
    names = {str(license.pk): name for name, license in due.items()}
    email = queue(
        KIND,
        user=user,
        license_id=licenses[0].pk if len(licenses) == 1 else None,
        details={LICENSES: names},
        once=_of_day(user.pk, today),
    )
    return email is not None


def names_in(email: OutgoingEmail) -> dict[str, str]:
    """The names of the reminders that the e-mail brings, by the ids of their licences. Until
    reminders were gathered, an e-mail brought one and had its name."""
    return dict(email.details.get(LICENSES) or {str(email.license_id): email.once})


def licenses_in(email: OutgoingEmail, now: datetime) -> list[License]:
    """The licences of which the e-mail still has to remind, in the order in which they end."""
    found = License.objects.select_related("product", "user", "vendor").filter(
        pk__in=names_in(email)
    )
    return [
        license
        for license in found.order_by("expires_at", "id")
        if is_still_due(email, license, now)
    ]


def is_still_due(email: OutgoingEmail, license: License, now: datetime) -> bool:
    """Whether the reminder is right: nothing about the licence has changed since, and no later
    reminder has come up while this one waited."""
    if license.revoked or license.suspended:
        return False
    owner, vendor = license.user, license.vendor
    if owner is None or not owner.is_active or not vendor.send_expiry_reminders:
        return False
    is_same = names_in(email).get(str(license.pk)) == once_for(license, now, vendor.zone)
    return owner.reminders and is_same and email.user_id == owner.pk
