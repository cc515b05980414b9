"""How a vendor's licences and machines stand, as numbers; counted by the database.

Everything runs in the vendor's scope and needs one query, answered from an index alone
(those in the models' Meta). Days are those by the vendor's clocks.
"""

import heapq
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import CharField, Count, Q, QuerySet, Value
from django.utils import timezone

from audit.models import AuditEntry
from licenses.ends import month_from, start_of
from licenses.models import Activation, ExpirationStrategy, License
from licenses.status import EXPIRING_SOON, Status

DAYS = 30
HORIZONS = (30, 60, 90)  # days
NEXT_MONTH = "next-month"
TOP = 5

# As values, since SQLite finds no index for `NOT revoked`, which Django makes of a mere False.
YES, NO = Value(True), Value(False)
USABLE = Q(revoked=NO, suspended=NO)


@dataclass(frozen=True, slots=True)
class Standings:
    """Licences by status, every status among them, and how many usable ones expire within each of
    HORIZONS, those of the nearer ones included, and in the next month of the calendar."""

    by_status: Mapping[Status, int]
    expiring: Mapping[int, int]
    next_month: int

    @property
    def total(self) -> int:
        return sum(self.by_status.values())


@dataclass(frozen=True, slots=True)
class Ranking:
    """The most frequent names with their counts, and how many all the others have together."""

    top: tuple[tuple[str, int], ...]
    other: int = 0


@dataclass(frozen=True, slots=True)
class Machines:
    """Machines that use a seat, by the way they were activated, by operating system, and by version
    of the program."""

    online: int
    offline: int
    platforms: Ranking
    versions: Ranking

    @property
    def total(self) -> int:
        return self.online + self.offline


@dataclass(frozen=True, slots=True)
class PerDay:
    """A count for each of the last DAYS days, the oldest first, days without any included."""

    days: tuple[tuple[date, int], ...]

    @property
    def total(self) -> int:
        return sum(count for _day, count in self.days)


def standings(now: datetime, licenses: QuerySet[License] | None = None) -> Standings:
    """The vendor's licences, or these of them, by status and nearness of their end, at `now`."""
    rows = License.objects.all() if licenses is None else licenses
    counts = counted(rows, _ranges(now))
    within = {
        days: sum(counts[f"until {each}"] for each in HORIZONS if each <= days) for days in HORIZONS
    }
    soon = within[EXPIRING_SOON.days]
    return Standings(
        by_status={
            Status.REVOKED: counts["revoked"],
            Status.SUSPENDED: counts["suspended"],
            Status.EXPIRED: counts["expired"],
            Status.EXPIRING_SOON: soon,
            Status.NOT_STARTED: counts["waiting"],
            Status.ACTIVE: (
                within[HORIZONS[-1]]
                - soon
                + counts["later"]
                + counts["endless"]
                - counts["waiting"]
            ),
        },
        expiring=within,
        next_month=counts[NEXT_MONTH],
    )


def _ranges(now: datetime) -> dict[str, Q]:
    """Conditions that are a range of the index `license_standing` each. They overlap in nothing,
    but for `waiting`, which is a part of `endless`, and for the next month."""
    zone = timezone.get_current_timezone()
    first, after = month_from(timezone.localdate(now), 1)
    endless = USABLE & Q(expires_at__isnull=True)
    ends = [now, *(now + timedelta(days=days) for days in HORIZONS)]
    return {
        "revoked": Q(revoked=YES),
        "suspended": Q(revoked=NO, suspended=YES),
        "expired": USABLE & Q(expires_at__lte=now),
        **{
            f"until {days}": USABLE & Q(expires_at__gt=start, expires_at__lte=end)
            for days, start, end in zip(HORIZONS, ends, ends[1:], strict=False)
        },
        NEXT_MONTH: USABLE
        & Q(expires_at__gte=start_of(first, zone), expires_at__lt=start_of(after, zone)),
        "later": USABLE & Q(expires_at__gt=ends[-1]),
        "endless": endless,
        "waiting": endless
        & Q(expiration_strategy=ExpirationStrategy.DELAYED, subscription_interval__gt=""),
    }


def counted(rows: QuerySet[Any], conditions: Mapping[str, Q]) -> dict[str, int]:
    """How many of the rows fulfil each condition, in one statement with a count for each.

    Where each condition is a range of one index, that is several times as fast as one pass over
    all rows that tries every condition on each.
    """
    parts = [
        rows.filter(condition)
        .order_by()
        .annotate(part=Value(name, output_field=CharField()))
        .values("part")
        .annotate(n=Count("*"))
        .values_list("part", "n")
        for name, condition in conditions.items()
    ]
    first, *others = parts
    return dict.fromkeys(conditions, 0) | dict(first.union(*others, all=True))


def machines() -> Machines:
    """The vendor's machines; as many rows as there are different ones are summed up here."""
    kinds = ("app_version", "os", "offline")
    rows = Activation.objects.order_by().values_list(*kinds).annotate(n=Count("*"))
    by_way: Counter[bool] = Counter()
    by_os: Counter[str] = Counter()
    by_version: Counter[str] = Counter()
    for version, os, offline, count in rows:
        by_way[offline] += count
        by_os[os] += count
        by_version[version] += count
    return Machines(by_way[False], by_way[True], ranking(by_os), ranking(by_version))


def ranking(counts: Mapping[str, int]) -> Ranking:
    """The TOP most frequent names, of equal ones those that come first in the alphabet."""
    top = heapq.nsmallest(TOP, counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return Ranking(tuple(top), sum(counts.values()) - sum(count for _name, count in top))


def activations_per_day(now: datetime) -> PerDay:
    """How many machines were activated on each of the last days."""
    return per_day(AuditEntry.objects.filter(action="activated"), now)


# --- Days ---------------------------------------------------------------------------------------


def last_days(now: datetime) -> list[date]:
    """The last DAYS days by the vendor's clocks, the oldest first."""
    today = timezone.localdate(now)
    return [today - timedelta(days=ago) for ago in reversed(range(DAYS))]


def first_moment(now: datetime) -> datetime:
    """The beginning of the first of the last days."""
    return start_of(last_days(now)[0], timezone.get_current_timezone())


def per_day(rows: QuerySet[Any], now: datetime) -> PerDay:
    """How many of the rows were created on each of the last days."""
    days, zone = last_days(now), timezone.get_current_timezone()
    starts = [start_of(day, zone) for day in (*days, days[-1] + timedelta(days=1))]
    between = {
        day.isoformat(): Q(created_at__gte=start, created_at__lt=end)
        for day, start, end in zip(days, starts, starts[1:], strict=False)
    }
    counts = counted(rows, between)
    return PerDay(tuple((day, counts[day.isoformat()]) for day in days))
