"""Queueing events, in the transaction of what they tell of; run in the vendor's scope.

An event's body is made once, as the transaction ends, so that it says what the Web API would show
from then on; of what is gone by then, what it was.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.db.models import Exists
from django.utils import timezone

from audit.followers import Follower, Happening
from audit.models import AuditChain
from licenses.models import License
from web.wire import Wire, dumps
from webhooks import wire
from webhooks.events import ACTIVATION, LICENSE, TEST, USER, events_of
from webhooks.models import Delivery, Webhook
from webhooks.verbs import ends
from webhooks.wire import READ

# Of one entry of the trail there are a few events, and between two entries those that it does not
# know.
PLACES = 32
AFTER = 8  # the first of these places for what has no entry


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """An event of which somebody wants to know; `data` where it can't be read any more."""

    event: str
    kind: str
    row_id: UUID
    thing_id: UUID
    person_id: UUID | None
    at: datetime
    place: int
    once: str = ""
    data: Wire | None = None


def somebody_follows() -> Exists:
    """The condition that a webhook of the scope's vendor is on."""
    return Exists(Webhook.objects.filter(active=True))


def keep(row: models.Model) -> Wire | None:
    """What is told of a licence that is about to be deleted, if anybody wants to know."""
    if not isinstance(row, License) or "license.deleted" not in _wanted(_on()):
        return None
    return READ[LICENSE]([row.pk]).get(row.pk)


def told(happenings: Sequence[Happening]) -> None:
    """Queues what happened for the webhooks that want to know."""
    hooks = _on()
    wanted = _wanted(hooks)
    news = [each for happening in happenings for each in _news_of(happening, wanted)]
    news += _over_already(happenings, wanted)
    queue(hooks, news)


def _on() -> list[Webhook]:
    return list(Webhook.objects.filter(active=True).order_by("pk"))


def _wanted(hooks: Iterable[Webhook]) -> set[str]:
    return {event for hook in hooks for event in hook.events}


def _news_of(happening: Happening, wanted: Collection[str]) -> Iterable[News]:
    row: Any = happening.row
    kind = row._meta.label_lower
    for n, event in enumerate(events_of(happening)):
        if event not in wanted:
            continue
        yield News(
            event=event,
            kind=kind,
            row_id=row.pk,
            thing_id=row.license_id if kind == ACTIVATION else row.pk,
            person_id=row.pk if kind == USER else happening.customer_id,
            at=happening.at,
            place=_place(happening, n),
            data=happening.kept or wire.gone(row),
        )


def _place(happening: Happening, n: int) -> int:
    if happening.place is None:
        return place_now() + n
    # What else an entry means comes after what it is.
    return happening.place * PLACES + n + (4 if happening.action == "first-activated" else 0)


def place_now() -> int:
    """The place of what happens now and has no entry in the trail."""
    length = AuditChain.objects.values_list("length", flat=True).first() or 0
    return length * PLACES + AFTER


def _over_already(happenings: Iterable[Happening], wanted: Collection[str]) -> list[News]:
    """The ends that were moved to where they lie behind us: no time will pass for them any more."""
    moved = {
        happening.row.pk
        for happening in happenings
        if isinstance(happening.row, License)
        and happening.action not in {"created", "deleted"}
        and not ends.FIELDS.isdisjoint(happening.changes)
    }
    if not moved or ends.EVENTS.isdisjoint(wanted):
        return []
    now, place = timezone.now(), place_now()
    return [
        news_of_end(license, end, now, place)
        for license in License.objects.filter(pk__in=moved)
        for end in ends.ENDS
        if end.event in wanted and end.is_reached(license, now)
    ]


def news_of_end(license: License, end: ends.End, now: datetime, place: int) -> News:
    """That an end of a licence has come, which is told once."""
    return News(
        event=end.event,
        kind=LICENSE,
        row_id=license.pk,
        thing_id=license.pk,
        person_id=license.user_id,
        at=now,
        place=place + end.place,
        once=end.once(license),
    )


@transaction.atomic
def queue(hooks: Iterable[Webhook], news: Sequence[News]) -> None:
    """Queues each of these for those of the webhooks that want to know of its event."""
    data = _data_of(news)
    deliveries = []
    for each in news:
        said = each.data or data.get((each.kind, each.row_id))
        if said is None:  # gone by the end of the transaction
            continue
        body = body_of(each.event, said, each.at)
        deliveries += [_delivery(hook, each, body) for hook in hooks if _is_for(hook, each)]
    by_time = [each for each in deliveries if each.once]
    Delivery.objects.bulk_create([each for each in deliveries if not each.once])
    Delivery.objects.bulk_create(by_time, ignore_conflicts=True)


def _is_for(hook: Webhook, news: News) -> bool:
    """Whether the webhook is told: also of what happened earlier in the transaction that has made
    it nothing."""
    return news.event in hook.events and news.at >= hook.created_at


def _data_of(news: Iterable[News]) -> Mapping[tuple[str, UUID], Wire]:
    """What is told of things that can be read, a few queries for all of a kind."""
    asked: dict[str, set[UUID]] = defaultdict(set)
    for each in news:
        if each.data is None:
            asked[each.kind].add(each.row_id)
    return {(kind, pk): said for kind, ids in asked.items() for pk, said in READ[kind](ids).items()}


def body_of(event: str, data: Wire, at: datetime) -> str:
    """What is sent."""
    return dumps({"event": event, "data": data, "triggeredAt": at}).decode()


def _delivery(hook: Webhook, news: News, body: str) -> Delivery:
    now = timezone.now()
    return Delivery(
        vendor_id=hook.vendor_id,
        webhook=hook,
        event=news.event,
        thing_id=news.thing_id,
        person_id=news.person_id,
        place=news.place,
        once=news.once,
        body=body,
        due_at=now,
        tried_since=now,
    )


def queue_test(hook: Webhook) -> Delivery:
    """Queues a test, which is no event."""
    now = timezone.now()
    row = Delivery(
        vendor_id=hook.vendor_id,
        webhook=hook,
        event=TEST,
        thing_id=hook.pk,
        place=place_now(),
        body=body_of(TEST, {"id": hook.pk, "name": hook.name}, now),
        due_at=now,
        tried_since=now,
    )
    row.save(force_insert=True)
    return row


FOLLOWER = Follower(wanted=somebody_follows, keep=keep, told=told)
