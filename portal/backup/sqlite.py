"""Back-ups of an SQLite file by its backup API: it reads one moment, which keeps nobody from
writing, and writes in one transaction."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any

from portal.backup import taken
from portal.backup.errors import Fault
from portal.backup.manifest import Manifest, Table
from portal.backup.taken import Taken

ENGINE, DUMP = "sqlite", "database.sqlite3"
TABLES = (
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'"
)
WAITS = 10.0  # seconds for somebody's lock


def take(entry: dict[str, Any], dump: Path) -> Taken:
    with _connected(_path(entry)) as source, _connected(dump) as copy:
        source.backup(copy)
        # Else it would say of itself that a file with its newest pages lies beside it.
        copy.execute("PRAGMA journal_mode=DELETE")
        return taken.read(partial(_ask, copy), sqlite3.sqlite_version, tables(copy))


def names_now(entry: dict[str, Any]) -> set[str]:
    with _connected(_path(entry)) as database:
        return {row[0] for row in database.execute(taken.FILES)}


def check(dump: Path, manifest: Manifest) -> None:
    with _connected(dump) as copy:
        [(told,)] = copy.execute("PRAGMA integrity_check(1)").fetchall()
        if told != "ok":
            raise Fault(f"{dump.name} is damaged: {told}.")
        _compare(copy, manifest)


def is_empty(entry: dict[str, Any]) -> bool:
    with _connected(_path(entry)) as database:
        return database.execute(TABLES).fetchone() is None


def restore(entry: dict[str, Any], dump: Path, manifest: Manifest) -> None:
    """The manifest is compared before: what SQLite copies, it copies whole or not at all."""
    check(dump, manifest)
    with _connected(dump) as copy, _connected(_path(entry)) as database:
        # To copy it would wait for ever.
        database.execute("BEGIN EXCLUSIVE")
        database.execute("ROLLBACK")
        copy.backup(database)
        _compare(database, manifest)


def _ask(database: sqlite3.Connection, query: str) -> list[tuple[Any, ...]]:
    return database.execute(query).fetchall()


def tables(database: sqlite3.Connection) -> dict[str, Table]:
    return {name: _table(database, name) for (name,) in database.execute(TABLES).fetchall()}


def _table(database: sqlite3.Connection, name: str) -> Table:
    rows = digest = 0
    for row in database.execute(f'SELECT * FROM "{name}"'):  # noqa: S608
        rows += 1
        digest += int.from_bytes(blake2b(repr(row).encode(), digest_size=16).digest(), "big")
    return Table(rows, f"{digest:x}")


def _compare(database: sqlite3.Connection, manifest: Manifest) -> None:
    found = tables(database)
    differing = sorted(
        name
        for name in found.keys() | manifest.tables.keys()
        if found.get(name) != manifest.tables.get(name)
    )
    if differing:
        raise Fault(f"Tables are others than the manifest says: {', '.join(differing)}.")


def _path(entry: dict[str, Any]) -> Path:
    return Path(entry["NAME"])


@contextmanager
def _connected(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        if not path.is_file():
            raise Fault(f"{path} is not there.")
        with closing(sqlite3.connect(path, timeout=WAITS, isolation_level=None)) as connection:
            yield connection
    except sqlite3.Error as error:
        busy = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
        more = " Stop the portal and its workers, then try again." if busy else ""
        raise Fault(f"SQLite says of {path.name}: {error}.{more}") from error
