"""Ends of licences that come by time: which there are, and when they are reached."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import Q

from licenses.models import License
from webhooks.events import EXPIRED, EXPIRING_SOON, MAINTENANCE_EXPIRED

FIELDS = frozenset({"expires_at", "maintenance_expires_at", "expiring_soon_event_offset"})


@dataclass(frozen=True, slots=True)
class End:
    """An end: its event, the moment that it is about, and when it is told. `places` keeps those of
    one moment in an order."""

    event: str
    place: int
    moment: Callable[[License], datetime | None]
    is_reached: Callable[[License, datetime], bool]
    between: Callable[[datetime, datetime], Iterator[Q]]

    def once(self, license: License) -> str:
        """The name under which this end is told once; another end has another one."""
        moment = self.moment(license)
        at = moment.astimezone(UTC).isoformat() if moment else ""
        return f"{self.event} {license.pk} {at}"


def _is_soon(license: License, now: datetime) -> bool:
    end, before = license.expires_at, timedelta(seconds=license.expiring_soon_event_offset)
    return end is not None and now < end <= now + before


def _soon_between(after: datetime, now: datetime) -> Iterator[Q]:
    """One condition for each length that licences have, so that an index answers it."""
    lengths = License.objects.order_by().values_list("expiring_soon_event_offset", flat=True)
    for seconds in lengths.distinct():
        before = timedelta(seconds=seconds)
        yield Q(
            expiring_soon_event_offset=seconds,
            expires_at__gt=max(now, after + before),
            expires_at__lte=now + before,
        )


def _expired_between(after: datetime, now: datetime) -> Iterator[Q]:
    yield Q(expires_at__gt=after, expires_at__lte=now)


def _maintained_between(after: datetime, now: datetime) -> Iterator[Q]:
    yield Q(maintenance_expires_at__gt=after, maintenance_expires_at__lte=now)


SOON = End(EXPIRING_SOON, 0, lambda each: each.expires_at, _is_soon, _soon_between)
OVER = End(
    EXPIRED,
    1,
    lambda each: each.expires_at,
    lambda each, now: each.expires_at is not None and each.expires_at <= now,
    _expired_between,
)
MAINTAINED = End(
    MAINTENANCE_EXPIRED,
    2,
    lambda each: each.maintenance_expires_at,
    lambda each, now: (
        each.maintenance_expires_at is not None and each.maintenance_expires_at <= now
    ),
    _maintained_between,
)
ENDS = (SOON, OVER, MAINTAINED)
EVENTS = frozenset(end.event for end in ENDS)


def reached(end: End, after: datetime, now: datetime) -> list[UUID]:
    """The licences whose end has come in between, the earliest first."""
    found: list[UUID] = []
    for condition in end.between(after, now):
        rows = License.objects.filter(condition).order_by("expires_at", "id")
        found += rows.values_list("pk", flat=True)
    return found
