"""Lengths of time and days as licences, maintenance and machines hold them."""

from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from accounts import days
from accounts.verbs.settings import change_settings
from licenses.ends import End, end_of, until
from licenses.intervals import Interval
from licenses.models import (
    MAINTENANCE,
    VALIDITY,
    Activation,
    License,
    LicensePolicy,
    MaintenancePolicy,
)
from licenses.token import token_claims
from licenses.verbs.activations import activate
from licenses.verbs.licenses import (
    create_license,
    extend,
    renew,
    renew_maintenance,
    set_last_day,
)
from tenancy.door import inside
from tests.conftest import NOW
from tests.licenses.lengths import BERLIN, NEW_YORK, TABLE, Line
from tests.world import World, machine, set_vendor, vendor_now


def make(world: World, **terms: Any) -> License:
    vendor = vendor_now(world.acme)
    world.orbit.vendor = vendor
    return create_license(product=world.orbit, user=world.ada, **terms)


# --- The table, kept by the database ------------------------------------------------------------


@pytest.mark.parametrize("line", TABLE, ids=str)
def test_a_licence_ends_when_a_person_expects(acme: World, frozen_time: Any, line: Line) -> None:
    set_vendor(acme.acme, time_zone=line.zone)
    frozen_time.move_to(line.moment(line.start))
    license = make(acme, subscription_interval=line.length)
    for each in line.renewed:
        frozen_time.move_to(line.moment(each))
        renew(license)
    license.refresh_from_db()
    assert license.end == line.end


@pytest.mark.parametrize("line", TABLE, ids=str)
def test_maintenance_and_machines_end_so_too(acme: World, frozen_time: Any, line: Line) -> None:
    set_vendor(acme.acme, time_zone=line.zone)
    policy = MaintenancePolicy.objects.create(
        vendor=acme.acme, name="Updates", subscription_interval=line.length
    )
    frozen_time.move_to(line.moment(line.start))
    license = make(
        acme,
        maintenance_policy=policy,
        subscription_interval=line.length,
        expiration_strategy="rolling",
    )
    one = activate(license, machine("one"))
    for each in line.renewed:
        frozen_time.move_to(line.moment(each))
        renew_maintenance(license)
    license.refresh_from_db()
    assert license.maintenance_end == line.end
    assert license.end is None
    if not line.renewed:
        one.refresh_from_db()
        assert one.end == line.end
        assert token_claims(one, license, now=NOW)["eat"] == int(line.end.at.timestamp())


def test_a_delayed_licence_counts_from_the_first_activation(acme: World, frozen_time: Any) -> None:
    set_vendor(acme.acme, time_zone=BERLIN)
    delayed = {"subscription_interval": "P1M", "expiration_strategy": "delayed"}
    license = make(acme, **delayed, allowed_activations=2)
    frozen_time.move_to(datetime(2027, 1, 30, 23, 30, tzinfo=UTC))
    activate(license, machine("one"))
    frozen_time.move_to(datetime(2027, 2, 10, tzinfo=UTC))
    activate(license, machine("two"))
    license.refresh_from_db()
    assert (license.anchor, license.periods) == ("2027-01-31T00:30:00", 1)
    assert license.expires_on == date(2027, 2, 28)
    assert renew(license).expires_on == date(2027, 3, 31)


@pytest.mark.takes_turns
def test_renewing_n_times_is_the_nth_anniversary(acme: World, frozen_time: Any) -> None:
    for start in (date(2027, 1, 29), date(2027, 1, 30), date(2027, 1, 31), date(2028, 2, 29)):
        frozen_time.move_to(datetime(start.year, start.month, start.day, 12, tzinfo=UTC))
        license = make(acme, subscription_interval="P1M")
        ends = [license.expires_on, *(renew(license).expires_on for _ in range(24))]
        assert [each and each.day for each in (ends[11], ends[23])] == [start.day, start.day] or (
            start.month == 2
        )
        assert all(28 <= (later - earlier).days <= 31 for earlier, later in pairwise(ends))  # type: ignore[operator]
        assert [each for each in ends if each and each.day > start.day] == []


# --- A day has its moment -----------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["", "maintenance_"])
def test_no_day_is_without_its_moment(acme: World, prefix: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        License.objects.update(**{f"{prefix}expires_on": date(2027, 1, 1)})
        connection.check_constraints()


def test_a_machine_s_day_has_its_moment_too(acme: World) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Activation.objects.update(expires_on=date(2027, 1, 1))
        connection.check_constraints()


# --- Another time zone --------------------------------------------------------------------------


@pytest.mark.unfound
def test_another_time_zone_keeps_every_day(acme: World) -> None:
    """Through all the years, on both sides of summer time, and moments stay moments."""
    some = [date(2020, 1, 1) + timedelta(days=7 * n) for n in range(60 * 10)]
    licenses = [
        License(
            vendor=acme.acme, product=acme.orbit, key=f"DAY-{n:012}", expires_at=at, expires_on=on
        )
        for n, (at, on) in enumerate(
            [*((end_of(day, UTC).at, day) for day in some), (NOW, None), (None, None)]
        )
    ]
    License.objects.bulk_create(licenses)
    for zone in (BERLIN, NEW_YORK, "Asia/Kolkata", "Pacific/Apia", "UTC"):
        change_settings(vendor=acme.acme, time_zone=zone)
        rows = License.objects.filter(key__startswith="DAY-").order_by("key")
        ends = [each.end for each in rows]
        assert ends == [*(end_of(day, ZoneInfo(zone)) for day in some), End(NOW), None]


def test_maintenance_and_machines_keep_theirs(acme: World) -> None:
    license = make(acme)
    day = date(2027, 7, 31)
    MAINTENANCE.put(license, until(end_of(day, UTC), UTC))
    license.save(update_fields=MAINTENANCE.fields)
    one = activate(license, machine("one"))
    Activation.objects.filter(pk=one.pk).update(expires_on=day, expires_at=end_of(day, UTC).at)
    assert days.counted() == 2
    change_settings(vendor=acme.acme, time_zone=BERLIN)
    license.refresh_from_db()
    one.refresh_from_db()
    there = end_of(day, ZoneInfo(BERLIN))
    assert (license.maintenance_end, one.end, license.end) == (there, there, None)


def test_nothing_is_counted_anew_in_another_zone(acme: World, frozen_time: Any) -> None:
    """31 January stays the anchor, although it is 30 January elsewhere at that moment."""
    set_vendor(acme.acme, time_zone=BERLIN)
    frozen_time.move_to(datetime(2027, 1, 30, 23, 30, tzinfo=UTC))
    license = make(acme, subscription_interval="P1M")
    change_settings(vendor=acme.acme, time_zone=NEW_YORK)
    assert renew(license).expires_on == date(2027, 3, 31)
    assert license.expires_on == date(2027, 2, 28)


def test_the_other_vendor_keeps_everything(world: World) -> None:
    with inside(world.globex):
        set_last_day(world.bob_license, day=date(2027, 12, 31))
    with inside(world.acme):
        set_last_day(world.ada_license, day=date(2027, 12, 31))
        change_settings(vendor=world.acme, time_zone=BERLIN)
    with inside(world.globex):
        end = License.objects.get(pk=world.bob_license.pk).end
    assert end == end_of(date(2027, 12, 31), UTC)


def test_moving_asks_the_same_for_one_and_three(
    acme: World, django_assert_num_queries: Any
) -> None:
    for zone, number in ((BERLIN, 1), (NEW_YORK, 3)):
        for _ in range(number):
            set_last_day(make(acme), day=date(2027, 12, 31))
        # The days of licences, of maintenance and of machines, the licences' new moments, and the
        # transaction around them.
        with django_assert_num_queries(6):
            days.move(ZoneInfo(zone))


def test_extending_counts_by_the_vendors_day(acme: World, frozen_time: Any) -> None:
    set_vendor(acme.acme, time_zone=NEW_YORK)
    license = make(acme, subscription_interval="P1D")
    frozen_time.move_to(datetime(2026, 12, 1, 3, tzinfo=UTC))  # still 30 November there
    assert extend(license, by=Interval(days=10)).expires_on == date(2026, 12, 10)


# --- What the migration makes of seconds --------------------------------------------------------

CALENDAR = import_module("licenses.migrations.0008_calendar")


class Editor:
    """Runs the migration's statement on a table of seconds."""

    def __init__(self, table: str) -> None:
        self.table = table

    def execute(self, sql: str, params: None) -> None:
        if " licenses_license SET" in sql:
            with connection.cursor() as cursor:
                cursor.execute(sql.replace("licenses_license", self.table), params)


@pytest.mark.parametrize(
    ("seconds", "interval"),
    [
        (0, ""),
        (365 * 86400, "P1Y"),
        (730 * 86400, "P2Y"),
        (3650 * 86400, "P10Y"),
        (366 * 86400, "P366D"),
        (548 * 86400, "P548D"),
        (30 * 86400, "P30D"),
        (86400, "P1D"),
        (129600, "PT36H"),
        (28800, "PT8H"),
        (5400, "PT90M"),
        (90001, "PT90001S"),
    ],
)
def test_seconds_become_what_was_read_all_along(acme: World, seconds: int, interval: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE old_terms (validity bigint, subscription_interval varchar(40))"
        )
        cursor.execute("INSERT INTO old_terms (validity) VALUES (%s)", [seconds])
        CALENDAR.fill_in_intervals(None, Editor("old_terms"))
        cursor.execute("SELECT subscription_interval FROM old_terms")
        assert cursor.fetchone() == (interval,)
        cursor.execute("DROP TABLE old_terms")
    LicensePolicy(vendor=acme.acme, name="Old", subscription_interval=interval).full_clean()


def test_only_what_was_set_as_a_day_becomes_one(acme: World) -> None:
    last_second = datetime(2027, 12, 31, 23, 59, 59, tzinfo=UTC)
    ends = [last_second, last_second - timedelta(seconds=1), NOW, None]
    for at in ends:
        license = make(acme)
        VALIDITY.put(license, until(End(at), UTC) if at else None)
        license.save(update_fields=VALIDITY.fields)
    CALENDAR.fill_in_days(apps, None)
    found = License.objects.exclude(pk__in=[acme.ada_license.pk, acme.grace_license.pk])
    assert {each.expires_at: each.expires_on for each in found} == {
        **dict.fromkeys(ends),
        last_second: date(2027, 12, 31),
    }
