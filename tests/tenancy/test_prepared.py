"""Queries that are made once: what they find is the scope's, and at a host its vendor's alone."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from licenses.models import License
from tenancy import prepared as module
from tenancy.door import ScopeError, Way, inside, outside
from tenancy.prepared import LONGEST_KEPT, at_host, begin, forget_statements, prepared, together
from tenancy.verbs import serve, serve_until
from tests.conftest import NOW, ON_POSTGRESQL
from tests.world import World

made: list[str] = []


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    made.clear()
    forget_statements()
    yield
    forget_statements()


@prepared
def keys(ids: Any, user: Any, before: Any, /, *, descending: bool) -> QuerySet[License, str]:
    made.append("keys")
    found = License.objects.filter(created_at__lte=before + timedelta(days=1), user=user)
    found = found if ids is None else found.filter(pk__in=ids)
    return found.order_by("-key" if descending else "key").values_list("key", flat=True)


@prepared
def by_key(key: Any, /) -> QuerySet[License]:
    return License.objects.select_related("product").filter(key=key)


def ask(world: World, ids: tuple[UUID, ...] | None = None, **shape: bool) -> list[str]:
    return keys(ids, world.ada.pk, NOW, **{"descending": False, **shape})


def test_it_is_made_once_and_asked_with_other_values(world: World) -> None:
    with inside(world.acme):
        assert ask(world) == [world.ada_license.key]
        assert keys(None, world.grace.pk, NOW, descending=False) == [world.grace_license.key]
        assert keys(None, world.ada.pk, NOW - timedelta(days=900), descending=False) == []
        assert len(made) == 1
        assert ask(world, descending=True) == [world.ada_license.key]
        assert len(made) == 2


def test_a_tuple_is_as_many_values_as_it_has(world: World) -> None:
    own, other = world.ada_license.pk, world.grace_license.pk
    with inside(world.acme):
        assert ask(world, (own, other)) == [world.ada_license.key]
        assert ask(world, (other, uuid4())) == []
        assert len(made) == 1
        assert ask(world, (own,)) == [world.ada_license.key]
        assert ask(world, ()) == []  # nothing is in nothing: no statement
        assert len(made) == 3


def test_a_long_tuple_is_not_kept(world: World) -> None:
    """A statement for hundreds of values is large, and there would be one for each number."""
    many = (world.ada_license.pk, *(uuid4() for _ in range(LONGEST_KEPT)))
    with inside(world.acme):
        assert ask(world, many) == ask(world, many) == [world.ada_license.key]
        assert len(made) == 2
        assert ask(world, many[:-1]) == ask(world, many[:-1]) == [world.ada_license.key]
        assert len(made) == 3


def test_rows_are_counted_and_read_by_the_page(
    world: World, django_assert_num_queries: Any
) -> None:
    with inside(world.acme):
        found = keys.rows(None, world.ada.pk, NOW, descending=False)
        assert (len(found), found[0:25], found[1:2]) == (1, [world.ada_license.key], [])
        nothing = keys.rows((), world.ada.pk, NOW, descending=False)
        assert (len(nothing), nothing[0:25]) == (0, [])
        assert begin(25, [found, nothing], by_key.asked("none")) == [[]]
        with django_assert_num_queries(0):
            assert (len(found), found[0:25]) == (1, [world.ada_license.key])
            assert (len(nothing), nothing[0:25]) == (0, [])


def test_a_value_may_have_any_name(world: World) -> None:
    """Also one that the moment of a host's look-up could have."""

    @prepared
    def until(now: Any, /) -> QuerySet[License]:
        return License.objects.filter(created_at__gt=now)

    assert at_host("acme", NOW, until.asked(NOW + timedelta(days=9))) == [[]]
    assert at_host("acme", NOW, until.asked(NOW - timedelta(days=9999)))[0]


def test_none_is_no_value(world: World) -> None:
    with inside(world.acme):
        License.objects.filter(pk=world.ada_license.pk).update(user=None)
        assert keys(None, None, NOW, descending=False) == [world.ada_license.key]
        assert keys(None, world.ada.pk, NOW, descending=False) == []


def test_rows_are_whole_objects(world: World, django_assert_num_queries: Any) -> None:
    with inside(world.acme), django_assert_num_queries(1):
        (license,) = by_key(world.ada_license.key)
        assert license == world.ada_license
        assert license.product.name == "Orbit"
        assert license.created_at == world.ada_license.created_at
        assert isinstance(license.suspended, bool)


def test_the_scope_decides_each_time(world: World) -> None:
    with inside(world.acme):
        assert by_key(world.bob_license.key) == []
        with inside(world.globex.pk):
            assert by_key(world.bob_license.key) == [world.bob_license]
        assert by_key(world.ada_license.key) == [world.ada_license]
    with pytest.raises(ScopeError):
        by_key(world.ada_license.key)
    with outside(Way.DOMAINS, "To see that it leads nowhere."), pytest.raises(ScopeError):
        by_key(world.ada_license.key)


def test_several_are_one_message(world: World) -> None:
    asked = [by_key.asked(world.ada_license.key), by_key.asked("none"), by_key.asked("")]
    with inside(world.acme), CaptureQueriesContext(connection) as captured:
        assert together(*asked) == [[world.ada_license], [], []]
    assert len(captured) == (1 if ON_POSTGRESQL else 3)


def test_at_a_host_there_are_its_vendors_rows_alone(world: World) -> None:
    own, others = by_key.asked(world.ada_license.key), by_key.asked(world.bob_license.key)
    assert at_host("acme", NOW, own, others) == [[world.ada_license], []]
    assert at_host("globex", NOW, own, others) == [[], [world.bob_license]]
    for nobodys in ("nobody", "", "ACME", "acme.example", "'; SELECT 1; --", "%s"):
        assert at_host(nobodys, NOW, own, others) == [[], []]


def test_an_open_door_is_not_the_hosts(world: World) -> None:
    with inside(world.globex):
        asked = at_host("acme", NOW, by_key.asked(world.ada_license.key))
        assert asked == [[world.ada_license]]
        assert by_key(world.ada_license.key) == []
        assert by_key(world.bob_license.key) == [world.bob_license]


def test_a_domain_counts_until_its_end(world: World) -> None:
    asked = by_key.asked(world.ada_license.key)
    serve(world.acme.pk, "licenses.acme.example")
    assert at_host("licenses.acme.example", NOW, asked) == [[world.ada_license]]
    serve_until(world.acme.pk, "licenses.acme.example", NOW)
    assert at_host("licenses.acme.example", NOW - timedelta(1), asked) == [[world.ada_license]]
    assert at_host("licenses.acme.example", NOW, asked) == [[]]


@pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite has no such wall")
def test_what_forgets_its_vendor_finds_no_other_ones_rows_at_a_host(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    forgotten = ('"licenses_license"."vendor_id"', [])
    monkeypatch.setattr(module.HostsVendor, "as_postgresql", lambda *_args: forgotten)
    asked = [by_key.asked(each.key) for each in (world.ada_license, world.bob_license)]
    assert at_host("acme", NOW, *asked) == [[world.ada_license], []]
    assert at_host("nobody", NOW, *asked) == [[], []]


@pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite hangs up on nobody")
def test_a_connection_that_leads_nowhere_is_made_anew(world: World) -> None:
    """Without having been asked before: the first statement shows it."""
    found: list[Any] = []

    def visit() -> None:
        try:
            at_host("nobody", NOW, by_key.asked(""))
            with pytest.raises(DatabaseError), connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
            found.extend(at_host("nobody", NOW, by_key.asked("")))
        finally:
            connection.close()

    thread = threading.Thread(target=visit)
    thread.start()
    thread.join()
    assert found == [[]]
