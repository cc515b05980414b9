"""What is read from a replica, that the wall stands there too, and what happens without it. On
PostgreSQL with a standby that copies the tests' own server as it goes on."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections, transaction

from licenses.models import License
from licenses.statistics import standings
from portal import env
from tenancy import replica
from tenancy.door import ScopeError, inside, outside
from tenancy.models import Vendor
from tenancy.replica import REPLICA, Router, WrittenWhileReading, from_replica
from tenancy.wall import Way
from tests import postgres
from tests.api.program import program_of
from tests.conftest import ON_POSTGRESQL
from tests.roles import WEB
from tests.sql import tables_of
from tests.world import Browser, World, signed_in

CATCHES_UP_IN = 20.0  # seconds
on_postgresql = [
    pytest.mark.skipif(not ON_POSTGRESQL, reason="PostgreSQL's"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture(scope="module")
def server(django_db_setup: None) -> Iterator[str]:
    """A standby of the tests' server, for the tests of this file."""
    try:
        with postgres.standby(connection.settings_dict) as host:
            yield host
    except postgres.NoServer as error:
        pytest.skip(str(error))


@pytest.fixture
def standby(server: str, world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The portal reads from it, as with DATABASE_REPLICA_URL; it has caught up with the world."""
    entry = deepcopy(connections[DEFAULT_DB_ALIAS].settings_dict)
    entry["HOST"] = server
    entry["OPTIONS"]["options"] = env.READ_ONLY
    monkeypatch.setitem(connections.settings, REPLICA, entry)
    monkeypatch.setattr(replica, "_left_alone_until", 0.0)
    connections[REPLICA].ensure_connection = _ensure  # Django's tests know of one database alone.
    catch_up()
    yield server
    connections[REPLICA].close()
    del connections[REPLICA]


def _ensure() -> None:
    wrapper = connections[REPLICA]
    if wrapper.connection is None:
        with wrapper.wrap_database_errors:
            wrapper.connect()


def catch_up() -> None:
    """Waits until the standby has what the primary has now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_insert_lsn()")
        [reached] = cursor.fetchone()
    deadline = time.monotonic() + CATCHES_UP_IN
    while time.monotonic() < deadline:
        with connections[REPLICA].cursor() as cursor:
            cursor.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", [reached])
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    raise AssertionError("The standby does not catch up.")


@contextmanager
def asked() -> Iterator[dict[str, set[str]]]:
    """Which tables each of the two is asked for meanwhile."""
    seen: dict[str, set[str]] = {DEFAULT_DB_ALIAS: set(), REPLICA: set()}

    def noting(name: str) -> Callable[..., Any]:
        def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            seen[name] |= tables_of(sql)
            return execute(sql, params, many, context)

        return note

    with (
        connections[DEFAULT_DB_ALIAS].execute_wrapper(noting(DEFAULT_DB_ALIAS)),
        connections[REPLICA].execute_wrapper(noting(REPLICA)),
    ):
        yield seen


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


# --- Which queries go there ---------------------------------------------------------------------

# What a browser or a program asks for, as whom, and tables that are read from the replica for it.
READ_THERE: dict[str, tuple[Callable[[World], Any], set[str]]] = {
    "the overview": (
        lambda w: signed_in(w.acme_admin).get("/"),
        {"licenses_license", "licenses_activation", "audit_auditentry", "releases_download"},
    ),
    "a list as CSV": (
        lambda w: signed_in(w.acme_admin).get("/licenses/license/export.csv"),
        {"licenses_license", "licenses_licensemetadata"},
    ),
    "a program's CSV": (
        lambda w: program_of(w.acme_admin).get("/v3/licenses/export"),
        {"licenses_license", "licenses_licensemetadata"},
    ),
    "own data": (
        lambda w: signed_in(w.ada).get("/profile/data/archive.zip"),
        {"licenses_license"},
    ),
    "totals": (
        lambda w: program_of(w.acme_admin).get("/v3/analytics/stats"),
        {"licenses_license", "licenses_activation", "accounts_user", "releases_release"},
    ),
    "standings": (
        lambda w: program_of(w.acme_admin).get("/v3/analytics/licenses"),
        {"licenses_license"},
    ),
    "machines by system": (
        lambda w: program_of(w.acme_admin).get("/v3/analytics/activations/os"),
        {"licenses_activation"},
    ),
    "activations by day": (
        lambda w: program_of(w.acme_admin).get("/v3/analytics/activations"),
        {"audit_auditentry"},
    ),
}


class TestOnPostgresql:
    pytestmark = on_postgresql

    @pytest.mark.parametrize("what", list(READ_THERE))
    def test_these_are_read_there(self, world: World, standby: str, what: str) -> None:
        ask, tables = READ_THERE[what]
        with asked() as seen:
            response = ask(world)
            assert response.status_code == 200, response
            body(response)
        assert tables <= seen[REPLICA]

    def test_pages_that_show_what_was_just_changed_are_not(
        self, world: World, standby: str
    ) -> None:
        ada, admin = signed_in(world.ada), signed_in(world.acme_admin)
        with asked() as seen:
            for path in ("/licenses/", f"/licenses/{world.ada_license.pk}/", "/profile/"):
                assert ada.get(path).status_code == 200
            for path in ("/licenses/license/", "/accounts/user/", "/audit/auditentry/"):
                assert admin.get(path).status_code == 200
            program = program_of(world.acme_admin)
            assert program.get("/v3/licenses").status_code == 200
            Browser("acme").sign_in("ada@example.com")
        assert seen[REPLICA] == set()
        assert "licenses_license" in seen[DEFAULT_DB_ALIAS]

    def test_it_is_a_copy_that_follows(self, world: World, standby: str) -> None:
        def there() -> str:
            notes: str = License.objects.values_list("notes", flat=True).get(
                pk=world.ada_license.pk
            )
            return notes

        with inside(world.acme):
            License.objects.filter(pk=world.ada_license.pk).update(notes="written")
            catch_up()
            with asked() as seen:
                assert from_replica(there) == "written"
        assert seen == {DEFAULT_DB_ALIAS: set(), REPLICA: {"licenses_license"}}

    # --- The wall -------------------------------------------------------------------------------

    def test_no_other_vendors_rows_are_seen_there(self, world: World, standby: str) -> None:
        """Also by SQL that names no vendor: the standby has the policies of its primary."""

        def vendors() -> set[Any]:
            with connections[REPLICA].cursor() as cursor:
                cursor.execute("SELECT DISTINCT vendor_id FROM licenses_license")
                return {row[0] for row in cursor.fetchall()}

        with inside(world.acme):
            assert from_replica(vendors) == {world.acme.pk}
        with inside(world.globex):
            assert from_replica(vendors) == {world.globex.pk}
        assert vendors() == set()
        with connections[REPLICA].cursor() as cursor:
            cursor.execute("SELECT current_user, rolsuper OR rolbypassrls FROM pg_roles "
                           "WHERE rolname = current_user")  # fmt: skip
            assert cursor.fetchone() == (WEB, False)

    def test_it_is_not_read_outside_of_a_vendors_scope(self, world: World, standby: str) -> None:
        with pytest.raises(ScopeError), outside(Way.VENDORS, "A test."):
            from_replica(lambda: list(Vendor.objects.all()))

    def test_an_export_has_its_vendors_rows_alone(self, world: World, standby: str) -> None:
        with asked() as seen:
            text = body(signed_in(world.acme_admin).get("/licenses/license/export.csv")).decode()
        assert world.ada_license.key in text
        with inside(world.globex):
            for key in License.objects.values_list("key", flat=True):
                assert key not in text
        assert "licenses_license" in seen[REPLICA]

    # --- Nothing is written there ---------------------------------------------------------------

    def test_a_write_is_refused_by_us_and_by_the_server(self, world: World, standby: str) -> None:
        with inside(world.acme):
            with pytest.raises(WrittenWhileReading, match=r"licenses\.License"):
                from_replica(lambda: License.objects.update(notes="x"))
            with pytest.raises(DatabaseError, match="read-only"):
                License.objects.using(REPLICA).update(notes="x")

    def test_the_connection_is_read_only_where_the_server_is_not(
        self, world: World, standby: str
    ) -> None:
        """A URL that leads to the primary by mistake, or a standby that has taken over."""
        connections[REPLICA].close()
        connections[REPLICA].settings_dict["HOST"] = connection.settings_dict["HOST"]
        with inside(world.acme), pytest.raises(DatabaseError, match="read-only"):
            License.objects.using(REPLICA).update(notes="x")

    def test_rows_that_were_read_there_lead_to_the_primary(
        self, world: World, standby: str
    ) -> None:
        with inside(world.acme):
            row = from_replica(lambda: License.objects.get(pk=world.ada_license.pk))
            assert row._state.db == REPLICA
            with asked() as seen:
                assert row.product.name
                row.notes = "saved"
                row.save(update_fields=["notes"])
        assert seen[REPLICA] == set()
        assert "licenses_product" in seen[DEFAULT_DB_ALIAS]

    def test_inside_a_transaction_the_primary_is_asked(self, world: World, standby: str) -> None:
        """It may have written what is then read."""
        with inside(world.acme), asked() as seen, transaction.atomic():
            from_replica(License.objects.count)
        assert seen[REPLICA] == set()

    # --- Without it -----------------------------------------------------------------------------

    def test_when_it_is_gone_the_primary_is_asked(
        self,
        world: World,
        standby: str,
        caplog: pytest.LogCaptureFixture,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        connections[REPLICA].close()
        connections[REPLICA].settings_dict["HOST"] = "/tmp/nobody-is-here"
        admin = signed_in(world.acme_admin)
        with caplog.at_level(logging.WARNING, "tenancy.replica"):
            for _ in range(3):
                assert admin.get("/").status_code == 200
                text = body(admin.get("/licenses/license/export.csv")).decode()
                assert world.ada_license.key in text
        lines = [each for each in caplog.records if each.name == "tenancy.replica"]
        assert len(lines) == 1
        assert "the primary is asked" in lines[0].getMessage()
        # It is asked again by and by.
        monkeypatch.setattr(replica, "_left_alone_until", 0.0)
        connections[REPLICA].settings_dict["HOST"] = standby
        with inside(world.acme), asked() as seen:
            from_replica(License.objects.count)
        assert seen[REPLICA] == {"licenses_license"}

    def test_a_connection_that_breaks_in_the_middle_costs_nobody_the_answer(
        self, world: World, standby: str
    ) -> None:
        with inside(world.acme):
            there = from_replica(standings_now)
            catch_up()
            with connections[REPLICA].cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                [pid] = cursor.fetchone()

            def breaks() -> Any:
                if connections[REPLICA].connection is not None:
                    terminate(standby, pid)
                return standings_now()

            assert from_replica(breaks) == there

    def test_tables_that_it_has_not_yet_are_read_from_the_primary(
        self, world: World, standby: str
    ) -> None:
        def lacks() -> int:
            if replica._asked.get() == REPLICA:
                with connections[REPLICA].cursor() as cursor:
                    cursor.execute("SELECT 1 FROM not_there_yet")
            return 1

        with inside(world.acme):
            assert from_replica(lacks) == 1


def standings_now() -> Any:
    from django.utils import timezone

    return standings(timezone.now())


def terminate(host: str, pid: int) -> None:
    import psycopg

    with psycopg.connect(host=host, port=5432, user="tests", dbname="postgres") as server:
        server.execute("SELECT pg_terminate_backend(%s)", [pid])


# --- Without any --------------------------------------------------------------------------------


def test_without_a_replica_the_one_database_is_asked(acme: World) -> None:
    assert replica.place() == DEFAULT_DB_ALIAS
    assert from_replica(lambda: License.objects.db) == DEFAULT_DB_ALIAS


def test_the_router_names_a_database_for_every_query() -> None:
    """Else Django would lead what belongs to a row back to where the row was read."""
    router = Router()
    row = License()
    row._state.db = REPLICA
    assert router.db_for_read(License, instance=row) == DEFAULT_DB_ALIAS
    assert router.db_for_write(License, instance=row) == DEFAULT_DB_ALIAS
    assert router.allow_migrate(DEFAULT_DB_ALIAS, "licenses")
    assert not router.allow_migrate(REPLICA, "licenses")


def test_what_asks_the_replica_names_a_scope(db: None) -> None:
    with pytest.raises(ScopeError), replica.asking(REPLICA):
        pass


def test_its_url_is_a_postgresqls_and_read_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_REPLICA_URL", "postgresql://web:x@standby/portal?sslmode=require")
    entry = env.replica("DATABASE_REPLICA_URL")
    assert (entry["HOST"], entry["NAME"], entry["ENGINE"]) == (
        "standby",
        "portal",
        "tenancy.postgresql",
    )
    assert entry["OPTIONS"]["options"] == "-c default_transaction_read_only=on"
    assert entry["OPTIONS"]["sslmode"] == "require"
    monkeypatch.setenv("DATABASE_REPLICA_URL", "sqlite:///copy.sqlite3")
    with pytest.raises(ImproperlyConfigured, match="postgresql://"):
        env.replica("DATABASE_REPLICA_URL")
