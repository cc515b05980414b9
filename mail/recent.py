"""E-mails that are young enough for somebody to do something about them."""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from mail.models import OutgoingEmail

RECENT = 30  # days


def recent(emails: QuerySet[OutgoingEmail], now: datetime) -> QuerySet[OutgoingEmail]:
    """Those of the e-mails that are not older than RECENT days."""
    return emails.filter(created_at__gt=now - timedelta(days=RECENT))
