"""What every test runs with: its database, frozen time, no network, fast hashing."""

import gc
import ipaddress
import logging
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jinja2
import pytest
import time_machine
from django.conf import settings as django_settings
from django.core.cache import cache
from django.db.backends.signals import connection_created
from django.test.signals import template_rendered

import development as dev
from accounts.second_factor import codes
from tenancy import finding
from tenancy.door import inside
from tenancy.transactions import do_what_comes_after, take_what_was_left
from tests import environment, postgres, prepared, redis, roles, rows, secrets, sql, turns
from tests import world as worlds
from tests.api import running
from tests.world import NOW
from web.redis_store import store_at

ON_POSTGRESQL = os.environ.get("TEST_DATABASE") == "postgresql"
HAS_POSTGRESQL = dev.has_postgresql(os.environ)
PATHS = f"{os.environ['PATH']}:/usr/sbin"
# The shell has no window to draw, and takes a fifth less of the processors.
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
PROXIES = all(shutil.which(name, path=PATHS) for name in ("nginx", "caddy", "curl"))
# What the image is built and run with, and isn't there.
NO_IMAGE = dev.missing_of((*dev.IMAGE_WITH, "caddy", "curl"))
NO_IMAGE += [] if HAS_POSTGRESQL else ["PostgreSQL's server programs"]
NO_IMAGE += [] if os.geteuid() == 0 else ["root"]
NO_REDIS = dev.missing_of((redis.PROGRAM,))
WRITES_WORDS = ("accounts", "audit", "demo", "imports", "licenses", "offline")
SERVED_IN = ("e2e", "deploy")
BY_DATABASE = ("audit", "jobs", "tenancy")
# One of these stands in each other file with tests for PostgreSQL (`is_by_database`).
MARKED = ("by_database", "django_db", "ON_POSTGRESQL")
ALL_REQUIRED = os.environ.get("CI", "").lower() == "true"


connection_created.connect(sql.watch_connection)


def pytest_addoption(parser: pytest.Parser) -> None:
    told = "all of it on PostgreSQL too, and what measures"
    parser.addoption("--in-full", action="store_true", help=told)
    parser.addoption("--word", help="reads no file that doesn't have this word")
    told = "of tables only the rows whose turn it is, from 0"
    parser.addoption("--turn", type=int, choices=range(dev.TURNS), help=told)


def pytest_report_header(config: pytest.Config) -> list[str]:
    database = "PostgreSQL" if ON_POSTGRESQL else "SQLite"
    chromium = CHROMIUM or "NOT FOUND, no end-to-end tests"
    proxies = "there" if PROXIES else "NOT FOUND, no tests of the proxies"
    image = f"NOT TESTED for want of {', '.join(NO_IMAGE)}" if NO_IMAGE else "tested"
    stores = "NOT FOUND, nothing is tried with it" if NO_REDIS else "there"
    told = f"database: {database}, Chromium: {chromium}, nginx, Caddy and curl: {proxies}, image: {image}, Redis: {stores}"
    if config.getoption("--turn") is not None:
        return [
            told,
            f"of tables a part: --turn={config.getoption('--turn')} of {dev.TURNS}, from 0",
        ]
    if not config.getoption("--in-full"):
        return [told]
    return [told, f"payment bridges: {running.FOLDER or running.NOT_RUN}"]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Files that have nothing to be tried aren't even read: that takes as long as what is tried."""
    if collection_path.suffix != ".py":
        return None
    text = collection_path.read_text()
    if (word := config.getoption("--word")) and word not in text:
        return True
    if not ON_POSTGRESQL or config.getoption("--in-full"):
        return None
    has_some = collection_path.parent.name in BY_DATABASE or any(name in text for name in MARKED)
    return None if has_some else True


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # pytest-django puts tests with a transaction before those that commit. First of all those
    # that want an empty database: so the world is written once and taken away once.
    # Then those with one world, and those with the other. Last of those with a transaction, those
    # that fill tables.
    items.sort(
        key=lambda item: (
            not uses_database(item) or commits(item) or has_world(item),
            is_filled(item),
            fills(item),
        )
    )
    for item in items:
        if is_served(item) and item.path.parent.name not in SERVED_IN:
            raise pytest.UsageError(f"dev.py looks for {item.nodeid} in {SERVED_IN} alone.")
    if not config.getoption("--in-full"):
        leave(config, items, {item for item in items if is_left_out(item)})
    if (turn := config.getoption("--turn")) is not None:
        leave(config, items, turns.waiting(items, turn, table_of))
    if ALL_REQUIRED:
        return
    for item in items:
        if item.get_closest_marker("e2e") and not CHROMIUM:
            item.add_marker(pytest.mark.skip(reason="Chromium is not on this machine"))
        if item.get_closest_marker("proxies") and not PROXIES:
            item.add_marker(pytest.mark.skip(reason="nginx, Caddy or curl is missing"))
        if item.get_closest_marker("image") and NO_IMAGE:
            item.add_marker(pytest.mark.skip(reason=f"without {', '.join(NO_IMAGE)}"))


def pytest_collection_finish() -> None:
    """What is there before the first test stays until the last: it isn't looked through for garbage
    time and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def leave(config: pytest.Config, items: list[pytest.Item], these: set[pytest.Item]) -> None:
    config.hook.pytest_deselected(items=[item for item in items if item in these])
    items[:] = [item for item in items if item not in these]


def table_of(item: pytest.Item) -> str:
    """What the test is a row of, for whoever takes turns."""
    if item.get_closest_marker("takes_turns"):
        return "takes_turns"
    if ON_POSTGRESQL and not is_about_databases(item):
        return "by_database"
    test, is_row, _row = item.nodeid.partition("[")
    if not is_row and is_tried_on_postgresql(item):
        return turns.ABOUT_DATABASES
    return test


def is_tried_on_postgresql(item: pytest.Item) -> bool:
    """Whether a test that is tried on SQLite is tried at each change on PostgreSQL, too."""
    # One that might be skipped, and is not here, may be SQLite's alone.
    has_condition = item.get_closest_marker("skipif") is not None
    on_both = not ON_POSTGRESQL and HAS_POSTGRESQL and not has_condition
    return on_both and uses_database(item) and is_about_databases(item)


def is_served(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(name) for name in ("e2e", "proxies", "image"))


def uses_database(item: pytest.Item) -> bool:
    return "db" in item.fixturenames or commits(item)  # type: ignore[attr-defined]


def is_left_out(item: pytest.Item) -> bool:
    """Whether the test is only run where all is tried in full: one that measures, or, on PostgreSQL,
    one in which the database has no part of its own."""
    if item.get_closest_marker("in_full"):
        return True
    return ON_POSTGRESQL and not (uses_database(item) and is_by_database(item))


def is_by_database(item: pytest.Item) -> bool:
    """Whether the database may make a difference."""
    return is_about_databases(item) or item.get_closest_marker("by_database") is not None


def is_about_databases(item: pytest.Item) -> bool:
    """Whether the test commits, stands in a room or file that is about databases, or expects
    something else of each, as where queries are counted."""
    return (
        commits(item)
        or item.path.parent.name in BY_DATABASE
        or hasattr(item.module, "ON_POSTGRESQL")  # type: ignore[attr-defined]
    )


def commits(item: pytest.Item) -> bool:
    """Whether the test is marked with django_db, which stands here for `transaction=True` alone."""
    return item.get_closest_marker("django_db") is not None


def fills(item: pytest.Item) -> bool:
    """Whether the test's file makes so many rows that what is left of them when they are rolled back
    would slow down whatever comes before the tables are emptied."""
    return hasattr(item.module, "filling")  # type: ignore[attr-defined]


def has_world(item: pytest.Item) -> bool:
    return "world" in item.fixturenames  # type: ignore[attr-defined]


def is_filled(item: pytest.Item) -> bool:
    return "filled" in item.fixturenames  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def in_full(pytestconfig: pytest.Config) -> bool:
    """Whether all is tried, and not only what each change is tried with."""
    return bool(pytestconfig.getoption("--in-full"))


@pytest.fixture(scope="session")
def has_turn(pytestconfig: pytest.Config) -> Callable[..., bool]:
    """Whether a row is tried, by its place in a table that is within one test; of a table that is
    shorter than there are turns, and says how long it is, one has its turn each time."""
    turn = pytestconfig.getoption("--turn")

    def is_tried(place: int, among: int = dev.TURNS) -> bool:
        turns = min(among, dev.TURNS)
        return turn is None or place % turns == turn % turns

    return is_tried


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> Iterator[None]:
    """The database of this run: a file, so that threads can have connections of their own."""
    database = django_settings.DATABASES["default"]
    if not ON_POSTGRESQL:
        file = Path(os.environ["DATA_DIR"]) / "test.sqlite3"
        shutil.copy(prepared.migrated() / "db.sqlite3", file)
        database["TEST"]["NAME"] = str(file)
        yield
        return
    if environment.DATABASE_URL:
        os.environ["DATABASE_URL"] = environment.DATABASE_URL
        from portal import env

        _use(database, env.database("DATABASE_URL", Path()))
        yield
        return
    with postgres.server() as entry:
        _use(database, entry)
        yield


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Whether the test database is there; what it lacks, if anything, is migrated."""
    return not ON_POSTGRESQL


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Migrations have run as the owner; whatever comes now, runs as the web role."""
    for path in Path(os.environ["DATA_DIR"]).glob("test.sqlite3*"):
        path.chmod(0o600)  # Django makes it, with the umask of whoever tests.
    _become(roles.WEB, django_db_blocker)
    yield
    _become(roles.OWNER, django_db_blocker)


def _become(role: str, django_db_blocker: Any) -> None:
    from django.db import connection

    if ON_POSTGRESQL:
        with django_db_blocker.unblock():
            connection.close()
        connection.settings_dict["OPTIONS"]["assume_role"] = role


def _use(database: dict[str, Any], entry: dict[str, Any]) -> None:
    """Points Django's only connection at another server, before it has ever connected."""
    from django.db import connections

    test_options = database["TEST"]
    database.clear()
    postgres.make_roles(entry)
    test_options |= {"NAME": f"test_{postgres.TEMPLATE}", "TEMPLATE": postgres.TEMPLATE}
    database.update({"OPTIONS": {}, "TEST": test_options, **entry})
    database["OPTIONS"]["assume_role"] = roles.OWNER
    connections.configure_settings({"default": database})
    if hasattr(connections._connections, "default"):  # type: ignore[attr-defined]
        del connections["default"]


@pytest.fixture(autouse=True, scope="session")
def _the_database_is_emptied() -> Iterator[None]:
    """After tests that commit: of what they wrote, the audit trail too, which would refuse that."""
    from django.test import TransactionTestCase

    def emptied(_case: TransactionTestCase) -> None:
        rows.take_away()
        worlds.Kept.forget()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", emptied)
        yield


@pytest.fixture(autouse=True, scope="session")
def _what_is_left_to_the_end() -> Iterator[None]:
    """A test that is rolled back commits nothing: there the last step of a transaction is taken,
    and what comes after it done, when one ends that stands directly in the test's own."""
    from django.db.backends.base.base import BaseDatabaseWrapper

    commit = BaseDatabaseWrapper.savepoint_commit

    def committed(connection: Any, sid: str) -> None:
        outermost = connection.atomic_blocks and connection.atomic_blocks[-1]._from_testcase
        if outermost:
            take_what_was_left(connection)
        commit(connection, sid)
        if outermost:
            do_what_comes_after(connection)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseWrapper, "savepoint_commit", committed)
        yield


@pytest.fixture(autouse=True, scope="session")
def _what_pages_are_given() -> Iterator[None]:
    """Tells the test client of Jinja2's contexts as Django does of its own: `response.context`."""
    render = jinja2.Template.render

    def told(template: jinja2.Template, context: dict[str, Any]) -> str:
        template_rendered.send(sender=template, template=template, context=context)
        return render(template, context)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jinja2.Template, "render", told)
        yield


@pytest.fixture(autouse=True)
def _test_settings(settings: Any) -> None:
    """What tests can do without: slow hashing, a queue's worker, hashed names of static files."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    codes.COST.update(time_cost=1, memory_cost=8)
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    cache.clear()


@pytest.fixture(autouse=True)
def frozen_time(request: pytest.FixtureRequest) -> Iterator[time_machine.Traveller | None]:
    """Time stands still at NOW; `frozen_time.shift(seconds)` moves it. Tests of what is served run free."""
    free = ("e2e", "processes", "proxies", "image")
    if any(request.node.get_closest_marker(name) for name in free):
        yield None
        return
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture(autouse=True, scope="session")
def logged() -> Iterator[secrets.Kept]:
    """Keeps every line that is logged, of whatever level, as a handler would write it."""
    handler = secrets.Kept()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


@pytest.fixture(autouse=True)
def _no_secret_is_logged(logged: secrets.Kept) -> Iterator[None]:
    """Of all that the suite logs, test by test."""
    for lines in (logged.lines, logged.json_lines):
        lines.clear()
    yield
    for lines in (logged.lines, logged.json_lines):
        assert [line for line in lines if secrets.found_in(line)] == []


@pytest.fixture(autouse=True)
def _every_write_has_its_verb() -> Iterator[None]:
    """What commands, jobs and chores change, they change by verbs; also where a fault is survived."""
    sql.without_verb.clear()
    sql.worded.clear()
    yield
    assert not sql.without_verb


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuses every connection that would leave the machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and not _is_loopback(str(address[0])):
            raise AssertionError(f"A test tried to reach {address}.")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


def _is_loopback(host: str) -> bool:
    return host == "localhost" or ipaddress.ip_address(host).is_loopback


@pytest.fixture
def kept_world(request: pytest.FixtureRequest) -> worlds.Kept:
    """The world that is handed out to this test."""
    return worlds.FILLED if is_filled(request.node) else worlds.KEPT


@pytest.fixture(autouse=True)
def _what_is_committed(
    request: pytest.FixtureRequest,
    kept_world: worlds.Kept,
    _test_settings: None,
    frozen_time: Any,
    django_db_blocker: Any,
) -> None:
    """Before a test's own transaction: the world for who asks for it, nothing for who doesn't."""
    if not uses_database(request.node):
        return
    request.getfixturevalue("django_db_setup")
    with django_db_blocker.unblock():
        if has_world(request.node):
            kept_world.put()
        else:
            worlds.Kept.take_away()


@pytest.fixture
def world(
    request: pytest.FixtureRequest, db: None, kept_world: worlds.Kept
) -> Iterator[worlds.World]:
    """Two vendors with people, licences and machines; the test runs outside any scope.

    After each test that writes what has words, in the rooms that do, rows have those by which they
    are found; the same code makes them on both databases, so that one is looked at. Who arranges rows
    behind the verbs' back says so: `unfound`.
    """
    world = kept_world.copy()
    yield world
    if request.node.path.parent.name not in WRITES_WORDS or ON_POSTGRESQL:
        return
    if sql.worded and not request.node.get_closest_marker("unfound"):
        for vendor in (world.acme, world.globex):
            with inside(vendor):
                assert list(finding.wrong()) == []


@pytest.fixture
def filled(world: worlds.World) -> worlds.World:
    """The same world, with rows of both vendors in every table (`kept_world`)."""
    return world


@pytest.fixture
def acme(world: worlds.World) -> Iterator[worlds.World]:
    """The same world, inside acme's scope."""
    with inside(world.acme):
        yield world


@pytest.fixture(scope="session")
def redis_of_the_run() -> Iterator[redis.Server]:
    if NO_REDIS and not ALL_REQUIRED:
        pytest.skip("NOT TRIED: redis-server is not on this machine")
    with redis.server() as server:
        yield server


@pytest.fixture
def redis_server(redis_of_the_run: redis.Server, settings: Any) -> Iterator[redis.Server]:
    """An empty Redis, in which limits are kept."""
    redis_of_the_run.flush()
    settings.REDIS_URL = redis_of_the_run.url
    yield redis_of_the_run
    store_at(settings.REDIS_URL).close()
    store_at.cache_clear()


@pytest.fixture(params=["database", "redis"])
def each_store(request: pytest.FixtureRequest) -> str:
    """Where limits are kept that may be in either; the test runs with both."""
    if request.param == "redis":
        request.getfixturevalue("redis_server")
    return str(request.param)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    return {
        "executable_path": CHROMIUM,
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ],
    }
