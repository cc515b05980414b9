"""Days and moments in words: honest about how far away they are, and whose clocks they go by."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from web.moments import at, clock, day, days_away, moment, relative

TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("when", "read"),
    [
        (date(2026, 11, 24), "today"),
        (date(2026, 11, 25), "in 1 day"),
        (date(2026, 12, 17), "in 23 days"),
        (date(2027, 11, 23), "in 364 days"),
        (date(2027, 11, 24), "in 1 year"),
        (date(2027, 11, 25), "in 1 year and 1 day"),
        (date(2027, 12, 23), "in 1 year and 29 days"),
        (date(2027, 12, 24), "in 1 year and 1 month"),
        (date(2028, 9, 30), "in 1 year and 10 months"),
        (date(2028, 11, 23), "in 1 year and 11 months"),
        (date(2028, 11, 24), "in 2 years"),
        (date(2031, 12, 31), "in 5 years and 1 month"),
        (date(2126, 11, 24), "in 100 years"),
        (date(2026, 11, 23), "1 day ago"),
        (date(2025, 11, 25), "364 days ago"),
        (date(2025, 11, 24), "1 year ago"),
        (date(2025, 1, 24), "1 year and 10 months ago"),
        (date(2024, 11, 20), "2 years and 4 days ago"),
    ],
)
def test_how_far_away_a_day_is(when: date, read: str) -> None:
    assert days_away(when, TODAY) == read


@pytest.mark.parametrize(
    ("first", "last", "read"),
    [
        (date(2027, 1, 31), date(2028, 1, 31), "in 1 year"),
        (date(2027, 1, 31), date(2028, 2, 28), "in 1 year and 28 days"),
        (date(2028, 2, 29), date(2029, 2, 28), "in 365 days"),
        (date(2028, 2, 29), date(2029, 3, 1), "in 1 year"),
        (date(2026, 12, 31), date(2027, 12, 31), "in 1 year"),
        (date(2026, 3, 1), date(2028, 2, 29), "in 1 year and 11 months"),
    ],
)
def test_the_ends_of_months(first: date, last: date, read: str) -> None:
    assert days_away(last, first) == read


@pytest.mark.parametrize(
    ("distance", "read"),
    [
        (timedelta(seconds=30), "in a moment"),
        (timedelta(seconds=-30), "just now"),
        (timedelta(minutes=5), "in 5 minutes"),
        (timedelta(hours=23, minutes=59), "in 23 hours"),
        (timedelta(hours=24), "in 1 day"),
        (timedelta(hours=47), "in 1 day"),
        (timedelta(hours=-47), "1 day ago"),
        (timedelta(days=366), "in 1 year and 1 day"),
        (timedelta(days=-700), "1 year and 11 months ago"),
    ],
)
def test_how_far_away_a_moment_is(distance: timedelta, read: str) -> None:
    assert relative(NOW + distance, NOW) == read


@pytest.mark.parametrize(
    ("zone", "read", "short"),
    [
        ("UTC", "24 November 2026, 23:30 UTC", "23:30 UTC"),
        ("Europe/Berlin", "25 November 2026, 00:30 CET", "00:30 CET"),
        ("America/New_York", "24 November 2026, 18:30 EST", "18:30 EST"),
        ("America/Sao_Paulo", "24 November 2026, 20:30 UTC-03", "20:30 UTC-03"),
        ("Asia/Kathmandu", "25 November 2026, 05:15 UTC+0545", "05:15 UTC+0545"),
    ],
)
def test_staff_read_the_current_zone_which_is_named(zone: str, read: str, short: str) -> None:
    late = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    with timezone.override(ZoneInfo(zone)):
        assert (at(late), clock(late)) == (read, short)


def test_pages_have_moments_in_utc_whatever_the_current_zone() -> None:
    late = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    with timezone.override(ZoneInfo("Asia/Tokyo")):
        written = moment(late, NOW)
    assert written
    assert (written.iso, written.date) == ("2026-11-24T23:30:00Z", "24 November 2026")
    assert written.full == "24 November 2026, 23:30 UTC"


def test_a_day_is_a_day() -> None:
    with timezone.override(ZoneInfo("Asia/Tokyo")):
        assert day(date(2027, 12, 31)) == "31 December 2027"
