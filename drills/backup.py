"""Back-ups while people work, restored into empty databases and compared row by row.

Twice on each database: first while licences are sold and drafts get and lose files; what was
committed before the back-up began has to be in it, and each file that it names. Then at rest, when
what was restored has to be what is there: every row of every table, every byte of every file.
"""

import hashlib
import json
import os
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tests import postgres
from tests.postgres import OWNER, WEB
from tests.prepared import ROOT

HEADS = [
    "database",
    "back-up",
    "dump MB",
    "rows",
    "release files",
    "files MB",
    "back up s",
    "again s",
    "verify s",
    "restore s",
    "sold meanwhile",
    "median, slowest ms",
    "before ms",
]
BACKUP = "portal_backup"
WARM = 3.0  # seconds of work before the back-up
Rows = dict[str, list[str]]
# Licences, release files, and bytes of each.
FULL, SMALL = (50_000, 60, 2_000_000), (200, 3, 100_000)


@dataclass(frozen=True, slots=True)
class Place:
    """An installation: its folder, and as whom its commands connect."""

    folder: Path
    serve: str = ""
    own: str = ""
    back_up: str = ""
    rows: Callable[[], Rows] = field(default=dict)

    def run(self, *arguments: str, url: str = "") -> float:
        """Runs manage.py to its end; how many seconds it took. Raises AssertionError."""
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment(url),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(arguments)}: {done.stderr}"
        return time.perf_counter() - start

    def environment(self, url: str = "") -> dict[str, str]:
        of_keys = {"SECRET_KEY": "drill-" * 10, "KEY_ENCRYPTION_KEYS": KEY}
        named = {"DATABASE_URL": url} if url else {}
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        return {**kept, **of_keys, **named, "DATA_DIR": str(self.folder), "PUBLIC_SCHEME": "http"}


KEY = "ZHJpbGwtb25seS1rZXktMDEyMzQ1Njc4OTAxMjM0NTY="


def run(*, small: bool = False) -> Iterator[list[str]]:
    for name, places in (("SQLite", on_sqlite), ("PostgreSQL", on_postgresql)):
        with tempfile.TemporaryDirectory(prefix="portal-drill-") as folder, ExitStack() as stack:
            make = stack.enter_context(places(Path(folder)))
            yield from _tried(name, Path(folder), make, SMALL if small else FULL)


@contextmanager
def on_sqlite(folder: Path) -> Iterator[Callable[[str], Place]]:
    def made(name: str) -> Place:
        path = folder / name
        path.mkdir(mode=0o700)
        return Place(path, rows=lambda: _rows_of_sqlite(path / "db.sqlite3"))

    yield made


@contextmanager
def on_postgresql(folder: Path) -> Iterator[Callable[[str], Place]]:
    """A private server with the roles of deploy/postgresql.sql, and one for back-ups."""
    with postgres.server() as entry:
        postgres.make_roles(entry)
        where = f"host={entry['HOST']} port={entry['PORT']} user={entry['USER']}"
        with psycopg.connect(f"{where} dbname=postgres", autocommit=True) as server:
            server.execute(f"CREATE ROLE {BACKUP} LOGIN BYPASSRLS IN ROLE pg_read_all_data")

            def made(name: str) -> Place:
                path = folder / name
                path.mkdir(mode=0o700)
                server.execute(f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE {postgres.TEMPLATE}")
                urls = [
                    f"postgresql://{role}@/{name}?host={entry['HOST']}&port={entry['PORT']}"
                    for role in (WEB, OWNER, BACKUP)
                ]
                return Place(path, *urls, lambda: _rows_of_postgresql(f"{where} dbname={name}"))

            yield made


def _tried(
    name: str, folder: Path, make: Callable[[str], Place], size: tuple[int, int, int]
) -> Iterator[list[str]]:
    place, empty = make("installed"), make("empty")
    place.run("migrate", "--verbosity=0", url=place.own)
    place.run("seed_demo", url=place.serve)
    _load(place, "fill", *map(str, size))
    backups, journal = folder / "backups", folder / "journal"
    arguments = ["backup", str(backups), "--keys", str(folder / "keys")]

    with _working(place, journal):
        time.sleep(WARM)
        began = time.time()
        seconds = place.run(*arguments, url=place.back_up)
        ended = time.time()
        time.sleep(1)
    again = place.run(*arguments, url=place.back_up)
    verify = place.run("verify_backup", str(backups), "--keys", str(folder / "keys"))
    first, second = sorted(backups.iterdir())

    took = {"under load": 0.0, "at rest": 0.0}
    for kind, backup in (("under load", first), ("at rest", second)):
        replace = ["--replace"] if kind == "at rest" else []
        took[kind] = empty.run("restore", str(backup), *replace, url=empty.own)
        empty.run("migrate", "--check", url=empty.own)
        for command in ("verify_audit", "verify_hosts"):
            empty.run(command, url=empty.serve)
        rows = empty.rows()
        _check_files(rows, empty.folder)
        if kind == "under load":
            _check_nothing_is_lost(journal, began, rows)
        else:
            _check_same(place.rows(), rows)
            assert _files(place.folder).items() <= _files(empty.folder).items()

    during, before = _waited(journal, began, ended), _waited(journal, 0, began)
    for kind, backup, seconds_of in (("under load", first, seconds), ("at rest", second, again)):
        told = json.loads((backup / "manifest.json").read_text())["contents"]
        loaded = kind == "under load"
        yield [
            name,
            kind,
            f"{told['database']['size'] / 1e6:,.1f}",
            f"{sum(each['rows'] for each in told['tables'].values()):,}",
            f"{len(told['files']):,}",
            f"{sum(each['size'] for each in told['files']) / 1e6:,.1f}",
            f"{seconds_of:.1f}" if loaded else "",
            "" if loaded else f"{seconds_of:.1f}",
            "" if loaded else f"{verify:.1f}",
            f"{took[kind]:.1f}",
            f"{len(during):,}" if loaded else "",
            _in_ms(during) if loaded else "",
            _in_ms(before) if loaded else "",
        ]


def _load(place: Place, *arguments: str) -> None:
    command = [sys.executable, "-m", "drills.load", *arguments]
    subprocess.run(command, cwd=ROOT, env=place.environment(place.serve), check=True)


@contextmanager
def _working(place: Place, journal: Path) -> Iterator[None]:
    """Inside, people work; afterwards none of it has failed."""
    journal.touch()
    command = [sys.executable, "-m", "drills.load", "work", str(journal)]
    process = subprocess.Popen(command, cwd=ROOT, env=place.environment(place.serve))
    try:
        while not journal.stat().st_size:
            assert process.poll() is None, "The work ended by itself."
            time.sleep(0.1)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(60)
    assert code == 0, "Something that people did failed meanwhile."


def _lines(journal: Path) -> list[tuple[float, float, str]]:
    lines = (line.split() for line in journal.read_text().splitlines())
    return [(float(moment), float(took), key) for moment, took, key in lines]


def _waited(journal: Path, since: float, until: float) -> list[float]:
    return [took for moment, took, _key in _lines(journal) if since <= moment <= until]


def _in_ms(seconds: list[float]) -> str:
    return f"{statistics.median(seconds) * 1000:.0f}, {max(seconds) * 1000:.0f}" if seconds else ""


def _check_nothing_is_lost(journal: Path, began: float, rows: Rows) -> None:
    licenses = "\n".join(rows["licenses_license"])
    sold = [key for moment, _took, key in _lines(journal) if moment < began]
    lost = [key for key in sold if key not in licenses]
    assert sold, "Nothing was sold before the back-up began."
    assert not lost, f"{len(lost)} of {len(sold)} licences are not in the back-up."


def _check_files(rows: Rows, folder: Path) -> None:
    """Each file that a row names is there, with the content that the row says."""
    there = _files(folder)
    for row in rows["releases_releasefile"]:
        for key, digest in there.items():
            if key in row:
                assert digest in row, f"{key} is another one."
                break
        else:
            assert "'https://" in row, f"A file is missing: {row}."


def _check_same(expected: Rows, found: Rows) -> None:
    differing = [
        name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)
    ]
    assert not differing, f"Tables differ: {', '.join(differing)}."


def _files(folder: Path) -> dict[str, str]:
    """The SHA-256 of each release file, by its key."""
    shelf = folder / "media/releases"
    return {
        str(path.relative_to(shelf)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in shelf.rglob("*")
        if path.is_file()
    }


def _rows_of_sqlite(path: Path) -> Rows:
    with closing(sqlite3.connect(path)) as database:
        return _rows(database, "SELECT name FROM sqlite_master WHERE type = 'table'")


def _rows_of_postgresql(where: str) -> Rows:
    with psycopg.connect(where) as database:
        return _rows(database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")


def _rows(database: Any, tables: str) -> Rows:
    names = [name for (name,) in database.execute(tables).fetchall()]
    return {
        name: sorted(map(repr, database.execute(f'SELECT * FROM "{name}"').fetchall()))
        for name in names
    }
