"""The record of downloads: what counts, what continues, and exactly once."""

from typing import Any

import pytest
from django.db import connection

from releases.files.ranges import ByteRange
from releases.models import Download, ReleaseFile
from releases.verbs.downloads import record
from tenancy.door import inside
from tests import world as worlds
from tests.licenses.test_activation import run_at_once
from tests.world import CONTENT, Browser, World, download_path, file_of, signed_in

SIZE = len(CONTENT)
WHOLE = (0, SIZE)


def ask(world: World, first: int, stop: int, **holder: Any) -> Download:
    who = {"user": world.ada, "license": world.ada_license, **holder}
    file = file_of(world.orbit_release)
    return record(file, ip="192.0.2.7", granted=ByteRange(first, stop), **who)


def count(world: World) -> int:
    """The downloads to bill by; the counter agrees with the rows."""
    file = file_of(world.orbit_release)
    assert file.download_count == Download.objects.filter(file=file, counted=True).count()
    return file.download_count


@pytest.mark.parametrize(
    ("asked", "counted"),
    [
        ([WHOLE], 1),
        ([WHOLE, (600, SIZE)], 1),  # cut and resumed
        ([WHOLE, (600, SIZE), (900, SIZE)], 1),
        ([WHOLE, WHOLE], 2),
        ([WHOLE, (600, SIZE), WHOLE], 2),
        ([(0, 1), WHOLE], 1),  # probed with a byte
        ([(0, 1), WHOLE, WHOLE], 2),
        ([(0, 256), (256, 512), (512, 768), (768, SIZE)], 1),  # fetched in parts
        ([(256, 512), (0, 256), (768, SIZE), (512, 768)], 1),
        ([(0, 512), (512, SIZE), (0, 512), (512, SIZE)], 2),
        ([(1, SIZE)], 1),
        ([WHOLE, *[(n * 54, SIZE) for n in range(1, 19)]], 1),  # cut again and again
        # Leaving out a byte is no way round, and gets the file twice for once at most.
        ([(0, 1), *[(1, SIZE)] * 11], 10),
        ([(1, SIZE)] * 11, 11),
        ([(0, SIZE - 1)] * 11, 11),
        ([(0, SIZE - 1), WHOLE], 2),
        ([WHOLE, *[(1, SIZE)] * 10], 10),
        ([(0, 1), *[(n, SIZE) for n in range(1, 41)]], 20),
        ([WHOLE, (SIZE - 1, SIZE), *[(1, SIZE)] * 10], 10),
        ([(n, SIZE) for n in range(40, 0, -1)], 40),
        ([(0, 400), (400, SIZE)] * 5, 5),
        # What is asked for many times, but little of it.
        ([(0, 1)] * 100, 1),
        ([(0, 512), *[(0, 1)] * 100], 1),
        ([(0, 512), (0, 512), (512, SIZE)], 2),
        ([WHOLE, *[(SIZE - 1, SIZE)] * 100], 1),
        # Lines that are cut.
        ([WHOLE, (1, SIZE)], 1),  # at once
        ([WHOLE, (900, SIZE), (900, SIZE), (900, SIZE)], 1),  # and brought nothing
        ([WHOLE, (300, SIZE), (600, SIZE), (601, SIZE)], 1),
        # Eight at once that each ask for all that is left, as some managers of downloads do.
        ([WHOLE, *[(n * 128, SIZE) for n in (4, 2, 6, 1, 3, 5, 7)]], 1),
        ([(n * 64, n * 64 + 64) for n in (3, 1, 15, *range(4, 15), 0, 2)], 1),
    ],
)
def test_what_counts(
    acme: World, asked: list[tuple[int, int]], counted: int, frozen_time: Any
) -> None:
    for part in asked:
        ask(acme, *part)
        frozen_time.shift(1)
    assert count(acme) == counted
    assert Download.objects.count() == len(asked)


def test_a_row_tells_everything(acme: World) -> None:
    first = ask(acme, *WHOLE)
    assert (first.user, first.license) == (acme.ada, acme.ada_license)
    assert (first.ip, first.first_byte, first.bytes_asked) == ("192.0.2.7", 0, SIZE)
    assert (first.complete, first.counted, first.continues) == (True, True, None)
    rest = ask(acme, 600, SIZE)
    assert (rest.first_byte, rest.bytes_asked, rest.complete) == (600, SIZE - 600, False)
    assert (rest.counted, rest.continues) == (False, first)


def test_another_licence_counts_for_itself(acme: World) -> None:
    ask(acme, *WHOLE)
    ask(acme, 600, SIZE, user=acme.grace, license=acme.grace_license)
    assert count(acme) == 2


def test_a_program_goes_on_with_what_a_browser_began(acme: World) -> None:
    ask(acme, *WHOLE)
    assert ask(acme, 600, SIZE, user=None).counted is False
    assert count(acme) == 1


def test_after_a_week_it_is_another_download(acme: World, frozen_time: Any) -> None:
    ask(acme, *WHOLE)
    frozen_time.shift(7 * 86400 - 1)
    ask(acme, 600, SIZE)
    assert count(acme) == 1
    frozen_time.shift(1)
    ask(acme, 700, SIZE)
    assert count(acme) == 2


def test_a_page_and_a_key_are_recorded_with_whom_and_whence(world: World) -> None:
    path = download_path(world.orbit_release)
    signed_in(world.ada).get(path).getvalue()
    keyed = Browser(REMOTE_ADDR="2001:db8::1")
    keyed.get(f"{path}?key={world.ada_license.key}", headers={"range": "bytes=0-9"}).getvalue()
    with inside(world.acme):
        by_key, by_ada = Download.objects.order_by("-user", "ip")
        rows = {(d.user_id, d.license_id, d.ip, d.bytes_asked) for d in (by_key, by_ada)}
    assert rows == {
        (world.ada.pk, world.ada_license.pk, "127.0.0.1", SIZE),
        (None, world.ada_license.pk, "2001:db8::1", 10),
    }


@pytest.mark.django_db(transaction=True)
def test_parts_that_are_fetched_at_once_are_one_download() -> None:
    world = worlds.build()

    def act(n: int) -> None:
        with inside(world.acme):
            ask(world, n * 64, (n + 1) * 64)

    run_at_once(16, act)
    with inside(world.acme):
        assert count(world) == 1
        assert Download.objects.count() == 16


@pytest.mark.django_db(transaction=True)
def test_downloads_at_once_are_all_counted() -> None:
    world = worlds.build()

    def act(n: int) -> None:
        with inside(world.acme):
            ask(world, *WHOLE)

    run_at_once(20, act)
    with inside(world.acme):
        assert count(world) == 20


def test_recording_costs_few_statements(acme: World, django_assert_num_queries: Any) -> None:
    ask(acme, *WHOLE)
    file = ReleaseFile.objects.get(release=acme.orbit_release)
    savepoints = 2
    with django_assert_num_queries(5 + savepoints, connection=connection):
        record(file, user=acme.ada, license=acme.ada_license, ip="", granted=ByteRange(600, SIZE))
