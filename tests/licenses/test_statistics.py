"""The numbers of a vendor's licences and machines."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from django.utils import timezone
from time_machine import Traveller

from audit import trail
from licenses import statistics
from licenses.models import Activation, ExpirationStrategy, License
from licenses.search import Wanted, find, status_filter
from licenses.statistics import Machines, Ranking
from licenses.status import Status
from licenses.verbs.licenses import create_license
from tenancy.door import inside
from tests.conftest import NOW
from tests.world import World, fingerprint, set_vendor, vendor_now

pytestmark = pytest.mark.by_database
DAY = timedelta(days=1)


def licence(world: World, **fields: Any) -> License:
    """A licence of Ada's with fields as they may have become."""
    license = create_license(product=world.orbit, user=world.ada, allowed_activations=3)
    License.objects.filter(pk=license.pk).update(**fields)
    return License.objects.get(pk=license.pk)


def machine(world: World, name: str, **fields: Any) -> Activation:
    described = {"os": "linux", "app_version": "4.2.1", "last_synced_at": NOW, **fields}
    if described.get("offline"):
        described["machine_thumbprint"] = "thumb"
    return Activation.objects.create(
        vendor=world.acme, license=world.ada_license, fingerprint=fingerprint(name), **described
    )


def activated(license: License) -> None:
    trail.record("activated", license, license_id=license.pk)


# --- Licences -----------------------------------------------------------------------------------


def test_every_status_is_counted_as_its_page_tells_it(acme: World) -> None:
    samples = [
        licence(acme, revoked=True, suspended=True),
        licence(acme, suspended=True, expires_at=NOW - DAY),
        licence(acme, expires_at=NOW),
        licence(acme, expires_at=NOW - DAY),
        licence(acme, expires_at=NOW + 30 * DAY),
        licence(acme, expires_at=NOW + 31 * DAY),
        licence(acme, expiration_strategy="delayed", subscription_interval="PT1M"),
    ]
    told = [each.standing.status for each in [*samples, acme.ada_license, acme.grace_license]]
    counted = statistics.standings(timezone.now())
    assert counted.by_status == {each: told.count(each) for each in Status}
    assert counted.total == len(told)


@pytest.mark.unfound
def test_every_combination_is_counted_as_its_row_stands(acme: World) -> None:
    ends = [NOW + days * DAY for days in (-1, 0, 30, 60, 90)]
    tick = timedelta(microseconds=1)
    moments = [None, *(end + by for end in ends for by in (-tick, 0 * tick, tick))]
    combinations = product(
        (False, True), (False, True), moments, ExpirationStrategy.values, ("", "PT1M")
    )
    for number, (revoked, suspended, end, strategy, interval) in enumerate(combinations):
        License(
            vendor=acme.acme,
            product=acme.orbit,
            user=acme.ada,
            key=f"COMBINATION-{number}",
            revoked=revoked,
            suspended=suspended,
            expires_at=end,
            expiration_strategy=strategy,
            subscription_interval=interval,
        ).save(force_insert=True)
    rows = list(License.objects.all())
    assert len(rows) > 384
    told = Counter(row.standing.status for row in rows)
    counted = statistics.standings(NOW)
    assert counted.by_status == {each: told[each] for each in Status}
    assert counted.by_status == {
        each: License.objects.filter(status_filter(each, NOW)).count() for each in Status
    }
    assert counted.expiring == {
        days: find(License.objects.all(), Wanted(expires_within=days, usable=True), now=NOW).count()
        for days in statistics.HORIZONS
    }


def test_a_vendor_without_licences_has_every_status(acme: World) -> None:
    Activation.objects.all().delete()
    License.objects.all().delete()
    counted = statistics.standings(NOW)
    assert counted.by_status == dict.fromkeys(Status, 0)
    assert counted.expiring == {30: 0, 60: 0, 90: 0}


def test_nearer_ends_are_among_the_farther_ones_and_only_usable_licences_count(
    acme: World,
) -> None:
    for days in (1, 30, 31, 60, 61, 90, 91):
        licence(acme, expires_at=NOW + days * DAY)
    licence(acme, expires_at=NOW)
    licence(acme, expires_at=NOW + DAY, suspended=True)
    licence(acme, expires_at=NOW + DAY, revoked=True)
    assert statistics.standings(NOW).expiring == {30: 2, 60: 4, 90: 6}


# --- Machines -----------------------------------------------------------------------------------


def test_machines_are_counted_by_way_and_platform(acme: World) -> None:
    machine(acme, "one", os="windows", offline=True)
    machine(acme, "two", os="macos", offline=True)
    # Ada's and Grace's machines run Linux.
    Activation.objects.update(app_version="4.2.1")
    assert statistics.machines() == Machines(
        online=2,
        offline=2,
        platforms=Ranking((("linux", 2), ("macos", 1), ("windows", 1))),
        versions=Ranking((("4.2.1", 4),)),
    )


def test_a_sixth_platform_is_among_the_others(acme: World) -> None:
    for os in ("windows", "macos", "android", "ios", "solaris"):
        machine(acme, os, os=os)
    found = statistics.machines().platforms
    assert [name for name, _count in found.top] == ["linux", "android", "ios", "macos", "solaris"]
    assert found.other == 1


def test_five_versions_are_named_and_the_rest_summed(acme: World) -> None:
    Activation.objects.all().delete()
    for version, count in (
        ("4.2", 3),
        ("4.1", 2),
        ("4.0", 2),
        ("3.9", 1),
        ("", 1),
        ("1", 1),
        ("9", 1),
    ):
        for number in range(count):
            machine(acme, f"{version}-{number}", app_version=version)
    assert statistics.machines().versions == Ranking(
        (("4.2", 3), ("4.0", 2), ("4.1", 2), ("", 1), ("1", 1)), other=2
    )


def test_no_machines_make_no_ranks(acme: World) -> None:
    Activation.objects.all().delete()
    assert statistics.machines() == Machines(0, 0, Ranking(()), Ranking(()))


# --- Days ---------------------------------------------------------------------------------------


def test_days_without_activations_are_there(acme: World) -> None:
    before = dict(statistics.activations_per_day(NOW).days)
    activated(acme.ada_license)
    counted = statistics.activations_per_day(NOW)
    assert [day for day, _count in counted.days] == [
        date(2026, 10, 26) + number * DAY for number in range(30)
    ]
    assert dict(counted.days) == {**before, NOW.date(): before[NOW.date()] + 1}


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 11, 23, 23, 59, 59, 999999, tzinfo=UTC), date(2026, 11, 23)),
        (datetime(2026, 11, 23, 0, 0, tzinfo=UTC), date(2026, 11, 23)),
        (datetime(2026, 10, 26, 0, 0, tzinfo=UTC), date(2026, 10, 26)),
    ],
)
def test_a_day_begins_at_midnight(
    acme: World, frozen_time: Traveller, moment: datetime, day: date
) -> None:
    before = dict(statistics.activations_per_day(NOW).days)[day]
    frozen_time.move_to(moment)
    activated(acme.ada_license)
    assert dict(statistics.activations_per_day(NOW).days)[day] == before + 1


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("Europe/Berlin", "2026-11-23T22:59:59+00:00", date(2026, 11, 23)),
        ("Europe/Berlin", "2026-11-23T23:00:00+00:00", date(2026, 11, 24)),
        ("America/New_York", "2026-11-24T04:59:59+00:00", date(2026, 11, 23)),
        # Until 1 November it was an hour more.
        ("America/New_York", "2026-10-31T03:59:59+00:00", date(2026, 10, 30)),
        ("America/New_York", "2026-10-31T04:00:00+00:00", date(2026, 10, 31)),
    ],
)
def test_a_day_is_the_vendors(
    world: World, frozen_time: Traveller, zone: str, moment: str, day: date
) -> None:
    set_vendor(world.acme, time_zone=zone)
    with inside(vendor_now(world.acme)):
        before = dict(statistics.activations_per_day(NOW).days)[day]
        frozen_time.move_to(datetime.fromisoformat(moment))
        activated(world.ada_license)
        assert dict(statistics.activations_per_day(NOW).days)[day] == before + 1


def test_what_is_older_or_something_else_is_not_counted(
    acme: World, frozen_time: Traveller
) -> None:
    before = statistics.activations_per_day(NOW).total
    trail.record("deactivated", acme.ada_license, license_id=acme.ada_license.pk)
    frozen_time.move_to(datetime(2026, 10, 25, 23, 59, 59, tzinfo=UTC))
    activated(acme.ada_license)
    assert statistics.activations_per_day(NOW).total == before


# --- Vendors ------------------------------------------------------------------------------------


def test_another_vendors_rows_change_nothing(world: World) -> None:
    def counted() -> Any:
        with inside(world.acme):
            return (
                statistics.standings(NOW),
                statistics.machines(),
                statistics.activations_per_day(NOW),
            )

    before = counted()
    with inside(world.globex):
        create_license(product=world.quill, user=world.bob, subscription_interval="P1D")
        Activation.objects.filter(pk=world.bob_machine.pk).update(app_version="6.6.6", os="ios")
        activated(world.bob_license)
        assert statistics.machines().total == 2
    assert counted() == before


def test_each_number_is_one_query(acme: World, django_assert_num_queries: Any) -> None:
    for ask in (
        lambda: statistics.standings(NOW),
        statistics.machines,
        lambda: statistics.activations_per_day(NOW),
    ):
        with django_assert_num_queries(1):
            ask()
