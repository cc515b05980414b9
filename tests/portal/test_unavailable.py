"""A database that is locked, full, restarting or gone: 503, soon, and said so that both people and
programs know that they may try again."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any

import psycopg
import pytest
from django.db import (
    DataError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
    ProgrammingError,
    connection,
    connections,
    transaction,
)

from accounts.models import Session
from audit.models import AuditEntry
from portal.middleware.waiting import LONGEST_WAIT
from tenancy.door import inside
from tenancy.waiting import longest_wait, passes, waiting_at_most
from tests.conftest import ON_POSTGRESQL
from tests.others import another, somebody_writing
from tests.world import PASSWORD, Browser, World, signed_in
from web import limits

pytestmark = pytest.mark.django_db(transaction=True)

SIGN_IN = {"email": "ada@example.com", "password": PASSWORD}
SENTENCE = "The portal is very busy or being maintained"


def took(act: Callable[[], Any]) -> tuple[Any, float]:
    start = time.perf_counter_ns()
    answer = act()
    return answer, (time.perf_counter_ns() - start) / 1e9


def assert_unavailable(response: Any) -> None:
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    page = response.content.decode()
    assert SENTENCE in page
    assert "<h1>One moment</h1>" in page


# --- Locked -------------------------------------------------------------------------------------


def test_who_waits_for_a_lock_is_told_after_two_seconds(world: World) -> None:
    with somebody_writing("accounts_session"):
        response, seconds = took(lambda: Browser().post("/login/", SIGN_IN))
    assert_unavailable(response)
    assert "Acme Instruments" in response.content.decode()
    assert LONGEST_WAIT <= seconds < LONGEST_WAIT + 1
    with inside(world.acme):
        assert not Session.of_scope.exists()
        assert not AuditEntry.objects.filter(action="signed-in").exists()
    assert Browser().post("/login/", SIGN_IN).status_code == 302


@pytest.mark.skipif(not ON_POSTGRESQL, reason="On SQLite nobody keeps others from reading")
@pytest.mark.parametrize("table", ["licenses_license", "tenancy_vendor", "tenancy_host"])
def test_a_page_does_not_wait_longer_either(world: World, table: str) -> None:
    """Whether a view asks first or the middleware."""
    browser = signed_in(world.ada)
    with somebody_writing(table):
        response, seconds = took(lambda: browser.get("/licenses/"))
    assert_unavailable(response)
    assert seconds < LONGEST_WAIT + 1
    assert browser.get("/licenses/").status_code == 200


def test_nor_does_a_transaction(world: World) -> None:
    """It is undone, since its last step can't be taken."""
    browser = signed_in(world.ada)
    with somebody_writing("audit_auditchain"):
        assert_unavailable(browser.post("/profile/", {"first_name": "Augusta"}))
    with inside(world.acme):
        world.ada.refresh_from_db()
    assert world.ada.first_name == "Ada"


def test_others_are_answered_meanwhile(world: World) -> None:
    browser = signed_in(world.ada)
    assert browser.get("/profile/").status_code == 200  # notes once that one was seen
    with somebody_writing("accounts_userword"):
        for visitor, path in ((browser, "/licenses/"), (Browser("globex"), "/login/")):
            response, seconds = took(lambda v=visitor, p=path: v.get(p))  # type: ignore[misc]
            assert response.status_code == 200
            assert seconds < 1


def test_that_one_was_seen_is_noted_another_time(world: World, frozen_time: Any) -> None:
    browser = signed_in(world.ada)
    frozen_time.shift(3600)
    with inside(world.acme):
        before = Session.of_scope.get().seen_at
    if ON_POSTGRESQL:
        other = another()
        other.execute("BEGIN")
        other.execute("SELECT 1 FROM accounts_session FOR UPDATE")
        assert browser.get("/licenses/").status_code == 200
        other.close()
    else:
        with somebody_writing():
            assert browser.get("/licenses/").status_code == 200
    with inside(world.acme):
        assert Session.of_scope.get().seen_at == before
    assert browser.get("/licenses/").status_code == 200
    with inside(world.acme):
        assert Session.of_scope.get().seen_at > before


def test_a_program_is_told_in_json(world: World) -> None:
    """What it asks for by a licence's key is counted, which is written."""
    path = f"/releases/feed/{world.orbit.pk}.json"
    for query in (f"?key={world.ada_license.key}", ""):
        with somebody_writing("tenancy_host"):
            response = Browser().get(path + query)
        if not query and not ON_POSTGRESQL:
            continue  # which is read, and so not kept from anybody
        assert (response.status_code, response["Retry-After"]) == (503, "5")
        assert response.json()["code"] == "DATABASE_UNAVAILABLE"
        assert SENTENCE in response.json()["message"]


def test_the_proxy_is_told_too(world: World) -> None:
    if not ON_POSTGRESQL:
        pytest.skip("On SQLite nobody keeps others from reading")
    with somebody_writing("tenancy_host"):
        response = Browser("").get("/internal/tls-ask?domain=acme.portal.localhost")
    assert response.status_code == 503


def test_who_serves_nobody_waits_as_long_as_it_takes(world: World) -> None:
    """A worker, or a command."""
    assert longest_wait() is None

    def release_later(other: Any) -> None:
        time.sleep(0.5)
        other.execute("ROLLBACK")
        other.close()

    other = another()
    if ON_POSTGRESQL:
        other.execute("BEGIN")
        other.execute("LOCK TABLE web_ratebucket IN ACCESS EXCLUSIVE MODE")
    else:
        other = another_in_any_thread()
        other.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(1) as pool:
        released = pool.submit(release_later, other)
        with waiting_at_most(0.1), pytest.raises(OperationalError):
            limits.take(limits.RESET_PER_IP, "192.0.2.1")
        limits.take(limits.RESET_PER_IP, "192.0.2.1")
        released.result()


def another_in_any_thread() -> Any:
    import sqlite3

    path = connection.settings_dict["NAME"]
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False)


# --- Full ---------------------------------------------------------------------------------------


@pytest.mark.skipif(ON_POSTGRESQL, reason="PostgreSQL's disk can't be filled here")
def test_a_full_disk_is_said_and_pages_are_still_read(world: World) -> None:
    browser = signed_in(world.ada)
    with full():
        assert_unavailable(signed_in_slowly())
        assert browser.get("/licenses/").status_code == 200
        assert Browser().get("/readyz").status_code == 200
    assert Browser().post("/login/", SIGN_IN).status_code == 302


def signed_in_slowly() -> Any:
    """Signs in until there is no room: a page of the file may have some left."""
    for _ in range(200):
        response = Browser().post("/login/", {**SIGN_IN, "email": "ada@example.com"})
        if response.status_code != 302:
            return response
    raise AssertionError("The file never was full.")


@contextmanager
def full() -> Iterator[None]:
    """SQLite's file can't grow, and there is no room left in it by what was deleted."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")
        (most,) = cursor.execute("PRAGMA max_page_count").fetchone()
        cursor.execute("PRAGMA page_count")
        (count,) = cursor.fetchone()
        cursor.execute(f"PRAGMA max_page_count = {count}")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA max_page_count = {most}")


# --- Gone, and back -----------------------------------------------------------------------------


def test_health_tells_a_living_process_from_an_answering_database(world: World) -> None:
    def told() -> list[tuple[int, bytes]]:
        answers = [Browser("nobody").get(path) for path in ("/healthz", "/readyz")]
        return [(each.status_code, each.content.splitlines()[0]) for each in answers]

    assert told() == [(200, b"ok"), (200, b"ready")]
    with gone():
        assert told() == [(200, b"ok"), (503, b"database unavailable")]
        assert_unavailable(Browser().get("/login/"))
        assert_unavailable(Browser("app").post("/login/", SIGN_IN))
    assert told() == [(200, b"ok"), (200, b"ready")]


@contextmanager
def gone() -> Iterator[None]:
    """There is no database where it is looked for."""
    connection.close()
    name = "HOST" if ON_POSTGRESQL else "NAME"
    where = connection.settings_dict[name]
    connection.settings_dict[name] = "/nowhere" if ON_POSTGRESQL else "/nowhere/db.sqlite3"
    try:
        yield
    finally:
        connection.settings_dict[name] = where


@pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite has no server")
def test_a_connection_that_the_server_ended_is_made_anew(world: World) -> None:
    browser = signed_in(world.ada)
    assert browser.get("/licenses/").status_code == 200
    end_connections()
    assert browser.get("/licenses/").status_code == 200


@pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite has no server")
def test_who_is_cut_off_in_the_middle_is_told(world: World) -> None:
    """As a server that restarts does it, while somebody waits in a transaction."""

    def visit() -> Any:
        try:
            return Browser().post("/login/", SIGN_IN)
        finally:
            connections.close_all()

    with somebody_writing("accounts_session"), ThreadPoolExecutor(1) as pool:
        visiting = pool.submit(visit)
        with closing(another()) as other:
            wait_until(lambda: waiting(other) == 1)
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE wait_event_type = 'Lock' AND pid <> pg_backend_pid()"
            )
        assert_unavailable(visiting.result())
    with inside(world.acme):
        assert not Session.of_scope.exists()


def waiting(other: Any) -> int:
    """How many wait for a lock."""
    sql = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    return int(other.execute(sql).fetchone()[0])


def wait_until(done: Callable[[], bool]) -> None:
    for _ in range(1000):
        if done():
            return
        time.sleep(0.002)
    raise AssertionError("It never was so.")


def end_connections() -> None:
    with closing(another()) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


# --- Not migrated yet ---------------------------------------------------------------------------


@contextmanager
def half_migrated(table: str, *, is_known: bool) -> Iterator[None]:
    """The table is not there, as before a migration that, if it is known, counts as done."""
    connection.close()
    with closing(another()) as other:
        last = "FROM django_migrations WHERE app = 'webhooks' AND name = '0002_row_level_security'"
        [row] = other.execute(f"SELECT app, name, applied {last}").fetchall()
        other.execute(f"ALTER TABLE {table} RENAME TO aside")
        if not is_known:
            other.execute(f"DELETE {last}")
        try:
            yield
        finally:
            connection.close()
            other.execute(f"ALTER TABLE aside RENAME TO {table}")
            if not is_known:
                values = ", ".join(f"'{each}'" for each in row)
                other.execute(
                    f"INSERT INTO django_migrations (app, name, applied) VALUES ({values})"
                )


@pytest.mark.parametrize("table", ["licenses_license", "tenancy_host"])
def test_tables_that_are_being_migrated_are_waited_for(world: World, table: str) -> None:
    """A view finds that out, or the middleware."""
    browser = signed_in(world.ada)
    with half_migrated(table, is_known=False):
        assert_unavailable(browser.get("/licenses/"))
    assert browser.get("/licenses/").status_code == 200
    with half_migrated(table, is_known=True), pytest.raises((OperationalError, ProgrammingError)):
        browser.get("/licenses/")


# --- Which errors pass --------------------------------------------------------------------------


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (caused(OperationalError(), psycopg.errors.LockNotAvailable()), True),
        (caused(OperationalError(), psycopg.errors.DeadlockDetected()), True),
        (caused(OperationalError(), psycopg.errors.DiskFull()), True),
        (caused(OperationalError(), psycopg.errors.TooManyConnections()), True),
        (caused(OperationalError(), psycopg.errors.AdminShutdown()), True),
        (caused(OperationalError(), psycopg.errors.CannotConnectNow()), True),
        (caused(OperationalError(), psycopg.errors.IoError()), True),
        (caused(OperationalError(), psycopg.OperationalError("connection refused")), True),
        (caused(InterfaceError(), psycopg.InterfaceError("the connection is closed")), True),
        (caused(InternalError(), psycopg.errors.ReadOnlySqlTransaction()), True),
        (caused(InternalError(), psycopg.errors.InFailedSqlTransaction()), False),
        (caused(InternalError(), psycopg.InternalError()), False),
        (caused(ProgrammingError(), psycopg.errors.UndefinedTable()), False),
        (caused(IntegrityError(), psycopg.errors.UniqueViolation()), False),
        (caused(DataError(), psycopg.errors.NumericValueOutOfRange()), False),
        (RuntimeError(), False),
    ],
)
def test_errors_that_pass_are_told_from_mistakes(error: Exception, expected: bool) -> None:
    assert passes(error) is expected


@pytest.mark.skipif(ON_POSTGRESQL, reason="SQLite's")
def test_a_mistake_of_ours_is_no_busy_database(world: World) -> None:
    """SQLite calls both operational."""
    with pytest.raises(OperationalError) as mistake, connection.cursor() as cursor:
        cursor.execute("SELECT * FROM nothing")
    assert not passes(mistake.value)
    refused = pytest.raises(OperationalError)
    with waiting_at_most(0.1), somebody_writing(), refused as busy, transaction.atomic():
        pass
    assert passes(busy.value)
