"""Where a vendor has moved 100,000 rows in, and has as many lines of a report, a move of a few reads
what it is about, on both databases (tests/portal/test_account_plans.py says how each is asked)."""

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import User
from accounts.verbs.erasing import erase_person
from licenses.models import (
    Activation,
    License,
    LicenseMetadata,
    LicenseMeterAttribute,
    LicenseTag,
    LicenseUser,
    TrialActivation,
)
from moving.admin import SHOWN
from moving.models import Move, Remark, Taken
from moving.nouns import NOUNS
from moving.verbs import moves
from tenancy.door import inside
from tests.conftest import ON_POSTGRESQL
from tests.many import TOLD, copy, filling, seem_large
from tests.moving.source import FakeSource, other
from tests.moving.test_import import move
from tests.portal.test_account_plans import watched
from tests.portal.test_plans import NUMBER
from tests.world import World, signed_in

OWN = {kind._meta.db_table for kind in (Move, Taken, Remark)}
HANGING = {kind for noun in NOUNS for kind in noun.hangs.values()}
OTHERS = {kind._meta.db_table for kind in (*HANGING, *(noun.model for noun in NOUNS))}
# SQLite, until it is told of large tables, goes by the vendor for many ids of one.
TABLES = OWN | OTHERS if ON_POSTGRESQL else OWN
# All that one vendor has of a noun, or in a report.
TOO_WIDE = {"vendor_id=? AND noun=?", "vendor_id=? AND move_id=?", "move_id=?"}
# Which a vendor has few of, and which are read as a whole.
FEW = {"accounts_role", "moving_move", "mail_owntext", "webhooks_webhook", "releases_ownplatform"}


def crowd(world: World) -> None:
    """Gives Globex, which has moved some rows in, a great many of what moves by the thousand."""
    with inside(world.globex):
        taken, line = Taken.objects.all()[0], Remark.objects.all()[0]
        trial, *hanging = (
            kind.objects.all()[0]
            for kind in (TrialActivation, LicenseMetadata, LicenseMeterAttribute, LicenseTag)
        )
        shared = LicenseUser.objects.all()[0]
    of_source = {"source_id": "'id-' || n"}
    somebodys = {"license_id": "gen_random_uuid()"}
    kinds = {type(row) for row in (taken, line, trial, shared, *hanging)}
    with filling(User, License, Activation, *kinds):
        for noun in ("licenses", "users", "activations"):
            copy(taken, NUMBER, noun=f"'{noun}'", row_id="gen_random_uuid()", **of_source)
        copy(line, NUMBER, noun="'licenses'", **of_source)
        email = {"email": "'customer' || n || '@example.com'", "last_name": "'Last' || n"}
        copy(world.ada_of_globex, NUMBER, **email)
        copy(world.bob_license, NUMBER, key="'KEY-' || n")
        copy(world.bob_machine, NUMBER, fingerprint="'print-' || n", **somebodys)
        copy(trial, NUMBER, fingerprint="'try-' || n")
        copy(shared, NUMBER, user_id="gen_random_uuid()", **somebodys)
        for row in hanging:
            copy(row, NUMBER, **somebodys)


NEW = {
    "licenses": lambda id: {"key": f"NEW-{id}", "metadata": [], "meterAttributes": []},
    "users": lambda id: {"email": f"{id}@example.com"},
    "activations": lambda id: {"fingerprint": id * 2},
    "trial-activations": lambda id: {"fingerprint": id * 2},
}


def acts(world: World, source: FakeSource) -> dict[str, Callable[[], Any]]:
    """A move, again, after changes, and what becomes of what it took; its report."""
    admin = signed_in(world.globex_admin)
    with inside(world.globex):
        page = f"/moving/move/{move(world, source).pk}"

    def moved() -> None:
        with inside(world.globex):
            assert move(world, source).state == Move.State.DONE

    def new() -> None:
        for path, of_id in NEW.items():
            one = source.lists[path][-1]
            ids = [str(uuid4()) for _ in range(20)]
            source.lists[path] += [{**one, "id": id, **of_id(id)} for id in ids]
        moved()

    def changed() -> None:
        for path, name in (
            ("licenses", "notes"),
            ("users", "company"),
            ("activations", "hostname"),
        ):
            for row in source.lists[path]:
                row[name] = "Changed"
        source.lists["activations"] += [
            {**source.lists["activations"][0], "id": str(uuid4()), "fingerprint": ""}
            for _ in range(30)
        ]
        moved()

    def erased() -> None:
        with inside(world.globex):
            erase_person(person=User.objects.get(pk=other(world.grace.pk)))

    return {
        "new rows": new,
        "the same again": moved,
        "what changed": changed,
        "the list of moves": lambda: admin.get("/moving/move/"),
        "a report": lambda: admin.get(f"{page}/change/"),
        "somebody who moved in is erased": erased,
        "moves that stand still": moves.go_on,
    }


@TOLD
@pytest.mark.takes_turns
def test_a_move_reads_what_it_is_about(world: World, source: FakeSource, is_told: bool) -> None:
    done = acts(world, source)
    if ON_POSTGRESQL:
        crowd(world)
    elif is_told:
        seem_large()
    too_many = {}
    for name, act in done.items():
        with watched(TABLES - FEW, TOO_WIDE) as slow:
            answer = act()
        assert getattr(answer, "status_code", 200) < 400, (name, answer)
        # A page's lines are read in the order of their index, and no more than are shown.
        slow = [each for each in slow if not each.endswith(f" LIMIT {SHOWN + 1}")]
        if slow:
            too_many[name] = [re.sub(r"SELECT .* FROM", "SELECT … FROM", each) for each in slow]
    assert not too_many, "\n".join(f"{name}: {told}" for name, told in too_many.items())


@pytest.mark.skipif(ON_POSTGRESQL, reason="SQLite's planner")
def test_a_plan_that_reads_all_is_found(world: World) -> None:
    with inside(world.globex), watched(TABLES, TOO_WIDE) as slow:
        list(Taken.objects.filter(noun="users", here_digest="x"))
        list(Taken.objects.filter(row_id=uuid4()))
        list(Remark.objects.filter(sentence="x"))
        Remark.objects.filter(refused=True).delete()
    assert len(slow) == 3, slow
