"""Searching among 200,000 rows behind the wall: what keeps its index, and what has none."""

import json
from typing import Any

import pytest
from django.db.models import QuerySet

from licenses.models import License
from tenancy.door import inside
from tenancy.finding import begins
from tests.conftest import ON_POSTGRESQL
from tests.many import copy, filling, rows_read, scans
from tests.world import World

pytestmark = pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite has no such wall")
NUMBER = 200_000


@pytest.fixture
def many(world: World) -> World:
    """The world, with so many licences more at Acme, Ada's, until the test ends."""
    with filling(License):
        copy(world.ada_license, NUMBER, key="'KEY-' || n")
    return world


def plan(rows: QuerySet[Any]) -> dict[str, Any]:
    """The plan as the portal's role gets it, carried out."""
    [told] = json.loads(rows.explain(format="json", analyze=True))
    return dict(told["Plan"])


def test_equality_and_ranges_keep_their_index_and_likeness_has_none(many: World) -> None:
    with inside(many.acme):
        licenses = License.objects.order_by()
    kept = {
        "the key": (licenses.filter(key="KEY-77777"), "license_by_key", 1),
        "how it begins": (
            licenses.filter(begins("key_form", "key7777")),
            "license_key_form_once",
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
            done = plan(rows.all())
            assert {step.get("Index Name", "")[: len(index)] for step in scans(done)} == {index}, (
                what
            )
            assert rows_read(done) == number, what
            # The policy is asked once for the query, not for each row.
            assert "portal.vendor" in json.dumps(done).partition("One-Time Filter")[2], what
        for likeness in ("key__startswith", "key__icontains"):
            done = plan(licenses.filter(**{likeness: "KEY-77777"}))
            assert rows_read(done) > NUMBER, likeness
