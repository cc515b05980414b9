"""A great many rows at once, for tests that look at plans: PostgreSQL alone, within the test."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, models

from tenancy.finding import StoredForm
from tests.roles import speaking_as
from tests.words import form


@contextmanager
def filling(*kinds: type[models.Model]) -> Iterator[None]:
    """In here rows of these tables are made fast: what they refer to is there, so that nothing is
    checked, and the indexes are made at the end. PostgreSQL then knows how many rows they and the
    tables that they refer to have: ANALYZE leaves its count behind when a test takes its rows
    back, and a plan that joins would go by an earlier test's."""
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
        for table in tables:
            cursor.execute(f"REINDEX TABLE {table}")
        for table in sorted({*tables, *others}):
            cursor.execute(f"ANALYZE {table}")
        cursor.execute("SET LOCAL session_replication_role = origin")


def copy(row: models.Model, number: int, /, **values: str) -> None:
    """Makes so many copies of a row, within `filling`; `values` has by column the SQL of what is
    different in the copy number `n`. Each has an id of its own."""
    columns = [str(field.column) for field in row._meta.concrete_fields]
    own = {"id": "gen_random_uuid()", **values}
    for field in row._meta.concrete_fields:
        if isinstance(field, StoredForm) and field.of in own:
            own[str(field.column)] = form(own[field.of])
    selected = ", ".join(own.get(name, f'one."{name}"') for name in columns)
    named = ", ".join(f'"{name}"' for name in columns)
    table = row._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{table}" ({named}) SELECT {selected} '
            f'FROM "{table}" one, generate_series(1, {number}) n WHERE one.id = %s',
            [row.pk],
        )


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
