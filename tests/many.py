"""A great many rows at once, for tests that look at plans, within the test."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, models

from tenancy.finding import StoredForm
from tenancy.spelling import form_of
from tests.conftest import ON_POSTGRESQL
from tests.roles import speaking_as
from tests.words import form


@contextmanager
def filling(*kinds: type[models.Model]) -> Iterator[None]:
    """In here rows of these tables are made fast: what they refer to is there, so that nothing is
    checked, and the indexes are made at the end. PostgreSQL then has of them, and of the tables
    that they refer to, nothing that earlier tests left: neither how many rows ANALYZE counted,
    which would say how a plan joins, nor rows that were taken back, which its indexes still name.
    SQLite knows nothing of that."""
    if not ON_POSTGRESQL:
        connection.ensure_connection()
        connection.connection.create_function("gen_random_uuid", 0, lambda: uuid4().hex)
        connection.connection.create_function("stored_form", 1, form_of, deterministic=True)
        yield
        return
    tables = [kind._meta.db_table for kind in kinds]
    others = {
        field.related_model._meta.db_table
        for kind in kinds
        for field in kind._meta.concrete_fields
        if field.is_relation
    }
    of_tables = " OR ".join(f"indrelid = '{table}'::regclass" for table in tables)
    with speaking_as("none"), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(f"UPDATE pg_index SET indisready = false WHERE {of_tables}")
        yield
        cursor.execute(f"UPDATE pg_index SET indisready = true WHERE {of_tables}")
        for table in sorted({*tables, *others}):
            cursor.execute(f"REINDEX TABLE {table}")
            cursor.execute(f"ANALYZE {table}")
        cursor.execute("SET LOCAL session_replication_role = origin")


def copy(row: models.Model, number: int, /, **values: str) -> None:
    """Makes so many copies of a row, within `filling`; `values` has by column the SQL of what is
    different in the copy number `n`. Each has an id of its own."""
    columns = [str(field.column) for field in row._meta.concrete_fields]
    own = {"id": "gen_random_uuid()", **values}
    for field in row._meta.concrete_fields:
        if isinstance(field, StoredForm) and field.of in own:
            made = form(own[field.of]) if ON_POSTGRESQL else f"stored_form({own[field.of]})"
            own[str(field.column)] = made
    selected = ", ".join(own.get(name, f'one."{name}"') for name in columns)
    named = ", ".join(f'"{name}"' for name in columns)
    table = row._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{table}" ({named}) SELECT {selected} '
            f'FROM "{table}" one, {_numbers(number)} WHERE one.id = {of(row.pk)}'
        )


def _numbers(most: int) -> str:
    """SQL of a table whose `n` counts."""
    if ON_POSTGRESQL:
        return f"generate_series(1, {most}) n"
    return (
        "(WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers "
        f"WHERE n < {most}) SELECT n FROM numbers)"
    )


def of(id: Any) -> str:
    """SQL of an id."""
    if isinstance(id, UUID):
        return f"'{id}'" if ON_POSTGRESQL else f"'{id.hex}'"
    return str(id)


def id_by(text: str) -> str:
    """SQL of an id that follows from a text, which is SQL, too."""
    return f"md5({text})::uuid" if ON_POSTGRESQL else f"MD5({text})"


def minutes_ago(number: str) -> str:
    """SQL of a moment."""
    if ON_POSTGRESQL:
        return f"now() - {number} * interval '1 minute'"
    return f"strftime('%Y-%m-%d %H:%M:%f', 'now', '-' || {number} || ' minutes')"


def seem_vacuumed(*kinds: type[models.Model]) -> None:
    """Has the planner take all pages of these tables for visible to everybody, as they are in a
    database that is in use: only then it answers by an index alone."""
    tables = [kind._meta.db_table for kind in kinds]
    with speaking_as("none"), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE pg_class SET relallvisible = relpages WHERE relname = ANY(%s)", [tables]
        )


def scans(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The steps of a plan that read tables, from EXPLAIN (FORMAT JSON)."""
    if "Scan" in plan["Node Type"]:
        yield plan
    for step in plan.get("Plans", []):
        yield from scans(step)


def rows_read(plan: dict[str, Any]) -> int:
    """How many rows a plan that was carried out looked at in all, also those it dropped."""
    return sum(_read(step) for step in scans(plan))


def from_tables(plan: dict[str, Any]) -> int:
    """The same without what an index alone has answered."""
    return sum(_read(step) for step in scans(plan) if step["Node Type"] != "Index Only Scan")


def _read(step: dict[str, Any]) -> int:
    kept: int = step["Actual Rows"]
    dropped: int = step.get("Rows Removed by Filter", 0) + step.get(
        "Rows Removed by Index Recheck", 0
    )
    return (kept + dropped) * int(step["Actual Loops"])


TOLD = pytest.mark.parametrize(
    "is_told",
    [
        False,
        pytest.param(True, marks=pytest.mark.skipif(ON_POSTGRESQL, reason="It is told always")),
    ],
    ids=["", "of large tables"],
)


def seem_large() -> None:
    """Tells SQLite what it would be told if a vendor had nearly all of 100,000 rows of each table,
    and each other value ten (tenancy/sqlite/statistics.py)."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        cursor.execute("DELETE FROM sqlite_stat1")
        cursor.execute("SELECT name, tbl_name FROM sqlite_master WHERE type = 'index'")
        for index, table in cursor.fetchall():
            cursor.execute(f"SELECT name FROM pragma_index_info('{index}')")
            columns = [name for (name,) in cursor.fetchall()]
            equal = [10_000 if columns[0] == "vendor_id" else 10, *[10] * (len(columns) - 1)]
            if index.startswith("sqlite_autoindex"):  # unique
                equal[-1] = 1
            cursor.execute(
                "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (%s, %s, %s)",
                [table, index, " ".join(map(str, [100_000, *equal]))],
            )
        cursor.execute("ANALYZE sqlite_schema")
