"""When something ends, and from where that is counted; pure.

A length of a day or more ends at the end of a day in the vendor's time zone, a shorter one at its
moment. The day is kept beside the moment: a zone may change, the day stays. Counted is from an
anchor, so that renewals of 31 January go to 28 February and to 31 March.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from licenses.intervals import Interval

SECOND = timedelta(seconds=1)
LAST = time(23, 59, 59)


@dataclass(frozen=True, slots=True)
class End:
    """A moment, and the day whose end it is; no day for what ends at a moment of its own."""

    at: datetime
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """An end that lies so many `periods` of an interval after `anchor`.

    The anchor is a time of the wall clock in the vendor's zone, without a zone of its own: it stays
    what it is when the zone changes. Where an end was set or moved by itself, it is the anchor, and
    there are no periods.
    """

    end: End
    anchor: datetime
    periods: int = 0


def start_of(day: date, zone: tzinfo) -> datetime:
    """The day's first moment in the zone."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def month_from(day: date, months: int) -> tuple[date, date]:
    """The first day of the month so many months after the day's, and that of the month after."""
    return _first_of(day, months), _first_of(day, months + 1)


def _first_of(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    return date(day.year + years, month + 1, 1)


def end_of(day: date, zone: tzinfo) -> End:
    """The day's last second in the zone: what "valid until that day" means.

    That is the second before the next day begins, since a clock that is put back may come by
    midnight twice. Raises OverflowError for the last day of the year 9999.
    """
    return End(start_of(day + timedelta(days=1), zone) - SECOND, day)


def wall_clock(moment: datetime, zone: tzinfo) -> datetime:
    """What the clocks there show, in whole seconds."""
    return moment.astimezone(zone).replace(tzinfo=None, microsecond=0, fold=0)


def begun(interval: Interval, start: datetime, zone: tzinfo) -> Term:
    """The first term of an interval that begins at a moment. Raises OverflowError."""
    anchor = wall_clock(start, zone)
    if not interval.lasts_days:
        return Term(_after(start, interval), anchor, 1)
    return Term(_counted(interval, anchor, 1, zone), anchor, 1)


def until(end: End, zone: tzinfo) -> Term:
    """An end that somebody set."""
    if end.on is not None:
        return Term(end, datetime.combine(end.on, LAST))
    return Term(end, wall_clock(end.at, zone))


def renewed(term: Term, interval: Interval, now: datetime, zone: tzinfo) -> Term:
    """One interval more, counted from the anchor; after the end it begins anew.

    An anchor that does not lead to the end, because there is another interval since, gives way to
    the end. Raises OverflowError.
    """
    if term.end.at <= now:
        return begun(interval, now, zone)
    if not interval.lasts_days:
        return until(_after(term.end.at, interval), zone)
    if not _leads_to_end(term, interval, zone):
        term = until(term.end, zone)
    periods = term.periods + 1
    end = _counted(interval, term.anchor, periods, zone)
    return replace(term, end=end, periods=periods)


def extended(end: End, by: Interval, now: datetime, zone: tzinfo) -> Term:
    """So much later than the end or, if that has passed, than now. Raises OverflowError."""
    start = end if end.at > now else End(now)
    if not by.lasts_days:
        return until(_after(start.at, by), zone)
    return until(_counted(by, until(start, zone).anchor, 1, zone), zone)


def _after(moment: datetime, interval: Interval) -> End:
    """In UTC, because a moment with another zone is added to by the clocks there."""
    return End(moment.astimezone(UTC) + interval.time)


def _leads_to_end(term: Term, interval: Interval, zone: tzinfo) -> bool:
    if not term.periods:
        return False  # The end is the anchor, by the clocks of the zone.
    return _counted(interval, term.anchor, term.periods, zone).on == term.end.on


def _counted(interval: Interval, anchor: datetime, periods: int, zone: tzinfo) -> End:
    """The end of the day that lies so many intervals after the anchor."""
    by_days = replace(interval, hours=0, minutes=0, seconds=0).after(anchor, periods)
    if not interval.time:
        return end_of(by_days.date(), zone)
    moment = by_days.replace(tzinfo=zone).astimezone(UTC) + periods * interval.time
    return end_of(moment.astimezone(zone).date(), zone)
