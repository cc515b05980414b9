"""What a database was at one moment, read beside its dump."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from portal.backup.keys import columns
from portal.backup.manifest import Table
from releases.models import ReleaseFile

Ask = Callable[[str], list[tuple[Any, ...]]]
MIGRATIONS = "SELECT app, name FROM django_migrations ORDER BY id"
FILES = f"SELECT key, size, sha256 FROM {ReleaseFile._meta.db_table} WHERE key <> '' ORDER BY key"  # noqa: S608


@dataclass(frozen=True, slots=True)
class Named:
    """A release file that the database names."""

    key: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Taken:
    """Server's version, tables, migrations, release files, and what is encrypted, each value with
    its column."""

    server: str
    tables: dict[str, Table]
    migrations: list[list[str]]
    files: list[Named]
    encrypted: list[tuple[str, str]]


def read(ask: Ask, server: str, tables: dict[str, Table]) -> Taken:
    return Taken(
        server=server,
        tables=tables,
        migrations=[list(row) for row in ask(MIGRATIONS)],
        files=[Named(*row) for row in ask(FILES)],
        encrypted=[
            (f"{table}.{column}", value)
            for table, column in columns()
            if table in tables
            for (value,) in ask(f"SELECT {column} FROM {table} WHERE {column} <> ''")  # noqa: S608
        ],
    )
