"""Searching among 1,000,000 rows behind the wall: what keeps its index, and what has none."""

import json
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet

from licenses.models import License
from tenancy.door import inside
from tests.conftest import ON_POSTGRESQL
from tests.roles import speaking_as
from tests.world import World

pytestmark = pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite has no such wall")
NUMBER = 1_000_000


# Rows that are copied refer to rows that are there, and indexes are made faster at the end.
BEFORE = """
    SET LOCAL session_replication_role = replica;
    UPDATE pg_index SET indisready = false WHERE indrelid = 'licenses_license'::regclass
"""
AFTER = """
    UPDATE pg_index SET indisready = true WHERE indrelid = 'licenses_license'::regclass;
    REINDEX TABLE licenses_license;
    ANALYZE licenses_license;
    SET LOCAL session_replication_role = origin
"""


@pytest.fixture
def many(world: World) -> World:
    """The world, with so many licences more at Acme, Ada's, until the test ends."""
    columns = [f'"{field.column}"' for field in License._meta.concrete_fields]
    own = {'"id"': "gen_random_uuid()", '"key"': "'KEY-' || n"}
    values = ", ".join(own.get(name, f"one.{name}") for name in columns)
    with speaking_as("none"), connection.cursor() as cursor:
        cursor.execute(BEFORE)
        cursor.execute(
            f"INSERT INTO licenses_license ({', '.join(columns)}) SELECT {values} "
            f"FROM licenses_license one, generate_series(1, {NUMBER}) n WHERE one.id = %s",
            [world.ada_license.pk],
        )
        cursor.execute(AFTER)
    return world


def plan(rows: QuerySet[Any]) -> list[dict[str, Any]]:
    """The steps of the plan as the portal's role gets it, carried out; the outermost first."""
    [told] = json.loads(rows.explain(format="json", analyze=True))
    steps, waiting = [], [told["Plan"]]
    while waiting:
        step = waiting.pop()
        steps.append(step)
        waiting += step.get("Plans", [])
    return steps


def indexes_of(steps: list[dict[str, Any]]) -> set[str]:
    return {step["Index Name"] for step in steps if "Index Name" in step}


def read_by(steps: list[dict[str, Any]]) -> int:
    """How many rows the scans looked at."""
    return sum(
        (step["Actual Rows"] + step.get("Rows Removed by Filter", 0)) * step["Actual Loops"]
        for step in steps
        if "Scan" in step["Node Type"]
    )


def test_equality_and_ranges_keep_their_index_and_likeness_has_none(many: World) -> None:
    with inside(many.acme):
        licenses = License.objects.order_by()
    kept = {
        "the key": (licenses.filter(key="KEY-77777"), "license_key_unique_per_vendor", 1),
        "how it begins": (
            licenses.filter(key__gte="KEY-77777", key__lt="KEY-77778"),
            "license_key_unique_per_vendor",
            11,
        ),
        "whose it is": (licenses.filter(user=many.grace), "licenses_license_user_id", 1),
        "the newest": (
            licenses.order_by("-created_at", "id")[:25],
            "license_newest",
            25,
        ),
    }
    with inside(many.acme):
        for what, (rows, index, number) in kept.items():
            steps = plan(rows.all())
            assert any(name.startswith(index) for name in indexes_of(steps)), what
            assert read_by(steps) == number, what
            # The policy is asked once for the query, not for each row.
            assert any("portal.vendor" in step.get("One-Time Filter", "") for step in steps), what
        for likeness in ("key__startswith", "key__icontains"):
            steps = plan(licenses.filter(**{likeness: "KEY-77777"}))
            assert read_by(steps) > NUMBER, likeness
