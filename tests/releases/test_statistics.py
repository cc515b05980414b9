"""The numbers of a vendor's downloads."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from licenses.models import License
from releases import statistics
from releases.models import Download, Release, ReleaseFile
from releases.statistics import FileCount, TopFiles
from tenancy.door import inside
from tests.conftest import NOW
from tests.world import World, file_of, release

pytestmark = pytest.mark.by_database


def downloaded(file: ReleaseFile, license: License, at: datetime = NOW, **fields: Any) -> Download:
    """A download of the file by the licence's customer."""
    row = Download.objects.create(
        vendor_id=file.vendor_id,
        file=file,
        user=license.user,
        license=license,
        first_byte=0,
        bytes_asked=file.size,
        **{"complete": True, "counted": True, **fields},
    )
    Download.objects.filter(pk=row.pk).update(created_at=at)
    return row


def test_downloads_are_counted_by_day(acme: World) -> None:
    file = file_of(acme.orbit_release)
    first = downloaded(file, acme.ada_license)
    downloaded(file, acme.grace_license, datetime(2026, 10, 26, tzinfo=UTC))
    downloaded(file, acme.grace_license, datetime(2026, 10, 25, 23, 59, 59, tzinfo=UTC))
    downloaded(file, acme.ada_license, counted=False, continues=first)
    counted = statistics.downloads_per_day(NOW)
    assert len(counted.days) == 30
    assert {day: count for day, count in counted.days if count} == {
        date(2026, 10, 26): 1,
        date(2026, 11, 24): 1,
    }


def named(release: Release, count: int) -> FileCount:
    return FileCount(file_of(release).name, str(release), release.pk, count)


def test_five_files_are_named_and_the_rest_summed(acme: World) -> None:
    made = [release(acme.spectra, f"1.{minor}.0") for minor in range(7)]
    for number, each in enumerate(made, start=1):
        for _ in range(number):
            downloaded(file_of(each), acme.ada_license)
    found = statistics.top_files(NOW, 28)
    assert found == TopFiles(tuple(named(made[n - 1], n) for n in (7, 6, 5, 4, 3)), other=3)


def test_older_downloads_name_no_file(acme: World) -> None:
    downloaded(file_of(acme.orbit_release), acme.ada_license, datetime(2026, 10, 25, tzinfo=UTC))
    assert statistics.top_files(NOW, 0) == TopFiles((), 0)


def test_another_vendors_downloads_are_not_counted(world: World) -> None:
    with inside(world.globex):
        downloaded(file_of(world.quill_release), world.bob_license)
        assert statistics.downloads_per_day(NOW).total == 1
    with inside(world.acme):
        assert statistics.downloads_per_day(NOW).total == 0
        assert statistics.top_files(NOW, 0) == TopFiles((), 0)


def test_names_cost_one_query_however_many_files(
    acme: World, django_assert_num_queries: Any
) -> None:
    downloaded(file_of(acme.orbit_release), acme.ada_license)
    with django_assert_num_queries(2):
        statistics.top_files(NOW, 1)
    for minor in range(2):
        downloaded(file_of(release(acme.spectra, f"1.{minor}.0")), acme.ada_license)
    with django_assert_num_queries(2):
        statistics.top_files(NOW, 3)
    with django_assert_num_queries(1):
        statistics.downloads_per_day(NOW)
