"""What is counted of all vendors together: by a worker every minute, kept in rows, and read by who
is served, whose own statements name one vendor each."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils import timezone

from branding.models import CustomDomain
from jobs.models import KeptNumber
from mail.models import OutgoingEmail
from mail.recent import recent
from tenancy.door import Way, outside
from webhooks.models import Delivery, Webhook

FAILS_FROM = 2  # attempts: one may fail by itself

E_MAILS, EVENTS, DOMAINS = "emails", "events", "domains"
FAILING, SWITCHED_OFF = "failing-emails", "switched-off-webhooks"


def count() -> str:
    """The chore: counts, and keeps what it has counted."""
    now = timezone.now()
    found = count_all(now)
    rows = [KeptNumber(name=name, value=n, counted_at=now) for name, n in found.items()]
    with transaction.atomic():
        KeptNumber.objects.exclude(name__in=found).delete()
        KeptNumber.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["name"],
            update_fields=["value", "counted_at"],
        )
    return f"Counted {len(rows)} numbers."


def count_all(now: datetime) -> dict[str, int]:
    """By their names. Of e-mails and events those about which something is still to be done, by an
    index, and the e-mails of the last 30 days that failed; what has arrived is not counted: that
    would read the whole tables."""
    with outside(Way.EMAILS, "Only how many e-mails are in which state gets out."):
        unfinished = OutgoingEmail.objects.filter(due_at__isnull=False)
        failed = OutgoingEmail.objects.filter(state=OutgoingEmail.State.FAILED)
        found = {
            **_by_state(E_MAILS, unfinished, ("queued", "sending", "handed-over")),
            f"{E_MAILS}.failed": recent(failed, now).order_by().count(),
            FAILING: unfinished.filter(attempts__gte=FAILS_FROM).order_by().count(),
        }
    with outside(Way.WEBHOOKS, "Only how many events are in which state gets out."):
        carried = Delivery.objects.filter(due_at__isnull=False)
        off = Webhook.objects.filter(active=False).exclude(switched_off="")
        found |= _by_state(EVENTS, carried, ("queued", "sending"))
        found[SWITCHED_OFF] = off.order_by().count()
    with outside(Way.DOMAINS, "Only how many domains are in which state gets out."):
        found |= _by_state(DOMAINS, CustomDomain.objects.all(), CustomDomain.State.values)
    return found


def _by_state(of: str, rows: QuerySet[Any], states: Iterable[str]) -> dict[str, int]:
    counted = dict(rows.order_by().values_list("state").annotate(n=Count("*")))
    return {f"{of}.{state}": counted.get(state, 0) for state in states}


def kept() -> dict[str, int]:
    """What was counted last; empty before a worker has."""
    return dict(KeptNumber.objects.values_list("name", "value"))
