"""What is done at one vendor after the other: one that fails stops none after it."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connections
from django.utils.translation import gettext_lazy as _

from jobs import turns
from jobs.chores import CHORES, Chore, Rhythm
from jobs.models import ChoreTurn
from jobs.vendors import NAMED, SomeVendorsFailed, at_each
from licenses.verbs import reminders
from mail.models import OutgoingEmail
from tenancy.door import current_vendor, inside
from tenancy.models import Vendor
from tenancy.table import every_vendor
from tests.secrets import found_in
from tests.world import World, signed_in

ROOT = Path(__file__).resolve().parents[2]


def fails_at(vendor: Vendor, act: Any) -> Any:
    """What is done, but at this vendor."""

    def acts(*args: Any, **options: Any) -> Any:
        if current_vendor() == vendor:
            raise RuntimeError("Nothing goes for ada@example.com.")
        return act(*args, **options)

    return acts


def test_what_fails_at_one_vendor_is_done_at_all_others(world: World) -> None:
    seen: list[str] = []

    def act(vendor: Vendor) -> int:
        assert current_vendor() == vendor
        seen.append(vendor.company_id)
        if vendor == world.acme:
            raise RuntimeError("broken on purpose")
        return 2

    with pytest.raises(SomeVendorsFailed) as raised:
        at_each(act, every_vendor())
    assert seen == [vendor.company_id for vendor in every_vendor()]
    assert seen.index("acme") < seen.index("globex")
    assert raised.value.done == 2 * (len(seen) - 1)
    reason = "(acme); the first: RuntimeError: broken on purpose"
    assert str(raised.value) == f"At 1 of {len(seen)} vendors {reason}"


def test_where_nothing_fails_all_is_counted(world: World) -> None:
    assert at_each(lambda _id: 3, [world.acme.pk, world.globex.pk]) == 6
    assert at_each(lambda _id: 3, list[Vendor]()) == 0


def test_a_long_list_of_vendors_is_cut_short() -> None:
    error = SomeVendorsFailed([f"v{n}" for n in range(9)], 9, ValueError("x"), 0)
    assert "v4, …)" in str(error)
    assert f"v{NAMED}" not in str(error)


def test_without_a_database_it_ends_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Vendor] = []

    def act(vendor: Vendor) -> int:
        seen.append(vendor)
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(connections["default"], "is_usable", lambda: False)
    with pytest.raises(OperationalError):
        at_each(act, [world.acme, world.globex])
    assert seen == [world.acme]


def test_reminders_go_out_past_a_vendor_that_fails_and_catch_up_with_it(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def ends_soon() -> None:
        for vendor in (world.acme, world.globex):
            with inside(vendor):
                license = reminders.License.objects.filter(
                    user__isnull=False, user__is_active=True, revoked=False, suspended=False
                ).first()
                assert license is not None
                reminders.License.objects.filter(pk=license.pk).update(
                    expires_at=reminders.timezone.now() + reminders.timedelta(days=5)
                )

    def at(vendor: Vendor) -> int:
        with inside(vendor):
            return OutgoingEmail.objects.filter(kind=reminders.KIND).count()

    ends_soon()
    for vendor in (world.acme, world.globex):
        assert vendor.send_expiry_reminders
    with monkeypatch.context() as patch:
        patch.setattr(reminders, "_remind", fails_at(world.acme, reminders._remind))
        with pytest.raises(CommandError, match="acme"):
            call_command("send_reminders")
        assert (at(world.acme), at(world.globex)) == (0, 1)
        # As a chore it counts as failed, is told on the page, and tried again.
        turns.make_rows()
        assert turns.take(CHORES["reminders"], "worker")
    turn = ChoreTurn.objects.get(pk="reminders")
    assert turn.failed
    assert "(acme)" in turn.said
    assert not found_in(turn.said)
    assert (turn.due_at - reminders.timezone.now()).total_seconds() == turns.SOON
    assert turn.said[:40] in signed_in(world.operator).get("/how/").content.decode()
    call_command("send_reminders")
    assert (at(world.acme), at(world.globex)) == (1, 1)


def test_by_hand_one_chore_that_fails_stops_none_after_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def broken() -> str:
        raise RuntimeError("broken on purpose")

    def tidy() -> str:
        done.append("tidy")
        return "Tidied."

    own = [
        Chore(name, _("Overview"), run, Rhythm.DAY) for name, run in (("a", broken), ("b", tidy))
    ]
    monkeypatch.setattr("jobs.management.commands.clean_up.of", lambda _rhythm: own)
    with pytest.raises(CommandError, match="a: RuntimeError: broken on purpose"):
        call_command("clean_up")
    assert done == ["tidy"]


DAILY = sorted(name for name, chore in CHORES.items() if chore.rhythm is Rhythm.DAY)
# What these delete is nobody's, or is no row.
OF_NOBODY = {"old-jobs", "workers", "limits", "forms", "answers", "challenges"}


@pytest.mark.parametrize("name", sorted(set(DAILY) - OF_NOBODY))
def test_each_daily_chore_goes_on_after_a_vendor_that_fails(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Whatever it does at a vendor fails at the first one; it comes to the others all the same."""
    seen: list[str] = []

    def watched(*_: Any, **__: Any) -> int:
        seen.append(current_vendor().company_id)
        if current_vendor() == world.acme:
            raise RuntimeError("broken on purpose")
        return 0

    module = __import__(CHORES[name].run.__module__, fromlist=["_"])
    if hasattr(module, "delete_in_steps"):
        if name == "sessions":
            monkeypatch.setattr(module, "_delete_ended", lambda: _or_nobody(watched))
        monkeypatch.setattr(module, "delete_in_steps", watched)
    else:
        monkeypatch.setattr(module, "remove_left_overs", watched)
    with pytest.raises(SomeVendorsFailed, match="acme"):
        CHORES[name].run()
    assert {"acme", "globex"} <= set(seen)


def _or_nobody(act: Any) -> int:
    from tenancy.door import is_inside

    done: int = act() if is_inside() else 0
    return done


# Who walks all vendors and is no chore: what one of them refuses ends all of it, or is one query.
BY_HAND = {
    "accounts/second_factor/verbs.py": "keys are rotated by hand",
    "accounts/single_sign_on/verbs.py": "keys are rotated by hand",
    "accounts/verbs/roles.py": "a migration that fails halfway has to stop",
    "licenses/verbs/signing_keys.py": "keys are rotated by hand",
    "webhooks/verbs/webhooks.py": "keys are rotated by hand",
}


def test_whoever_walks_all_vendors_in_a_chore_does_so_by_the_helper() -> None:
    walking = re.compile(r"^ +for \w+ in every_vendor|sum\(.*every_vendor", re.M)
    found = {
        str(path.relative_to(ROOT))
        for room in ("accounts", "api", "audit", "backoffice", "branding", "imports", "jobs",
                     "licenses", "mail", "moving", "offline", "releases", "webhooks")
        for path in (ROOT / room).rglob("*.py")
        if "management" not in path.parts and walking.search(path.read_text())
    }  # fmt: skip
    assert found == set(BY_HAND)
