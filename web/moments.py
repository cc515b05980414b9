"""Moments as people read them, formatted in the view.

The server writes UTC and says so; static/js/portal.js rewrites it in the visitor's own zone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from web.remembered import remembered


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
    return Moment(*_written(value), relative=relative(value - now))


@remembered
def _written(value: datetime) -> tuple[str, str, str]:
    utc = value.astimezone(UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%SZ"), date_format(utc, "j F Y"), at(value)


@remembered
def day(value: datetime) -> str:
    """The day of the moment, in words."""
    return date_format(value, "j F Y")


def at(value: datetime) -> str:
    """The moment for the vendor's people, who compare: date and time in UTC."""
    utc = value.astimezone(UTC)
    return _("%(date)s, %(time)s UTC") % {
        "date": date_format(utc, "j F Y"),
        "time": f"{utc:%H:%M}",
    }


def relative(distance: timedelta) -> str:
    """How far away a moment is, in one unit: "in 23 days", "5 minutes ago"."""
    seconds = abs(int(distance.total_seconds()))
    future = distance > timedelta(0)
    if seconds < 60:  # noqa: PLR2004
        return _("in a moment") if future else _("just now")
    for size, ahead, ago in (
        (365 * 86400, _years_ahead, _years_ago),
        (86400, _days_ahead, _days_ago),
        (3600, _hours_ahead, _hours_ago),
        (60, _minutes_ahead, _minutes_ago),
    ):
        if seconds >= size:
            return _in_words(ahead if future else ago, seconds // size)
    raise AssertionError("Any distance of a minute or more fits one of the units.")


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


def duration(seconds: int) -> str:
    """A length of time in the largest unit that divides it well: "1 year", "30 days", "2 hours"."""
    for size, words in (
        (365 * 86400, _years),
        (86400, _days),
        (3600, _hours),
        (60, _minutes),
    ):
        if seconds >= size:
            return words(seconds // size)
    return ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}


def _years(n: int) -> str:
    return ngettext("%(n)d year", "%(n)d years", n) % {"n": n}


def _days(n: int) -> str:
    return ngettext("%(n)d day", "%(n)d days", n) % {"n": n}


def _hours(n: int) -> str:
    return ngettext("%(n)d hour", "%(n)d hours", n) % {"n": n}


def _minutes(n: int) -> str:
    return ngettext("%(n)d minute", "%(n)d minutes", n) % {"n": n}
