"""Days and moments as people read them, formatted in the view.

A day is read as it is, wherever somebody is. Of a moment the server writes UTC into customers'
pages and says so; static/js/portal.js rewrites it in the visitor's own zone. Staff read moments in
the vendor's zone, which is Django's current one inside the vendor's door (tenancy/door.py).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, npgettext

from web.remembered import remembered

DAY = timedelta(days=1)
MONTHS = 12  # of a year


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment in the forms that a page needs: `iso` for machines, the others for people."""

    iso: str
    date: str
    full: str
    relative: str


def moment(value: datetime | None, now: datetime) -> Moment | None:
    """The moment in words of the active language, seen from `now`; None for None."""
    if value is None:
        return None
    return Moment(*_written(value), relative=relative(value, now))


@remembered
def _written(value: datetime) -> tuple[str, str, str]:
    utc = value.astimezone(UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%SZ"), date_format(utc, "j F Y"), _in_zone(value, UTC)


@remembered
def day(value: date) -> str:
    """The day in words."""
    return date_format(value, "j F Y")


def at(value: datetime) -> str:
    """The moment for the vendor's people, who compare: date and time in the vendor's zone, which is
    named; outside every vendor's door in UTC."""
    return _in_zone(value, timezone.get_current_timezone())


@remembered
def _in_zone(value: datetime, zone: tzinfo) -> str:
    there = value.astimezone(zone)
    return _("%(date)s, %(time)s") % {"date": date_format(there, "j F Y"), "time": _clock(there)}


def clock(value: datetime) -> str:
    """The time alone of a moment that is near, as `at` has it."""
    return _clock(timezone.localtime(value))


def _clock(there: datetime) -> str:
    """With the zone's name at that time, such as CET, or how far one without a name is from UTC."""
    name = there.tzname() or ""
    return f"{there:%H:%M} {name if name.isalpha() else f'UTC{name}'}"


# --- How far away -------------------------------------------------------------------------------


def relative(value: datetime, now: datetime) -> str:
    """How far away a moment is: "in 23 days", "5 minutes ago", "in 1 year and 10 months"."""
    distance = value - now
    seconds, future = abs(int(distance.total_seconds())), distance > timedelta(0)
    if abs(distance) >= DAY:
        today = now.astimezone(UTC).date()
        days = seconds // 86400
        return days_away(today + timedelta(days=days if future else -days), today)
    if seconds < 60:  # noqa: PLR2004
        return _("in a moment") if future else _("just now")
    for size, ahead, ago in (
        (3600, _hours_ahead, _hours_ago),
        (60, _minutes_ahead, _minutes_ago),
    ):
        if seconds >= size:
            return _in_words(ahead if future else ago, seconds // size)
    raise AssertionError("Any distance of a minute or more fits one of the units.")


@remembered
def days_away(when: date, today: date) -> str:
    """How far away a day is: "today", "in 23 days", "in 1 year and 10 months", "2 years ago"."""
    distance = (when - today).days
    if distance == 0:
        return _("today")
    years, months, days = _by_calendar(min(when, today), max(when, today))
    if not years:
        return _days_ahead(distance) if distance > 0 else _days_ago(-distance)
    if months:
        rest = npgettext("in … or … ago", "%(n)d month", "%(n)d months", months) % {"n": months}
    elif days:
        rest = npgettext("in … or … ago", "%(n)d day", "%(n)d days", days) % {"n": days}
    else:
        return _years_ahead(years) if distance > 0 else _years_ago(years)
    first = npgettext("in … or … ago", "%(n)d year", "%(n)d years", years) % {"n": years}
    text = _("in %(years)s and %(rest)s") if distance > 0 else _("%(years)s and %(rest)s ago")
    return text % {"years": first, "rest": rest}


def _by_calendar(first: date, last: date) -> tuple[int, int, int]:
    """The whole years, the whole months beside them and the days that are left between two days."""
    months = MONTHS * (last.year - first.year) + last.month - first.month
    if last.day < first.day:
        months -= 1
    year, month = divmod(first.year * MONTHS + first.month - 1 + months, MONTHS)
    days = (last - date(year, month + 1, 1)).days - (first.day - 1)
    return months // MONTHS, months % MONTHS, days


@remembered
def _in_words(words: Callable[[int], str], n: int) -> str:
    return words(n)


# One whole sentence per unit and direction: languages differ in more than the unit's name.


def _years_ahead(n: int) -> str:
    return ngettext("in %(n)d year", "in %(n)d years", n) % {"n": n}


def _years_ago(n: int) -> str:
    return ngettext("%(n)d year ago", "%(n)d years ago", n) % {"n": n}


def _days_ahead(n: int) -> str:
    return ngettext("in %(n)d day", "in %(n)d days", n) % {"n": n}


def _days_ago(n: int) -> str:
    return ngettext("%(n)d day ago", "%(n)d days ago", n) % {"n": n}


def _hours_ahead(n: int) -> str:
    return ngettext("in %(n)d hour", "in %(n)d hours", n) % {"n": n}


def _hours_ago(n: int) -> str:
    return ngettext("%(n)d hour ago", "%(n)d hours ago", n) % {"n": n}


def _minutes_ahead(n: int) -> str:
    return ngettext("in %(n)d minute", "in %(n)d minutes", n) % {"n": n}


def _minutes_ago(n: int) -> str:
    return ngettext("%(n)d minute ago", "%(n)d minutes ago", n) % {"n": n}
