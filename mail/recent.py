"""E-mails that are young enough for somebody to do something about them."""

from datetime import date, datetime, time, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from mail.models import OutgoingEmail

RECENT = 30  # days


def first_day(now: datetime) -> date:
    """The first of the days that are recent, by the clocks of the current time zone."""
    return timezone.localdate(now) - timedelta(days=RECENT)


def recent(emails: QuerySet[OutgoingEmail], now: datetime) -> QuerySet[OutgoingEmail]:
    """Those of the e-mails that were queued on the first of these days or later, as the list of
    e-mails narrows them (`backoffice.filters.DaysFilter`)."""
    begins = datetime.combine(first_day(now), time(), timezone.get_current_timezone())
    return emails.filter(created_at__gte=begins)
