"""Lengths of time as people type and read them: "1 year", "18 months", "90 days", "8 hours".

What can be read here can be typed again, in each language of the portal.
"""

import re
from collections.abc import Iterable

from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from licenses.intervals import NO_END, Interval, parse
from web.remembered import remembered

# What is typed for each unit, in English and in German.
UNITS = {
    "years": "y yr yrs year years j jahr jahre jahren",
    "months": "mo mos mth mths month months mon monat monate monaten",
    "weeks": "w wk wks week weeks wo woche wochen",
    "days": "d day days t tag tage tagen",
    "hours": "h hr hrs hour hours std stunde stunden",
    "minutes": "min mins minute minutes minuten",
    "seconds": "s sec secs second seconds sek sekunde sekunden",
}
UNIT_OF = {name: unit for unit, names in UNITS.items() for name in names.split()}
AMBIGUOUS = "m"
PERPETUAL = {
    "perpetual", "never", "never expires", "never ends", "no end", "without end", "unlimited",
    "forever", "for ever", "unbefristet", "unbegrenzt", "dauerhaft", "ewig", "für immer", "nie",
    "niemals", "kein ende", "ohne ende",
}  # fmt: skip
PART = r"([0-9]{1,10})\s?([^\W\d_]+)\.?"
BETWEEN = r"\s?(?:,|\+|&|\band\b|\bund\b)*\s?"
PARTS = re.compile(rf"{PART}(?:{BETWEEN}{PART})*")
NUMBER = re.compile(r"[+-]?[0-9][0-9.,]*")


class LengthError(ValueError):
    """What was typed is no length of time, or could be several; its text is a sentence."""


def typed(text: str, units: Iterable[str] = ("days", "months", "years")) -> Interval:
    """What somebody meant who typed the text; also what ISO 8601 writes, such as P1Y.

    Raises LengthError. A number without a unit is refused with what it could be, in `units`.
    """
    words = " ".join(text.lower().split())
    if words in PERPETUAL:
        return NO_END
    if NUMBER.fullmatch(words):
        raise LengthError(_choice(words, units) or _no_length())
    interval = _of_iso(words) if words.startswith("p") else _of_parts(words)
    if not interval:
        raise LengthError(_no_length())
    return interval


def _of_iso(words: str) -> Interval:
    try:
        return parse(words.upper())
    except ValueError as error:
        raise LengthError(_no_length()) from error


def _of_parts(words: str) -> Interval:
    """Numbers with units, each unit once. Raises LengthError."""
    if not PARTS.fullmatch(words):
        raise LengthError(_no_length())
    found: dict[str, int] = {}
    for number, name in re.findall(PART, words):
        if name == AMBIGUOUS:
            raise LengthError(_choice(number, ("months", "minutes")) or _no_length())
        unit = UNIT_OF.get(name)
        if unit is None or unit in found:
            raise LengthError(_no_length())
        found[unit] = int(number)
    days = found.pop("days", 0) + 7 * found.pop("weeks", 0)
    try:
        return Interval(**found, days=days)
    except ValueError as error:
        raise LengthError(_("A length is at most 100 years, or perpetual.")) from error


def _choice(number: str, units: Iterable[str]) -> str:
    """The sentence that asks what a number is of; empty where it can be of nothing."""
    possible = [f"“{length}”" for unit in units if (length := _length(number, unit))]
    if not possible:
        return ""
    return _("%(number)s of what? Type %(lengths)s.") % {
        "number": number,
        "lengths": get_text_list(possible, _("or")),
    }


def _length(number: str, unit: str) -> str:
    try:
        interval = Interval(**{unit: int(number)})
    except ValueError:
        return ""
    return in_words(interval) if interval else ""


def _no_length() -> str:
    return _("Type a length such as 1 year, 18 months, 90 days or 8 hours, or perpetual.")


@remembered
def in_words(interval: Interval) -> str:
    """All of the interval: "18 months", "1 year and 182 days"; "perpetual" for no end."""
    if not interval:
        return _("perpetual")
    numbers = zip(WORDS, interval.parts, strict=True)
    parts = [say(number) for say, number in numbers if number]
    return str(get_text_list(parts, _("and")))


def _years(n: int) -> str:
    return ngettext("%(n)d year", "%(n)d years", n) % {"n": n}


def _months(n: int) -> str:
    return ngettext("%(n)d month", "%(n)d months", n) % {"n": n}


def _days(n: int) -> str:
    return ngettext("%(n)d day", "%(n)d days", n) % {"n": n}


def _hours(n: int) -> str:
    return ngettext("%(n)d hour", "%(n)d hours", n) % {"n": n}


def _minutes(n: int) -> str:
    return ngettext("%(n)d minute", "%(n)d minutes", n) % {"n": n}


def _seconds(n: int) -> str:
    return ngettext("%(n)d second", "%(n)d seconds", n) % {"n": n}


WORDS = (_years, _months, _days, _hours, _minutes, _seconds)
