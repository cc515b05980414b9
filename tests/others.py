"""Others who use the same database meanwhile: connections of their own, past Django's."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg
from django.db import connection

from tests.conftest import ON_POSTGRESQL


def another() -> Any:
    """A connection of somebody else's, who may do everything; commits each statement."""
    settings = connection.settings_dict
    if not ON_POSTGRESQL:
        return sqlite3.connect(settings["NAME"], timeout=0, isolation_level=None)
    return psycopg.connect(
        host=settings["HOST"],
        port=settings["PORT"] or None,
        dbname=settings["NAME"],
        user=settings["USER"],
        password=settings.get("PASSWORD") or None,
        autocommit=True,
    )


@contextmanager
def somebody_writing(table: str = "licenses_license") -> Iterator[None]:
    """Holds SQLite's only write lock; on PostgreSQL the table, so that nobody else reads it."""
    with closing(another()) as other:
        other.execute("BEGIN" if ON_POSTGRESQL else "BEGIN IMMEDIATE")
        if ON_POSTGRESQL:
            other.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield
        other.execute("ROLLBACK")
