"""How a vendor's licences and machines stand, as numbers; counted by the database.

Everything runs in the vendor's scope and needs one query, answered from an index alone
(`licenses/migrations/0004_statistics.py`). Days are those of UTC.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncDate

from accounts.models import AuditEntry
from licenses.models import Activation, License
from licenses.search import expires_within, status_filter
from licenses.status import Status

DAYS = 30
HORIZONS = (30, 60, 90)  # days
TOP = 5


@dataclass(frozen=True, slots=True)
class Standings:
    """Licences by status, every status among them, and how many usable ones expire within each of
    HORIZONS, those of the nearer ones included."""

    by_status: Mapping[Status, int]
    expiring: Mapping[int, int]

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
    """Machines that use a seat, by the way they were activated and by operating system."""

    online: int
    offline: int
    platforms: Ranking

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


def standings(now: datetime) -> Standings:
    """The vendor's licences by status and nearness of their end, at `now`."""
    # Counted by a column of the index that is never null, since a star takes no filter.
    conditions = {each.name: status_filter(each, now) for each in Status}
    conditions |= {f"within_{days}": expiring_filter(days, now) for days in HORIZONS}
    counted = {name: Count("revoked", filter=condition) for name, condition in conditions.items()}
    counts = License.objects.order_by().aggregate(**counted)
    return Standings(
        by_status={each: counts[each.name] for each in Status},
        expiring={days: counts[f"within_{days}"] for days in HORIZONS},
    )


def expiring_filter(days: int, now: datetime) -> Q:
    """The condition that a licence can be used and expires from now within so many days."""
    return Q(revoked=False, suspended=False) & expires_within(days, now)


def machines() -> Machines:
    """The vendor's machines."""
    rows = Activation.objects.order_by().values_list("os", "offline").annotate(n=Count("*"))
    by_way: Counter[bool] = Counter()
    by_os: Counter[str] = Counter()
    for os, offline, count in rows:
        by_way[offline] += count
        by_os[os] += count
    top = sorted(by_os.items(), key=lambda pair: (-pair[1], pair[0]))[:TOP]
    return Machines(by_way[False], by_way[True], ranking(top, by_os.total()))


def versions(total: int) -> Ranking:
    """The most frequent versions of the program, among `total` machines."""
    rows = Activation.objects.values_list("app_version").annotate(n=Count("*"))
    return ranking(rows.order_by("-n", "app_version")[:TOP], total)


def ranking(top: Iterable[tuple[str, int]], total: int) -> Ranking:
    """The ranking whose others are what `total` has beyond the top."""
    top = tuple(top)
    # Between two queries a machine may have gone.
    return Ranking(top, max(0, total - sum(count for _name, count in top)))


def activations_per_day(now: datetime) -> PerDay:
    """How many machines were activated on each of the last days."""
    return per_day(AuditEntry.objects.filter(action="activated"), now)


# --- Days ---------------------------------------------------------------------------------------


class UtcDay(TruncDate):
    """The day in UTC of a moment. SQLite keeps moments as texts in UTC that begin with it; to take
    them apart in Python, as Django does, would cost a call for each row."""

    def __init__(self, expression: Any) -> None:
        super().__init__(expression, tzinfo=UTC)

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, Any]:
        sql, params = compiler.compile(self.lhs)
        return f"substr({sql}, 1, 10)", params


def first_moment(now: datetime) -> datetime:
    """The beginning of the first of the last DAYS days."""
    first = now.astimezone(UTC).date() - timedelta(days=DAYS - 1)
    return datetime.combine(first, time(), tzinfo=UTC)


def per_day(rows: QuerySet[Any], now: datetime) -> PerDay:
    """How many of the rows were created on each of the last DAYS days."""
    start = first_moment(now)
    counted = rows.filter(created_at__gte=start).order_by().annotate(day=UtcDay("created_at"))
    counts: dict[date, int] = dict(counted.values_list("day").annotate(n=Count("*")))
    days = [start.date() + timedelta(days=number) for number in range(DAYS)]
    return PerDay(tuple((day, counts.get(day, 0)) for day in days))
