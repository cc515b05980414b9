"""All rows of the test database: laid aside, put back and taken away, on both databases alike."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.color import no_style
from django.db import connection, transaction

from audit.models import AuditEntry, AuditParticulars
from tests.roles import speaking_as, unguarded

# What migrating has filled in, and no test changes.
OF_MIGRATIONS = {"django_migrations", "django_content_type", "auth_permission"}
ANY_ORDER = {
    "sqlite": "PRAGMA defer_foreign_keys = ON",
    "postgresql": "SET LOCAL session_replication_role = replica",
}


def lay_aside(name: str) -> dict[str, list[str]]:
    """Copies the rows of all tables to beside the database, under this name; the columns of those
    that have some, which a test may bring into another order."""
    columns = {}
    with _beside() as cursor:
        for table in _tables():
            cursor.execute(f'SELECT * FROM "{table}" LIMIT 1')
            if cursor.fetchone():
                columns[table] = [f'"{column[0]}"' for column in cursor.description]
                cursor.execute(f'CREATE TABLE kept."{name}_{table}" AS SELECT * FROM "{table}"')
    return columns


def put_back(name: str, columns: dict[str, list[str]]) -> None:
    """Fills empty tables with what was laid aside under this name. No transaction may be open."""
    with _beside() as cursor, transaction.atomic():
        cursor.execute(ANY_ORDER[connection.vendor])
        for table, names in columns.items():
            these, aside = ", ".join(names), f'kept."{name}_{table}"'
            cursor.execute(f'INSERT INTO "{table}" ({these}) SELECT {these} FROM {aside}')


def take_away() -> None:
    """Empties all tables, also those of the audit trail. No transaction may be open."""
    with unguarded(AuditEntry, AuditParticulars):
        emptying = connection.ops.sql_flush(no_style(), _tables())
        connection.ops.execute_sql_flush(emptying)


def _tables() -> list[str]:
    there = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return sorted(set(there) - OF_MIGRATIONS)


@contextmanager
def _beside() -> Iterator[Any]:
    """A cursor of who owns everything, for whom a schema `kept` is beside the tests' own."""
    with speaking_as("none"), connection.cursor() as cursor:
        if connection.vendor != "sqlite":
            cursor.execute("CREATE SCHEMA IF NOT EXISTS kept")
            yield cursor
            return
        cursor.execute(f"ATTACH '{Path(os.environ['DATA_DIR'], 'kept.sqlite3')}' AS kept")
        try:
            yield cursor
        finally:
            cursor.execute("DETACH kept")
