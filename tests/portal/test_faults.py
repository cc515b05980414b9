"""What breaks while people work, at small size: `python3 dev.py drill faults` breaks more, in full
(docs/resilience.md)."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

import development as dev
from drills.faults import away, counted_in, filled
from drills.stage import asking_sqlite, noted, small_disk, stage
from drills.upgrade import ORIGIN
from tests import postgres, redis
from tests.conftest import ALL_REQUIRED, NO_REDIS, ON_POSTGRESQL
from tests.jobs.test_worker import database_url
from tests.others import another
from tests.prepared import migrated, prepared

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
CALLS = ("taken", "refused", "synced", "counted", "given")


def environment(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in dev.OF_THE_MACHINE if name in os.environ}
    return {**kept, "DATA_DIR": str(folder), "STATIC_ROOT": str(prepared() / "static")}


def test_what_a_program_dies_of_is_seen() -> None:
    wrong: list[str] = []
    noted(wrong, int, "no number")
    assert wrong == ["""ValueError("invalid literal for int() with base 10: 'no number'")"""]


@pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite has no server")
@pytest.mark.takes_turns
def test_a_server_that_restarts_loses_nothing_and_counts_nothing_twice(tmp_path: Path) -> None:
    host = connection.settings_dict["HOST"]

    def ask(sql: str) -> Any:
        asking = another()
        try:
            return asking.execute(sql).fetchall()
        finally:
            asking.close()

    def restart() -> None:
        connection.close()
        if not postgres.restart(host, 1.0):
            pytest.skip("NOT TRIED: the server is somebody else's.")

    env = environment(tmp_path) | {"DATABASE_URL": database_url()}
    with stage(tmp_path, env, ask, programs=6, workers=1) as here:
        seen = here.during(restart, lead=0.5, tail=1.5)
        here.settle()
    assert seen.again is not None
    assert sum(seen.told[each] for each in CALLS)
    assert seen.pages[200]
    assert seen.pages[503]


@pytest.mark.skipif(ON_POSTGRESQL, reason="PostgreSQL's disk can't be filled here")
@pytest.mark.skipif(
    os.geteuid() != 0 and not ALL_REQUIRED, reason="NOT TRIED: a full disk needs root"
)
@pytest.mark.takes_turns
def test_a_full_disk_with_database_and_log_loses_nothing_and_counts_nothing_twice(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "disk"
    with small_disk(folder, 16_000_000):
        shutil.copy(migrated() / "db.sqlite3", folder)
        ask = asking_sqlite(folder / "db.sqlite3")
        with stage(folder, environment(folder), ask, programs=3, workers=1) as here:
            seen = here.during(lambda: filled(here, 1.5), lead=0.5, tail=1.5)
            here.settle()
    assert seen.again is not None
    assert seen.told["unavailable"]
    assert sum(seen.told[each] for each in CALLS)


@pytest.mark.skipif(ON_POSTGRESQL, reason="The drill does that")
@pytest.mark.skipif(
    bool(NO_REDIS) and not ALL_REQUIRED, reason="NOT TRIED: redis-server is not on this machine"
)
@pytest.mark.takes_turns
def test_a_redis_that_goes_loses_nothing_and_counts_nothing_twice(tmp_path: Path) -> None:
    shutil.copy(migrated() / "db.sqlite3", tmp_path)
    ask = asking_sqlite(tmp_path / "db.sqlite3")
    with redis.server() as store:
        env = environment(tmp_path) | counted_in(store)
        with stage(tmp_path, env, ask, programs=3, workers=1) as here:

            def goes_twice() -> None:
                away(here, store.kill, store.start, 0.5)
                away(here, store.fall_silent, store.go_on, 0.5)

            seen = here.during(goes_twice, lead=0.5, tail=0.5)
            here.settle()
    assert sum(seen.told[each] for each in CALLS)
    assert seen.pages.keys() == {200}


@pytest.mark.in_full
@pytest.mark.parametrize(
    ("drill", "rows"), [("faults", 7), ("soak", 1), ("upgrade", 4), ("older_tests", 1)]
)
def test_drills_hold(drill: str, rows: int) -> None:
    try:
        postgres.programs()
    except postgres.NoServer as error:
        pytest.skip(str(error))
    there = subprocess.run(["git", "cat-file", "-e", ORIGIN], cwd=dev.ROOT, capture_output=True)
    if drill in {"upgrade", "older_tests"} and there.returncode:
        pytest.skip(f"NOT TRIED: the commit {ORIGIN} is not here")
    done = subprocess.run(
        [sys.executable, "-m", "drills", "--small", drill],
        cwd=dev.ROOT,
        env={name: os.environ[name] for name in dev.OF_THE_MACHINE if name in os.environ},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert sum(line.startswith("| ") for line in done.stdout.splitlines()) == rows + 2
