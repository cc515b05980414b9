"""Migrating as the owner, for whom the wall stands too: what has to see all rows goes past it."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from importlib import import_module
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management.commands.migrate import Command as DjangosCommand
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.migrations import AddConstraint, RemoveConstraint, RunPython
from django.db.migrations.loader import MigrationLoader

from accounts.models import UserWord
from audit.models import AuditEntry
from licenses.models import ActivationWord, GoneMachine, GoneMachineWord, License, LicenseWord
from licenses.verbs.releasing import free
from portal.management.commands.migrate import Command
from tenancy.door import inside
from tenancy.finding import wrong
from tenancy.wall import TAKEN_WITHIN, PastTheWall
from tests.conftest import ON_POSTGRESQL
from tests.others import another, somebody_writing
from tests.roles import OWNER, everywhere, speaking_as
from tests.world import World

pytestmark = pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite has no such wall")
TABLES = ("licenses.license", "licenses.product")
[KEY] = [each for each in License._meta.constraints if each.name == "license_product_vendor"]
ANEW = (RemoveConstraint("license", KEY.name), AddConstraint("license", KEY))


def migrate(*operations: Any, backwards: bool = False) -> None:
    """Carries the operations out as `manage.py migrate` does, and as the owner."""
    state = MigrationLoader(connection).project_state()
    with speaking_as(OWNER), transaction.atomic():
        with connection.schema_editor(atomic=True) as editor:
            for operation in operations:
                after = state.clone()
                operation.state_forwards("licenses", after)
                if backwards:
                    operation.database_backwards("licenses", editor, after, state)
                else:
                    operation.database_forwards("licenses", editor, state, after)
                state = after
            # What the editor does when it is left; a fault there would leave a transaction open.
            while editor.deferred_sql:
                editor.execute(editor.deferred_sql.pop(0), None)  # type: ignore[arg-type]
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL row_security = on")


def forced() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relforcerowsecurity")
        return {name for (name,) in cursor.fetchall()}


@pytest.fixture
def mixed(world: World) -> World:
    """A licence that has come by another vendor's product."""
    with everywhere(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        License.objects.filter(pk=world.ada_license.pk).update(product=world.quill)
        cursor.execute("SET LOCAL session_replication_role = origin")
    return world


def fill_in(apps: Any, _editor: Any) -> None:
    apps.get_model("licenses", "License").objects.update(notes="filled in")


def nothing(_apps: Any, _editor: Any) -> None:
    """The way back."""


def test_a_key_that_old_rows_break_is_refused(mixed: World) -> None:
    before = forced()
    with pytest.raises(IntegrityError, match=KEY.name), transaction.atomic():
        migrate(PastTheWall(TABLES, ANEW))
    assert forced() == before


def test_what_comes_upon_the_wall_fails_instead_of_seeing_nothing(world: World) -> None:
    upon = pytest.raises(DatabaseError, match="affected by row-level security policy")
    with upon, transaction.atomic():
        migrate(RunPython(fill_in))
    with upon, transaction.atomic():
        migrate(*ANEW)


def test_past_the_wall_every_row_is_reached_and_it_stands_again(world: World) -> None:
    with everywhere():
        number = License.objects.count()
    before = forced()
    migrate(PastTheWall(TABLES, (*ANEW, RunPython(fill_in))))
    with everywhere():
        assert License.objects.filter(notes="filled in").count() == number
    assert forced() == before
    with inside(world.acme):
        assert License.objects.count() == 2


def test_the_way_back_goes_past_it_too(world: World) -> None:
    migrate(PastTheWall(TABLES, (RunPython(nothing, fill_in),)), backwards=True)
    with everywhere():
        assert set(License.objects.values_list("notes", flat=True)) == {"filled in"}


def test_once_it_has_its_tables_it_waits_for_others_as_before(world: World) -> None:
    waits = []

    def ask(_apps: Any, editor: Any) -> None:
        with editor.connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            waits.append(cursor.fetchone())

    migrate(RunPython(ask), PastTheWall(TABLES, [RunPython(ask)]))
    assert waits == [("2s",), ("2s",)]


# --- What the migrations of words fill in -------------------------------------------------------

OF_PEOPLE = import_module("accounts.migrations.0006_words")
OF_LICENSES = import_module("licenses.migrations.0005_words")
FOUND = ("accounts.user", "licenses.license", "licenses.licensemetadata", "licenses.activation")
WORDS = ("accounts.userword", "licenses.licenseword", "licenses.activationword")
FILLED = (OF_PEOPLE.fill_in, OF_LICENSES.fill_in_forms, OF_LICENSES.fill_in_words)


def test_words_and_forms_of_rows_that_are_there_are_filled_in(filled: World) -> None:
    with everywhere():
        for kind in (UserWord, LicenseWord, ActivationWord):
            assert kind.objects.all()._raw_delete("default")
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    migrate(PastTheWall((*FOUND, *WORDS), [RunPython(fill) for fill in FILLED]))
    for vendor in (filled.acme, filled.globex):
        with inside(vendor):
            assert list(wrong()) == []


def test_machines_that_were_gone_before_are_filled_in(filled: World) -> None:
    gone = import_module("licenses.migrations.0030_machines_that_are_gone")
    with inside(filled.acme):
        free(filled.ada_machine, reason="It broke")
        at = AuditEntry.objects.get(action="freed").created_at
    with everywhere():
        assert GoneMachineWord.objects.all()._raw_delete("default")
        assert GoneMachine.objects.all()._raw_delete("default")
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    tables = ("audit.auditentry", "audit.auditparticulars", "licenses.license")
    tables += ("licenses.gonemachine", "licenses.gonemachineword")
    migrate(PastTheWall(tables, [RunPython(gone.fill_in)]))
    with inside(filled.acme):
        [row] = GoneMachine.objects.all()
        told = (row.hostname, row.license_id, row.how, row.gone_at)
        assert told == ("ada-laptop", filled.ada_license.pk, "freed", at)
        assert list(wrong()) == []


def test_keys_that_are_one_stop_it_and_are_named(world: World) -> None:
    [once] = [each for each in License._meta.constraints if each.name == "license_key_form_once"]
    twin = world.ada_license.key.lower()

    def spoil(apps: Any, _editor: Any) -> None:
        rows = apps.get_model("licenses", "License").objects
        rows.filter(pk=world.grace_license.pk).update(key=twin)

    steps = (RemoveConstraint("license", once.name), RunPython(spoil))
    named = pytest.raises(IntegrityError, match=f"{world.ada_license.key}, {twin}")
    with named, transaction.atomic():
        migrate(PastTheWall(TABLES, (*steps, RunPython(OF_LICENSES.fill_in_forms))))


# --- While people are at work -------------------------------------------------------------------

TAKEN = (
    "SELECT 1 FROM pg_locks WHERE relation = 'licenses_product'::regclass "
    "AND mode = 'AccessExclusiveLock' AND granted"
)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_wait_for_each_other_the_migration_goes_on() -> None:
    """Somebody has worked with licences, and then wants a product, which the migration has."""
    with closing(another()) as other, closing(another()) as looking:
        # So it looks in the middle of a time that the migration waits, on a busy machine too.
        other.execute("SET deadlock_timeout = '300ms'")
        other.execute("BEGIN")
        other.execute("SELECT 1 FROM licenses_license")
        deadline = time.monotonic() + TAKEN_WITHIN

        def want_a_product() -> str:
            while not looking.execute(TAKEN).fetchone():
                assert time.monotonic() < deadline, "The migration does not get products."
                time.sleep(0.01)
            try:
                other.execute("SELECT 1 FROM licenses_product")
            except psycopg.errors.DeadlockDetected:
                other.execute("ROLLBACK")
                return "begins anew"
            return "goes on"

        with ThreadPoolExecutor() as pool:
            wanting = pool.submit(want_a_product)
            migrate(PastTheWall(TABLES, [RunPython(nothing)]))
            assert wanting.result() == "begins anew"


@pytest.mark.django_db(transaction=True)
def test_a_migration_that_gets_no_lock_is_begun_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so, and goes on once whoever has the table is through."""
    said = StringIO()
    with ExitStack() as stack:
        has = stack.enter_context(ExitStack())
        has.enter_context(somebody_writing())

        class Told(StringIO):
            def write(self, text: str) -> int:
                has.close()
                return said.write(text)

        def alter(*_arguments: Any, **_options: Any) -> str:
            with speaking_as(OWNER), transaction.atomic(), connection.schema_editor() as editor:
                editor.execute("LOCK TABLE licenses_license IN ACCESS EXCLUSIVE MODE")
            return "altered"

        monkeypatch.setattr(DjangosCommand, "handle", alter)
        command = Command(stderr=Told())
        assert command._patiently(database="default") == "altered"
    assert "Somebody was in the way" in said.getvalue()
