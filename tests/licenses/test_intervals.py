"""Lengths of time as ISO 8601 and the Web API write them."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from licenses.intervals import (
    DAY,
    LONGEST,
    LONGEST_TEXT,
    NO_END,
    Interval,
    changed_to,
    of_seconds,
    parse,
)


@pytest.mark.parametrize(
    ("text", "interval", "seconds"),
    [
        ("P1Y", Interval(years=1), 365 * DAY),
        ("P18M", Interval(months=18), 540 * DAY),
        ("P1Y6M", Interval(years=1, months=6), 545 * DAY),
        ("P30D", Interval(days=30), 30 * DAY),
        ("P3M10D", Interval(months=3, days=10), 100 * DAY),
        ("PT8H", Interval(hours=8), 28_800),
        ("PT1H30M", Interval(hours=1, minutes=30), 5_400),
        ("P1DT12H", Interval(days=1, hours=12), 129_600),
        ("PT45S", Interval(seconds=45), 45),
        ("", NO_END, 0),
    ],
)
def test_what_is_written(text: str, interval: Interval, seconds: int) -> None:
    assert parse(text) == interval
    assert str(interval) == text
    assert interval.nominal == seconds


def test_weeks_are_days() -> None:
    assert parse("P2W") == parse("P14D") == Interval(days=14)


@pytest.mark.parametrize(
    "text",
    ["P", "PT", "P1", "1Y", "P1YT", "PT1D", "P1H", "P-1Y", "P1.5Y", "P1Y ", " P1Y", "p1y", "P0D",
     "P0Y0M", "PT0S", "P6M1Y", "P1Y1Y", "P٣D", "P1Y\n", "P101Y", "P99999999999D", "PT9999999999H",
     "365", "P1Y/P1M"],
)  # fmt: skip
def test_what_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"interval|hundred years|length"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "lasts"),
    [("PT23H59M59S", False), ("PT24H", True), ("P1D", True), ("P1M", True), ("PT1439M", False)],
)
def test_a_day_and_more_lasts_days(text: str, lasts: bool) -> None:
    assert parse(text).lasts_days is lasts


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, ""), (365 * DAY, "P365D"), (30 * DAY, "P30D"), (28_800, "PT8H"), (5_400, "PT1H30M"),
     (129_600, "P1DT12H"), (61, "PT1M1S")],
)  # fmt: skip
def test_seconds_are_days_and_a_time(seconds: int, text: str) -> None:
    assert str(of_seconds(seconds)) == text


@pytest.mark.parametrize("seconds", [-1, LONGEST + 1])
def test_seconds_that_are_too_few_or_too_many(seconds: int) -> None:
    with pytest.raises(ValueError, match="hundred years"):
        of_seconds(seconds)


@pytest.mark.parametrize(
    ("seconds", "current", "text"),
    [
        (365 * DAY, "P1Y", "P1Y"),
        (540 * DAY, "P18M", "P18M"),
        (366 * DAY, "P1Y", "P366D"),
        (30 * DAY, "P1M", "P1M"),
        (31 * DAY, "P1M", "P31D"),
        (0, "P1Y", ""),
        (365 * DAY, "", "P365D"),
        (3_600, "P1Y", "PT1H"),
    ],
)
def test_the_same_seconds_change_nothing_and_others_are_days(
    seconds: int, current: str, text: str
) -> None:
    assert str(changed_to(seconds, parse(current))) == text


@given(some.integers(0, LONGEST))
def test_seconds_come_back_as_they_went(seconds: int) -> None:
    interval = of_seconds(seconds)
    assert interval.nominal == seconds
    assert parse(str(interval)) == interval
    assert len(str(interval)) <= LONGEST_TEXT


@given(some.integers(0, 99), some.integers(0, 11), some.integers(0, 300), some.integers(0, 23))
def test_texts_come_back_as_they_went(years: int, months: int, days: int, hours: int) -> None:
    interval = Interval(years, months, days, hours)
    assert parse(str(interval)) == interval


@given(some.datetimes(datetime(1990, 1, 1), datetime(2400, 1, 1)), some.integers(0, 1_000))
def test_months_after_one_another_come_in_order(wall: datetime, months: int) -> None:
    month, previous = Interval(months=1), wall
    for n in range(1, months % 40):
        following = month.after(wall, n)
        assert following > previous
        assert following.time() == wall.time()
        previous = following
