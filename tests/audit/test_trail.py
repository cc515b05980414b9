"""The audit trail: what an entry says, that nobody changes it, and that a changed one is found."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from itertools import pairwise
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from audit import chain, trail
from audit.acting import Actor, Source, acting
from audit.models import AuditChain, AuditEntry
from licenses.models import License
from tenancy.door import inside
from tests.conftest import ON_POSTGRESQL
from tests.roles import OWNER, speaking_as, unguarded
from tests.world import World


def entries(world: World) -> list[AuditEntry]:
    with inside(world.acme):
        return list(AuditEntry.objects.order_by("sequence"))


def test_an_entry_says_who_did_what_when_and_from_where(world: World) -> None:
    staff = Actor(source=Source.BACKOFFICE, ip="192.0.2.7", who=lambda: world.acme_admin)
    with acting(staff):
        entry = trail.record(
            "changed", world.ada, changes={"company": ["A", "B"]}, customer_id=world.ada.pk
        )
    assert (entry.action, entry.source, entry.ip) == ("changed", "backoffice", "192.0.2.7")
    assert entry.actor == "admin@acme.example (Admin)"
    assert entry.actor_for_customers == "Acme Instruments"
    assert (entry.subject_type, entry.subject_id) == ("accounts.user", world.ada.pk)
    assert (entry.subject, entry.changes) == ("ada@example.com", {"company": ["A", "B"]})
    assert entry.created_at == timezone.now()


def test_without_a_request_it_was_the_system(world: World) -> None:
    entry = trail.record("changed", world.ada)
    assert (entry.source, entry.actor, entry.ip) == ("system", "", None)


def test_what_happened_elsewhere_keeps_its_moment(world: World) -> None:
    born = timezone.now() - timedelta(days=400)
    with acting(Actor(at=born)):
        assert trail.record("created", world.ada).created_at == born


def test_entries_are_numbered_and_chained_for_each_vendor(world: World) -> None:
    before = len(entries(world))
    for number in range(3):
        trail.record("changed", world.ada, details={"n": number})
    trail.record("changed", world.bob)
    found = entries(world)
    assert [entry.sequence for entry in found] == list(range(1, before + 4))
    assert found[0].previous == chain.GENESIS
    assert all(one.digest == two.previous for one, two in pairwise(found))
    with inside(world.acme):
        end = AuditChain.objects.get()
    assert (end.length, end.head) == (found[-1].sequence, found[-1].digest)


def test_what_is_undone_leaves_no_entry_and_no_gap(world: World) -> None:
    before = len(entries(world))
    with pytest.raises(RuntimeError), transaction.atomic():
        trail.record("changed", world.ada)
        raise RuntimeError
    trail.record("changed", world.ada)
    assert [entry.sequence for entry in entries(world)] == list(range(1, before + 2))


@pytest.mark.parametrize("act", ["update", "delete", "save"])
def test_the_database_refuses_to_change_or_delete(world: World, act: str) -> None:
    entry = trail.record("changed", world.ada)
    with inside(world.acme):
        rows = AuditEntry.objects.filter(pk=entry.pk)
        acts: dict[str, Any] = {
            "update": lambda: rows.update(action="nothing"),
            "delete": lambda: rows._raw_delete("default"),
            "save": lambda: entry.save(force_update=True),
        }
        with pytest.raises(IntegrityError, match="written once"), transaction.atomic():
            acts[act]()
        assert rows.get().action == "changed"


@pytest.mark.skipif(ON_POSTGRESQL, reason="PostgreSQL knows no REPLACE")
def test_the_database_refuses_to_replace_an_entry(world: World) -> None:
    entry = trail.record("changed", world.ada)
    statement = (
        "INSERT OR REPLACE INTO audit_auditentry SELECT * FROM audit_auditentry WHERE id = %s"
    )
    with (
        pytest.raises(IntegrityError, match="written once"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, [entry.pk.hex])


@pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite knows no TRUNCATE")
def test_the_database_refuses_to_empty_the_table(world: World) -> None:
    """Also for their owner; the portal's own role may not even try."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    refused = pytest.raises(IntegrityError, match="written once")
    with speaking_as(OWNER), refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE audit_auditentry CASCADE")


@pytest.mark.django_db(transaction=True)
def test_the_guard_outlives_a_rebuilding_of_the_table() -> None:
    from tests.world import build

    world = build()
    if connection.vendor == "sqlite":
        state = MigrationLoader(connection).project_state()
        with connection.schema_editor() as editor:
            editor._remake_table(state.apps.get_model("audit", "AuditEntry"))
    test_the_database_refuses_to_change_or_delete(world, "update")
    test_the_database_refuses_to_change_or_delete(world, "delete")


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_make_one_chain() -> None:
    from django.db import close_old_connections, connections

    from tests.world import build

    world = build()
    before = len(entries(world))

    def write(number: int) -> None:
        try:
            trail.record("changed", world.ada, details={"n": number})
        finally:
            close_old_connections()
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(20)))
    assert len(entries(world)) == before + 20
    assert chain.verify(world.acme).faults == []


def test_changes_have_old_and_new_values_in_words(world: World) -> None:
    with inside(world.acme):
        before = License.objects.get(pk=world.ada_license.pk)
        license = License.objects.get(pk=world.ada_license.pk)
        license.notes, license.user = "New", world.grace
        license.expires_at = timezone.now()
        assert trail.changes_between(before, license) == {
            "notes": ["Ada of Acme only", "New"],
            "user": ["ada@example.com", "grace@example.com"],
            "expires_at": [None, "2026-11-24T12:00:00+00:00"],
        }


def test_secrets_are_never_written_down(world: World) -> None:
    before = type(world.ada).people
    with inside(world.acme):
        old = before.get(pk=world.ada.pk)
        world.ada.set_password("something else entirely")
        assert trail.changes_between(old, world.ada) == {"password": [None, None]}
        assert "password" not in trail.values_of(world.ada)


# --- Checking -----------------------------------------------------------------------------------


def verify(*arguments: str) -> str:
    out = StringIO()
    call_command("verify_audit", *arguments, stdout=out)
    return out.getvalue()


def test_a_whole_trail_is_said_to_be_whole(world: World) -> None:
    trail.record("changed", world.ada)
    last = entries(world)[-1]
    assert f"acme: whole, {last.sequence} entries, head {last.sequence}:{last.digest}" in verify()
    assert "globex" not in verify("acme")
    assert "whole" in verify("acme", "--head", f"{last.sequence}:{last.digest}")


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE audit_auditentry SET action = 'nothing' WHERE {two}", "2 was changed"),
        ("DELETE FROM audit_auditentry WHERE {two}", "3 does not follow number 1"),
        ("DELETE FROM audit_auditentry WHERE {last}", "has ended elsewhere"),
        ("UPDATE audit_auditentry SET previous = digest WHERE {two}", "2 does not carry"),
    ],
)
def test_what_was_done_behind_the_guard_is_found(world: World, statement: str, fault: str) -> None:
    for number in range(3):
        trail.record("changed", world.ada, details={"n": number})
    last = entries(world)[-1].sequence
    vendor = world.acme.pk.hex if connection.vendor == "sqlite" else world.acme.pk
    where = f"vendor_id = '{vendor}' AND sequence = "
    with unguarded(AuditEntry), connection.cursor() as cursor:
        cursor.execute(statement.format(two=f"{where}2", last=f"{where}{last}"))
    with pytest.raises(CommandError, match="not whole"):
        verify("acme")
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("verify_audit", "acme", stdout=out)
    assert re.search(f"acme: entry .*{fault}", out.getvalue())


def test_a_trail_that_was_rewritten_is_found_by_a_head_that_was_kept(world: World) -> None:
    trail.record("changed", world.ada)
    with pytest.raises(CommandError, match="not whole"):
        verify("acme", "--head", f"1:{'f' * 64}")
    with pytest.raises(CommandError, match="not whole"):
        verify("acme", "--head", f"999999:{'f' * 64}")


@pytest.mark.parametrize("head", ["x", "1:short", f"0:{'f' * 64}", f"1:{'g' * 64}"])
def test_a_head_that_is_none_is_said(world: World, head: str) -> None:
    with pytest.raises(CommandError, match="number and a digest"):
        verify("acme", "--head", head)


def test_an_unknown_vendor_is_said(world: World) -> None:
    with pytest.raises(CommandError, match="no vendor"):
        verify("nobody")
