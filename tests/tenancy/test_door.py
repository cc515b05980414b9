"""The one door into a vendor's scope, and the one out."""

from pathlib import Path

import pytest
from django.utils import timezone

from licenses.models import License
from tenancy.door import ScopeError, Way, current_vendor, inside, is_inside, outside
from tests.world import World

ROOT = Path(__file__).resolve().parents[2]


def test_inside_reaches_one_vendors_rows_by_vendor_and_by_id(world: World) -> None:
    for vendor in (world.acme, world.acme.pk):
        with inside(vendor):
            assert set(License.objects.all()) == {world.ada_license, world.grace_license}
    assert not is_inside()


def test_outside_every_scope_a_query_fails_loudly(world: World) -> None:
    with pytest.raises(ScopeError):
        License.objects.first()


def test_the_innermost_door_counts(world: World) -> None:
    with inside(world.acme):
        with inside(world.globex):
            assert current_vendor() == world.globex
        assert current_vendor() == world.acme


@pytest.mark.parametrize("nobody", [None, "", "acme", 0])
def test_nobody_can_not_be_entered(nobody: object) -> None:
    with pytest.raises(TypeError), inside(nobody):  # type: ignore[arg-type]
        pass


def test_a_way_out_needs_a_reason() -> None:
    with pytest.raises(ValueError, match="Say why"), outside(Way.EMAILS, " "):
        pass


def test_a_vendor_entered_by_id_is_not_a_row(world: World) -> None:
    with inside(world.acme.pk), pytest.raises(ScopeError):
        current_vendor()


def test_nobody_else_knows_the_library() -> None:
    for path in ROOT.rglob("*.py"):
        inside_tenancy = path.is_relative_to(ROOT / "tenancy")
        if inside_tenancy or ".venv" in path.parts or path == Path(__file__):
            continue
        if path.parts[-2:] == ("portal", "test_imports.py"):
            continue
        assert "django_scopes" not in path.read_text(), path


def test_who_enters_by_the_row_reads_the_vendors_clocks(world: World) -> None:
    world.acme.time_zone, world.globex.time_zone = "Europe/Berlin", "America/New_York"
    with inside(world.acme):
        assert timezone.get_current_timezone_name() == "Europe/Berlin"
        with inside(world.globex):
            assert timezone.get_current_timezone_name() == "America/New_York"
        with inside(world.acme.pk):
            assert timezone.get_current_timezone_name() == "Europe/Berlin"
    assert timezone.get_current_timezone_name() == "UTC"
