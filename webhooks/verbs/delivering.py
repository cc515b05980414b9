"""Sending events: which are due, whose turn it is, and what becomes of each.

A receiver may get one twice, with the same `webhook-id`, and never misses one: who sends it holds
a claim that runs out, so that what a killed worker had is taken again. Every step is one UPDATE
that names the claim.
"""

import random
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from audit import trail
from jobs.vendors import at_each
from tenancy.door import Way, inside, outside
from tenancy.models import Vendor
from tenancy.table import every_vendor
from tenancy.transactions import delete_in_steps
from web.fetching import Fault
from webhooks import signing
from webhooks.errors import NotResendable
from webhooks.events import TEST
from webhooks.models import Delivery, Webhook
from webhooks.verbs.webhooks import lock, switch_off

State, Reason = Delivery.State, Delivery.Reason
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
# How long to wait after each attempt that came to nothing; after the last one it is given up. With
# all of JITTER this is less than a day.
WAITS = (
    5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE,
    HOUR, 2 * HOUR, 4 * HOUR, 6 * HOUR, 8 * HOUR,
)  # fmt: skip
JITTER = 0.1  # of a wait, more or less, so that not all come back at once
# Nothing has arrived for so long: the webhook is switched off.
LASTING = 20 * HOUR
KEPT = timedelta(days=30)
LONGEST_ANSWER = 1000  # characters that are kept
OF_SUCCESS = 2  # hundreds of a status


@dataclass(frozen=True, slots=True)
class Due:
    """An event whose turn it is, by ids alone."""

    vendor_id: UUID
    webhook_id: UUID
    delivery_id: UUID


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be sent, all of it known, so that who sends it needs no database."""

    due: Due
    event: str
    claim: UUID
    url: str
    body: bytes
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: a status and the beginning of an answer, or a fault."""

    status: int | None = None
    answer: str = ""
    took: int | None = None
    fault: Fault | None = None

    @property
    def arrived(self) -> bool:
        return (
            self.status is not None and HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES
        )

    @property
    def reason(self) -> str:
        """Why not, in one word; empty if it has arrived."""
        if self.arrived:
            return ""
        if self.fault is not None:
            return str(Reason[self.fault.name])
        return str(Reason.GONE if self.status == HTTPStatus.GONE else Reason.REFUSED)


# --- Whose turn it is ---------------------------------------------------------------------------


def due(but: Collection[UUID], most: int) -> list[Due]:
    """Events that are due now, those that wait longest first; none of these webhooks, and of a
    thing only the earliest that is on its way."""
    with outside(Way.WEBHOOKS, "One index finds what is due for all vendors."):
        before = Delivery.objects.filter(
            webhook_id=OuterRef("webhook_id"),
            thing_id=OuterRef("thing_id"),
            due_at__isnull=False,
            place__lt=OuterRef("place"),
        )
        rows = Delivery.objects.filter(~Exists(before), due_at__lte=timezone.now())
        found = rows.exclude(webhook_id__in=but).order_by("due_at", "place")[:most]
        return [Due(*ids) for ids in found.values_list("vendor_id", "webhook_id", "pk")]


def claim(due: Due) -> Request | None:
    """Takes the event if it is still due; None if it is not, or its webhook is off."""
    now, mine = timezone.now(), uuid4()
    lease = timedelta(seconds=settings.WEBHOOK_LEASE)
    with inside(due.vendor_id):
        rows = Delivery.objects.filter(pk=due.delivery_id, due_at__lte=now)
        taken = rows.update(
            state=State.SENDING,
            claim=mine,
            attempts=F("attempts") + 1,
            sent_at=now,
            due_at=now + lease,
            updated_at=now,
        )
        if not taken:
            return None
        row = Delivery.objects.select_related("webhook").get(pk=due.delivery_id)
        if not row.webhook.active:
            _move(row.pk, mine, state=State.GIVEN_UP, reason=Reason.OFF, due_at=None)
            return None
        return _request(due, row, mine, now)


def _request(due: Due, row: Delivery, claim: UUID, now: datetime) -> Request:
    hook, body = row.webhook, row.body.encode()
    signed = signing.headers(
        hook.style, id=str(row.pk), at=now, body=body, secrets=hook.secrets_at(now)
    )
    return Request(due, row.event, claim, hook.url, body, signed)


# --- What came of it ----------------------------------------------------------------------------


def settle(request: Request, outcome: Outcome) -> None:
    """Notes what came of an attempt: it has arrived, or comes again, or is given up. Nothing if
    somebody else has it by now."""
    with inside(request.due.vendor_id), transaction.atomic():
        row = Delivery.objects.filter(pk=request.due.delivery_id, claim=request.claim).first()
        if row is None:
            return
        said = {
            "status": outcome.status,
            "answer": outcome.answer[:LONGEST_ANSWER],
            "took": outcome.took,
            "reason": outcome.reason,
        }
        if outcome.arrived:
            _arrived(row, said)
        else:
            _came_to_nothing(row, outcome, said)


def _arrived(row: Delivery, said: dict[str, Any]) -> None:
    # The webhook first, as by whoever changes it and gives up what waits.
    failing = Webhook.objects.filter(pk=row.webhook_id, failing_since__isnull=False)
    failing.update(failing_since=None)
    _move(row.pk, row.claim, state=State.DELIVERED, due_at=None, **said)


def _came_to_nothing(row: Delivery, outcome: Outcome, said: dict[str, Any]) -> None:
    now, is_gone = timezone.now(), outcome.status == HTTPStatus.GONE
    well = Webhook.objects.filter(pk=row.webhook_id, failing_since=None)
    well.update(failing_since=now)
    if not is_gone and row.attempts <= len(WAITS) and row.event != TEST:
        due_at = now + _wait(row.attempts)
        _move(row.pk, row.claim, state=State.QUEUED, due_at=due_at, **said)
        return
    hook = lock(row.webhook_id)
    _move(row.pk, row.claim, state=State.GIVEN_UP, due_at=None, **said)
    if is_gone:
        switch_off(hook, Webhook.Why.GONE)
    elif hook.failing_since and hook.failing_since <= now - LASTING:
        switch_off(hook, Webhook.Why.FAILING)


def _wait(attempts: int) -> timedelta:
    return WAITS[attempts - 1] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311  no secret


def _move(delivery_id: Any, claim: Any, **changes: Any) -> None:
    held = Delivery.objects.filter(pk=delivery_id, claim=claim)
    held.update(claim=None, updated_at=timezone.now(), **changes)


# --- By hand, and in the end --------------------------------------------------------------------


@transaction.atomic
def resend(delivery: Delivery) -> Delivery:
    """Queues an event anew that has ended, with the same id, also one that has arrived. Raises
    NotResendable."""
    now = timezone.now()
    ended = Delivery.objects.filter(pk=delivery.pk, due_at=None).exclude(body="")
    taken = ended.update(
        state=State.QUEUED, attempts=0, due_at=now, tried_since=now, reason="", updated_at=now
    )
    if not taken:
        raise NotResendable
    trail.record("event-sent-again", delivery)
    return Delivery.objects.select_related("webhook").get(pk=delivery.pk)


def resend_given_up(webhook: Webhook) -> int:
    """Queues all events of a webhook anew that were given up and can be sent; how many."""
    now = timezone.now()
    with transaction.atomic():
        ended = Delivery.objects.filter(webhook=webhook, state=State.GIVEN_UP).exclude(body="")
        n = ended.exclude(event=TEST).update(
            state=State.QUEUED, attempts=0, due_at=now, tried_since=now, reason="", updated_at=now
        )
        if n:
            trail.record("event-sent-again", webhook, details={"events": n})
    return n


def clean_up_all() -> str:
    """The daily chore (jobs/chores.py): deletes what ended more than 30 days ago."""
    before = timezone.now() - KEPT

    def at(_vendor: Vendor) -> int:
        return delete_in_steps(Delivery.objects.filter(created_at__lte=before, due_at=None))

    deleted = at_each(at, every_vendor())
    return f"Deleted {deleted} events to webhooks that are older than {KEPT.days} days."
