"""The database's wall between vendors, tried by raw SQL as the role that the portal has."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from itertools import chain
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.db import DatabaseError, ProgrammingError, connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext
from psycopg import sql

from accounts.models import among_operators
from accounts.verbs.vendors import suspend_vendor
from audit.acting import Actor, Source, acting
from licenses.models import License, Product
from portal.middleware import tenancy as middleware
from tenancy.door import Way, inside, outside, reading
from tenancy.models import Vendor
from tenancy.wall import RowLevelSecurity, WayOut
from tests.conftest import ON_POSTGRESQL
from tests.roles import WEB, everywhere
from tests.world import World, signed_in

pytestmark = pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite has no such wall")


def tables_of_vendors() -> dict[str, str]:
    """By table the column that says whose a row is: every model that points to a vendor."""
    found = {"tenancy_vendor": "id"}
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if field.is_relation and field.related_model is Vendor and not model._meta.proxy:
                found[model._meta.db_table] = str(field.column)
    return found


TABLES = tables_of_vendors()


def rows(statement: str, *params: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall()


def affected(statement: str, *params: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.rowcount


def count(table: str) -> int:
    return int(rows(f'SELECT count(*) FROM "{table}"')[0][0])


def test_every_table_of_vendors_is_behind_the_wall(db: None) -> None:
    """It prints them (`pytest -s`)."""
    policies = rows(
        "SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity, p.polname, p.polcmd, "
        "pg_get_expr(p.polqual, c.oid), pg_get_expr(p.polwithcheck, c.oid) "
        "FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid ORDER BY c.relname, p.polname"
    )
    for table, column in sorted(TABLES.items()):
        of_table = [policy[1:] for policy in policies if policy[0] == table]
        said = (
            f"({column} = (NULLIF(current_setting('portal.vendor'::text, true), ''::text))::uuid)"
        )
        assert (True, True, "vendor", "*", said, None) in of_table, table
        for _on, _forced, name, command, condition, _check in of_table:
            print(f"{table}: {name} ({command}) {condition}")  # noqa: T201
            assert (name, command) in {("vendor", "*"), ("ways_out", "r"), ("nobodys", "*")}
    assert {policy[0] for policy in policies} == set(TABLES)


def test_whatever_table_names_a_vendor_is_behind_it(db: None) -> None:
    """Also one that no model knows."""
    named = rows(
        "SELECT table_name FROM information_schema.columns WHERE column_name = 'vendor_id'"
    )
    assert {table for (table,) in named} | {"tenancy_vendor"} == set(TABLES)


def test_the_portal_is_nobody_special(db: None) -> None:
    who = "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles"
    assert rows(f"{who} WHERE rolname = current_user") == [(WEB, False, False, False, False)]
    owned = "SELECT relname FROM pg_class WHERE relowner = current_user::regrole"
    assert rows(owned) == []
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        rows('TRUNCATE "licenses_license"')
    with pytest.raises(ProgrammingError, match="must be owner"), transaction.atomic():
        rows('ALTER TABLE "licenses_license" NO FORCE ROW LEVEL SECURITY')


# --- Inside one vendor --------------------------------------------------------------------------


@pytest.mark.parametrize(("table", "column"), sorted(TABLES.items()))
def test_inside_a_vendor_the_other_ones_rows_do_not_exist(
    filled: World, table: str, column: str
) -> None:
    with everywhere():
        foreign = rows(f'SELECT * FROM "{table}" WHERE {column} = %s', filled.globex.pk)
    assert foreign
    where = f"WHERE {column} = '{filled.globex.pk}'"
    with inside(filled.acme):
        own = {whose for (whose,) in rows(f'SELECT {column} FROM "{table}"')}
        assert own == {filled.acme.pk}
        assert affected(f'UPDATE "{table}" SET {column} = {column} {where}') == 0
        assert affected(f'DELETE FROM "{table}" {where}') == 0
        assert filled.globex.pk.hex not in copied_out(table, column, after=filled.globex).replace(
            "-", ""
        )
        marks = ", ".join(["%s"] * len(foreign[0]))
        refused = pytest.raises(ProgrammingError, match="violates row-level security policy")
        with refused, transaction.atomic():
            affected(f'INSERT INTO "{table}" VALUES ({marks})', *foreign[0])
        refused = pytest.raises(DatabaseError, match=r"row-level security|are written once")
        with refused, transaction.atomic():
            move = f'UPDATE "{table}" SET {column} = %s WHERE {column} = %s'
            affected(move, filled.globex.pk, filled.acme.pk)
    with everywhere():
        assert rows(f'SELECT * FROM "{table}" WHERE {column} = %s', filled.globex.pk) == foreign


def copied_out(table: str, column: str, *, after: Vendor) -> str:
    """What COPY hands out of that column and of the whole table; the other vendor has just been
    said in the same transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        copies = [f'COPY (SELECT {column} FROM "{table}") TO STDOUT', f'COPY "{table}" TO STDOUT']
        text = ""
        for statement in copies:
            with inside(after):
                count(table)
            with cursor.copy(statement) as copy:
                text += b"".join(bytes(part) for part in copy).decode()
        return text


def test_copying_in_is_refused(world: World) -> None:
    with inside(world.acme), transaction.atomic(), connection.cursor() as cursor:
        refused = pytest.raises(Exception, match="COPY FROM not supported with row-level security")
        with refused, cursor.copy("COPY licenses_product FROM STDIN") as copy:
            copy.write(b"")
        transaction.set_rollback(True)


# --- Outside, and out by a named way ------------------------------------------------------------


@pytest.mark.parametrize("table", sorted(TABLES))
def test_outside_every_vendor_there_are_no_rows(filled: World, table: str) -> None:
    assert count(table) == 0
    with inside(filled.acme):
        assert count(table) > 0
    assert count(table) == 0


OPENED = {
    Way.HOSTS: {"tenancy_host"},
    Way.VENDORS: {"tenancy_vendor"},
    Way.OPERATORS: {"tenancy_vendor", "accounts_user"},
    Way.DOMAINS: {"branding_customdomain", "branding_proveddomain"},
    Way.EMAILS: {"mail_outgoingemail"},
    Way.WEBHOOKS: {"webhooks_webhook", "webhooks_delivery"},
    Way.ACTS: {"audit_auditentry"},
    Way.PROGRAMS: {"licenses_product", "licenses_activation", "releases_release"},
}


@pytest.mark.parametrize("way", Way)
def test_a_way_out_opens_what_it_is_for_and_nothing_for_writing(filled: World, way: Way) -> None:
    with acting(Actor(source=Source.BACKOFFICE, who=lambda: filled.operator)):
        suspend_vendor(filled.acme)
    with outside(way, "A test."):
        assert {table for table in TABLES if count(table)} == OPENED[way]
        for table in OPENED[way] - {"accounts_user"}:
            column = TABLES[table]
            assert affected(f'UPDATE "{table}" SET {column} = {column}') == 0
            assert affected(f'DELETE FROM "{table}"') == 0


def test_the_way_to_operators_leads_to_nobody_elses_people(world: World) -> None:
    with among_operators():
        assert rows("SELECT email FROM accounts_user") == [("root@example.com",)]
        assert affected("UPDATE accounts_user SET company = 'None'") == 1
    with inside(world.acme):
        assert rows("SELECT count(*) FROM accounts_user WHERE vendor_id IS NULL") == [(0,)]


def test_the_migrations_name_the_ways_that_there_are(db: None) -> None:
    operations = [
        operation
        for migration in MigrationLoader(None).disk_migrations.values()
        for operation in migration.operations
        if isinstance(operation, RowLevelSecurity | WayOut)
    ]
    named = {name for each in operations for name in (*each.ways, each.nobodys) if name}
    assert named == set(Way)


# --- A door that was forgotten ------------------------------------------------------------------


def test_a_request_whose_door_was_forgotten_gets_nothing_and_fails_loudly(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = signed_in(world.ada)
    assert ada.get("/licenses/").status_code == 200
    monkeypatch.setattr(middleware, "inside", lambda vendor: nullcontext())
    with pytest.raises(Exception, match="scope"):
        ada.get("/licenses/")
    # What asks the table itself gets nothing, and what writes is refused.
    assert rows("SELECT * FROM licenses_license") == []
    lost = Product(vendor=world.acme, name="Lost")
    with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        lost.save(force_insert=True)


# --- Doors and transactions ---------------------------------------------------------------------


def whose() -> set[UUID]:
    return {vendor for (vendor,) in rows("SELECT DISTINCT vendor_id FROM licenses_license")}


def test_the_innermost_door_counts_inside_a_transaction(world: World) -> None:
    acme, globex = world.acme.pk, world.globex.pk
    with transaction.atomic():
        with inside(acme):
            assert whose() == {acme}
            with inside(globex):
                assert whose() == {globex}
            assert whose() == {acme}
        assert whose() == set()


def test_a_savepoint_that_is_rolled_back_changes_no_door(world: World) -> None:
    with inside(world.acme), transaction.atomic():
        with pytest.raises(RuntimeError), transaction.atomic(), inside(world.globex):
            assert whose() == {world.globex.pk}
            raise RuntimeError
        with pytest.raises(ProgrammingError), transaction.atomic(), inside(world.globex):
            rows("SELECT nothing FROM nowhere")
        assert whose() == {world.acme.pk}


def settings_left() -> list[Any]:
    """What the connection itself would tell the next statement: asked below the backend."""
    raw = connection.connection.execute(
        "SELECT nullif(current_setting('portal.vendor', true), ''), "
        "nullif(current_setting('portal.way', true), '')"
    )
    return list(raw.fetchone())


@pytest.mark.django_db(transaction=True)
def test_nothing_is_left_on_the_connection(world: World) -> None:
    with inside(world.acme):
        assert whose() == {world.acme.pk}
    assert settings_left() == [None, None]
    with inside(world.acme), transaction.atomic():
        assert whose() == {world.acme.pk}
    with outside(Way.HOSTS, "A test."):
        count("tenancy_host")
    with pytest.raises(ProgrammingError), inside(world.acme):
        rows("SELECT nothing FROM nowhere")
    assert settings_left() == [None, None]


@pytest.mark.django_db(transaction=True)
def test_what_cannot_say_the_vendor_fails_outside_a_transaction(world: World) -> None:
    with inside(world.acme):
        refused = pytest.raises(TransactionManagementError, match="reading")
        copied = "COPY (SELECT key FROM licenses_license) TO STDOUT"
        with connection.cursor() as cursor, refused, cursor.copy(copied):
            pass
        with connection.cursor() as cursor, pytest.raises(TransactionManagementError):
            cursor.executemany("UPDATE licenses_license SET notes = %s", [["a"], ["b"]])


@pytest.mark.django_db(transaction=True)
def test_rows_are_read_one_by_one_in_a_transaction_and_at_once_without(world: World) -> None:
    with inside(world.acme):
        for door, cursors in ((nullcontext(), 0), (reading(), 1)):
            with door:
                unread = License.objects.iterator(chunk_size=1)
                first = next(unread)
                assert rows("SELECT count(*) FROM pg_cursors") == [(cursors,)]
                assert len({first, *unread}) == 2


READ: dict[str, Callable[[Any], Iterator[Any]]] = {
    "one by one": iter,
    "by fetchone": lambda cursor: iter(cursor.fetchone, None),
    "by fetchmany": lambda cursor: chain.from_iterable(iter(lambda: cursor.fetchmany(1), [])),
}


@pytest.mark.parametrize("how", READ)
@pytest.mark.django_db(transaction=True)
def test_a_cursor_reads_on_in_its_own_door(world: World, how: str) -> None:
    """Other doors are opened while it is read, and it may be read in one."""
    seen = []
    with reading():
        # So that rows are compared as they are fetched, and not before.
        rows_by_row = "SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off"
        with connection.cursor() as cursor:
            cursor.execute(rows_by_row)
        with inside(world.acme), connection.chunked_cursor() as cursor:
            cursor.itersize = 1
            cursor.execute("SELECT vendor_id FROM licenses_license")
            for (vendor_id,) in READ[how](cursor.cursor):
                seen.append(vendor_id)
                with inside(world.globex):
                    assert whose() == {world.globex.pk}
    assert seen == [world.acme.pk] * 2


@pytest.mark.django_db(transaction=True)
def test_a_stream_says_its_door_when_it_begins(world: World) -> None:
    with inside(world.acme), reading(), connection.cursor() as cursor:
        unread = cursor.stream("SELECT vendor_id FROM licenses_license")
        with inside(world.globex):
            assert whose() == {world.globex.pk}
        assert list(unread) == [(world.acme.pk,)] * 2


def test_a_statement_may_be_of_any_kind(world: World) -> None:
    """Text and what psycopg composes, with parameters and without; a percent sign is one."""
    like = "SELECT count(*) FROM licenses_license WHERE key LIKE {} AND '%%' <> {}"
    with inside(world.acme), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM licenses_license WHERE key LIKE 'ADA%'")
        assert cursor.fetchall() == [(1,)]
        cursor.execute(like.format("%s", "%s"), ["ADA%", ""])
        assert cursor.fetchall() == [(1,)]
        composed = sql.SQL(like).format(sql.Placeholder(), sql.Literal("x"))
        assert cursor.cursor.execute(composed, ["ADA%"]).fetchall() == [(1,)]


def test_inside_a_vendor_no_way_out_is_open(filled: World) -> None:
    with outside(Way.EMAILS, "A test."), inside(filled.acme):
        assert rows("SELECT DISTINCT vendor_id FROM mail_outgoingemail") == [(filled.acme.pk,)]


def test_statements_are_told_as_they_were_asked_for(world: World) -> None:
    with inside(world.acme), CaptureQueriesContext(connection) as captured:
        License.objects.count()
    assert captured[0]["sql"].startswith("SELECT COUNT(*)")
