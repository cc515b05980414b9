"""Lengths of time by the calendar, as ISO 8601 writes them: P1Y, P18M, P30D, PT8H; pure.

A year is a year and a month is a month, however many days they have. Seconds of the Web API v3
(`validity`) are the nominal ones: a year has 365 days there, and a month 30.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import MAXYEAR, datetime, timedelta
from functools import lru_cache

HOUR = 60 * 60
DAY = 24 * HOUR
LONGEST = 100 * 366 * DAY  # so that no date overflows
LONGEST_TEXT = 40
MONTHS = 12  # of a year
DIGITS = r"([0-9]{1,10})"
ISO = re.compile(
    rf"P(?=.)(?:{DIGITS}Y)?(?:{DIGITS}M)?(?:{DIGITS}W)?(?:{DIGITS}D)?"
    rf"(?:T(?=.)(?:{DIGITS}H)?(?:{DIGITS}M)?(?:{DIGITS}S)?)?"
)


@dataclass(frozen=True, slots=True)
class Interval:
    """Years and months of the calendar, days, and a time by the clock; whole numbers from 0.

    Nothing at all stands for no end. Raises ValueError for what is longer than a hundred years.
    """

    years: int = 0
    months: int = 0
    days: int = 0
    hours: int = 0
    minutes: int = 0
    seconds: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.nominal <= LONGEST:
            raise ValueError(f"Longer than a hundred years: {self.nominal} seconds.")

    def __bool__(self) -> bool:
        return any(self.parts)

    @property
    def parts(self) -> tuple[int, ...]:
        """Its numbers, from years to seconds."""
        return self.years, self.months, self.days, self.hours, self.minutes, self.seconds

    def __str__(self) -> str:
        """As ISO 8601 writes it; empty for no end."""
        if not self:
            return ""
        date, time = _written("YMD", self.parts[:3]), _written("HMS", self.parts[3:])
        return f"P{date}T{time}" if time else f"P{date}"

    @property
    def nominal(self) -> int:
        """Its seconds in the Web API v3: a year of 365 days, a month of 30."""
        days = 365 * self.years + 30 * self.months + self.days
        return days * DAY + int(self.time.total_seconds())

    @property
    def time(self) -> timedelta:
        """What of it goes by the clock."""
        return timedelta(hours=self.hours, minutes=self.minutes, seconds=self.seconds)

    @property
    def lasts_days(self) -> bool:
        """Whether it lasts a day or more, and so ends at the end of a day."""
        return self.nominal >= DAY

    def after(self, wall: datetime, times: int = 1) -> datetime:
        """So many of it after a moment by the wall clock: months first, then days, then the time.

        Where the month has no such day, it is its last one: 31 January and a month are 28 February.
        Raises OverflowError beyond the year 9999.
        """
        months = times * (MONTHS * self.years + self.months)
        return _months_after(wall, months) + times * (timedelta(self.days) + self.time)


def _written(letters: str, numbers: tuple[int, ...]) -> str:
    parts = zip(letters, numbers, strict=True)
    return "".join(f"{number}{letter}" for letter, number in parts if number)


def _months_after(wall: datetime, months: int) -> datetime:
    year, month = divmod(MONTHS * wall.year + wall.month - 1 + months, MONTHS)
    if year > MAXYEAR:
        raise OverflowError(f"The year {year} is too far.")
    last = monthrange(year, month + 1)[1]
    return wall.replace(year=year, month=month + 1, day=min(wall.day, last))


NO_END = Interval()


@lru_cache(1024)
def parse(text: str) -> Interval:
    """The interval that a text in ISO 8601 stands for, whole numbers alone; the empty text is
    NO_END. Weeks become days. Raises ValueError for any other text, and for P0D."""
    if not text:
        return NO_END
    match = ISO.fullmatch(text)
    if match is None:
        raise ValueError(f"This is no interval of ISO 8601: {text[:LONGEST_TEXT]!r}.")
    years, months, weeks, days, *time = (int(each or 0) for each in match.groups())
    interval = Interval(years, months, 7 * weeks + days, *time)
    if not interval:
        raise ValueError("This interval has no length.")
    return interval


def of_seconds(seconds: int) -> Interval:
    """So many seconds, as days and a time by the clock; 0 is NO_END.

    Raises ValueError below 0 and above a hundred years.
    """
    days, rest = divmod(seconds, DAY)
    hours, rest = divmod(rest, HOUR)
    return Interval(0, 0, days, hours, *divmod(rest, 60))


def changed_to(seconds: int, current: Interval) -> Interval:
    """What the Web API's `validity` makes of an interval: the same number changes nothing, another
    one is days and a time by the clock. Raises ValueError like `of_seconds`."""
    return current if seconds == current.nominal else of_seconds(seconds)
