"""When lengths of time end: the days that a person expects."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from licenses.ends import (
    End,
    Term,
    begun,
    end_of,
    extended,
    renewed,
    until,
    wall_clock,
)
from licenses.intervals import Interval, parse
from tenancy import zones
from tests.licenses.lengths import BERLIN, NEW_YORK, TABLE, Line

MONTHS = 12
moments = some.datetimes(datetime(1990, 1, 1), datetime(2090, 12, 31), timezones=some.just(UTC))
places = some.sampled_from(zones.places()).map(ZoneInfo)
lengths = some.one_of(
    some.builds(Interval, years=some.integers(1, 4)),
    some.builds(Interval, months=some.integers(1, 40)),
    some.builds(Interval, days=some.integers(1, 800)),
    some.builds(Interval, some.integers(0, 2), some.integers(0, 18), some.integers(1, 60)),
)


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def test_the_table_is_long_and_has_everything() -> None:
    assert len({(each.length, each.zone, each.start, each.renewed) for each in TABLE}) >= 90
    assert len({each.zone for each in TABLE}) >= 12


@pytest.mark.parametrize("line", TABLE, ids=str)
def test_it_ends_when_a_person_expects(line: Line) -> None:
    interval, zone = parse(line.length), ZoneInfo(line.zone)
    term = begun(interval, line.moment(line.start), zone)
    for each in line.renewed:
        term = renewed(term, interval, line.moment(each), zone)
    assert term.end.on == line.end.on
    assert term.end.at == line.end.at


# --- The end of a day ---------------------------------------------------------------------------


@given(some.dates(date(1990, 1, 1), date(2090, 12, 31)), places)
def test_the_end_of_a_day_is_its_last_second(day: date, zone: ZoneInfo) -> None:
    end = end_of(day, zone)
    if (day, zone.key) in SKIPPED:
        return
    assert end.at.astimezone(zone).date() == day
    assert (end.at + timedelta(seconds=1)).astimezone(zone).date() == next_day(day, zone)


# Days that were left out where the date line was moved.
SKIPPED = {
    (date(2011, 12, 30), "Pacific/Apia"),
    (date(2011, 12, 30), "Pacific/Fakaofo"),
    (date(1993, 8, 21), "Pacific/Kwajalein"),
    (date(1994, 12, 31), "Pacific/Kiritimati"),
    (date(1994, 12, 31), "Pacific/Enderbury"),
    (date(1994, 12, 31), "Pacific/Kanton"),
}


def next_day(day: date, zone: ZoneInfo) -> date:
    following = day + timedelta(days=1)
    return following + timedelta(days=(following, zone.key) in SKIPPED)


def test_a_day_whose_last_hour_comes_twice_ends_with_the_second() -> None:
    # At midnight clocks in Asunción went back to 23:00.
    assert end_of(date(2024, 3, 23), ZoneInfo("America/Asuncion")).at == at("2024-03-24 03:59:59")


def test_a_day_after_which_midnight_is_left_out_ends_before_it() -> None:
    # In Cairo midnight becomes one o'clock.
    assert end_of(date(2027, 4, 29), ZoneInfo("Africa/Cairo")).at == at("2027-04-29 21:59:59")


@pytest.mark.parametrize(
    ("day", "zone", "moment"),
    [
        ("2027-12-31", "UTC", "2027-12-31 23:59:59"),
        ("2027-12-31", BERLIN, "2027-12-31 22:59:59"),
        ("2027-06-30", BERLIN, "2027-06-30 21:59:59"),
        ("2027-12-31", NEW_YORK, "2028-01-01 04:59:59"),
    ],
)
def test_a_day_ends_by_the_clocks_there(day: str, zone: str, moment: str) -> None:
    assert end_of(date.fromisoformat(day), ZoneInfo(zone)) == End(
        at(moment), date.fromisoformat(day)
    )


# --- Renewing -----------------------------------------------------------------------------------


@given(moments, lengths, some.integers(0, 20), places)
def test_renewing_n_times_is_the_nth_anniversary(
    start: datetime, interval: Interval, n: int, zone: ZoneInfo
) -> None:
    term = begun(interval, start, zone)
    for _ in range(n):
        term = renewed(term, interval, start, zone)
    parts = (interval.years, interval.months, interval.days)
    whole = Interval(*((n + 1) * each for each in parts))
    assert term == Term(begun(whole, start, zone).end, wall_clock(start, zone), n + 1)


@given(moments, some.integers(1, 60), some.integers(1, 30), places)
def test_a_month_keeps_its_day_as_long_as_it_has_it(
    start: datetime, months: int, n: int, zone: ZoneInfo
) -> None:
    term = begun(Interval(months=months), start, zone)
    for _ in range(n):
        term = renewed(term, Interval(months=months), start, zone)
    day, began = term.end.on, wall_clock(start, zone)
    assert day is not None
    assert (day.year - began.year) * MONTHS + day.month - began.month == (n + 1) * months
    last = (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    assert day.day == min(began.day, last.day)


def test_every_day_of_eight_years_by_month_and_year() -> None:
    zone, day = ZoneInfo(BERLIN), date(2024, 1, 1)
    while day < date(2032, 1, 1):
        start = datetime(day.year, day.month, day.day, 12, tzinfo=zone)
        month, year = (begun(each, start, zone).end.on for each in (parse("P1M"), parse("P1Y")))
        assert month
        assert year
        assert (month - day).days in {28, 29, 30, 31}
        assert month.day == day.day or (month + timedelta(days=1)).day == 1
        assert (year.month, year.day) in {(day.month, day.day), (2, 28)}
        assert year.year == day.year + 1
        day += timedelta(days=1)


# --- What sets a new anchor ---------------------------------------------------------------------

YEAR, MONTH = parse("P1Y"), parse("P1M")
UTC_ZONE = ZoneInfo("UTC")


def test_a_day_that_was_set_is_the_anchor() -> None:
    set_to = until(end_of(date(2027, 1, 31), UTC_ZONE), UTC_ZONE)
    assert (set_to.anchor, set_to.periods) == (datetime(2027, 1, 31, 23, 59, 59), 0)
    once = renewed(set_to, MONTH, at("2027-01-01"), UTC_ZONE)
    twice = renewed(once, MONTH, at("2027-01-01"), UTC_ZONE)
    assert (once.end.on, twice.end.on) == (date(2027, 2, 28), date(2027, 3, 31))


def test_extending_sets_an_anchor() -> None:
    term = begun(MONTH, at("2027-01-31 10:00"), UTC_ZONE)
    longer = extended(term.end, Interval(days=3), at("2027-02-01"), UTC_ZONE)
    assert (longer.end.on, longer.periods) == (date(2027, 3, 3), 0)
    assert renewed(longer, MONTH, at("2027-02-01"), UTC_ZONE).end.on == date(2027, 4, 3)


def test_extending_what_has_ended_counts_from_now() -> None:
    ended = end_of(date(2027, 1, 31), UTC_ZONE)
    longer = extended(ended, Interval(days=30), at("2027-03-10 09:00"), UTC_ZONE)
    assert longer.end == end_of(date(2027, 4, 9), UTC_ZONE)


def test_extending_by_hours_gives_a_moment() -> None:
    longer = extended(
        end_of(date(2027, 1, 31), UTC_ZONE), parse("PT2H"), at("2027-01-01"), UTC_ZONE
    )
    assert longer.end == End(at("2027-02-01 01:59:59"))


def test_a_moment_is_extended_by_days_to_the_end_of_a_day() -> None:
    longer = extended(End(at("2027-01-31 18:00")), Interval(days=1), at("2027-01-01"), UTC_ZONE)
    assert longer.end == end_of(date(2027, 2, 1), UTC_ZONE)


def test_an_anchor_of_another_interval_gives_way_to_the_end() -> None:
    term = begun(MONTH, at("2027-01-31 10:00"), UTC_ZONE)
    assert renewed(term, YEAR, at("2027-02-01"), UTC_ZONE).end.on == date(2028, 2, 28)


def test_what_ended_at_a_moment_before_there_were_days_is_renewed_to_a_day() -> None:
    known = until(End(at("2027-11-25 10:00")), UTC_ZONE)
    assert renewed(known, YEAR, at("2027-01-01"), UTC_ZONE).end == end_of(
        date(2028, 11, 25), UTC_ZONE
    )


# --- Another zone -------------------------------------------------------------------------------


def in_zone(end: End, zone: ZoneInfo) -> End:
    """The end where the vendor has another zone: a day keeps its name."""
    assert end.on
    return end_of(end.on, zone)


@given(moments, lengths, some.integers(0, 5), places, places)
def test_another_zone_keeps_days_and_the_way_that_they_are_counted(
    start: datetime, interval: Interval, n: int, old: ZoneInfo, new: ZoneInfo
) -> None:
    term = begun(interval, start, old)
    moved = Term(in_zone(term.end, new), term.anchor, term.periods)
    assert moved.end.on == term.end.on
    for _ in range(n):
        term = renewed(term, interval, start - timedelta(days=2), old)
        moved = renewed(moved, interval, start - timedelta(days=2), new)
    assert moved == Term(in_zone(term.end, new), term.anchor, term.periods)


@pytest.mark.parametrize("length", ["P1Y", "P1M", "P1D", "PT36H"])
def test_beyond_the_last_year_is_an_overflow(length: str) -> None:
    with pytest.raises(OverflowError):
        begun(parse(length), at("9999-12-31 10:00"), UTC_ZONE)
