"""Turning reminders off and on: by the link in one, by a mail program, on the profile."""

from typing import Any

import pytest
from django.core import mail

from accounts.emails import password_reset_for
from accounts.models import User
from accounts.reminders import off_link
from accounts.verbs.passwords import set_password
from audit.models import AuditEntry
from mail.outbox import queue
from tenancy.door import inside
from tenancy.verbs import serve
from tests.world import Browser, World, set_vendor, signed_in

pytestmark = pytest.mark.by_database
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def wants(world: World) -> bool:
    with inside(world.acme):
        return User.objects.get(pk=world.ada.pk).reminders


def entries(world: World) -> list[tuple[str, Any, Any]]:
    """What the trail says of Ada's reminders: who, what, and whether she sees it."""
    with inside(world.acme):
        told = AuditEntry.objects.filter(subject_id=world.ada.pk).order_by("sequence")
        return [
            (entry.actor, entry.changes["reminders"], entry.visible)
            for entry in told
            if "reminders" in entry.changes
        ]


def path_of(world: World, host: str = "http://acme.portal.localhost:8000") -> str:
    link = off_link(world.ada)
    assert link.startswith(f"{host}/reminders-off/")
    return link.removeprefix(host)


OFF = [("ada@example.com (Ada Lovelace)", [True, False], True)]


def test_the_link_asks_and_its_button_does_it(world: World) -> None:
    path, anyone = path_of(world), Browser("acme")
    for response in (anyone.get(path), anyone.head(path)):
        assert response.status_code == 200
        assert wants(world)
    assert "Turn reminders off?" in anyone.get(path).content.decode()
    done = anyone.post(path)
    assert (done.status_code, wants(world)) == (200, False)
    assert "Reminders are off" in done.content.decode()
    assert entries(world) == OFF
    # Again, it says the same, and nothing is written down.
    assert "Reminders are off" in anyone.get(path).content.decode()
    assert anyone.post(path).status_code == 200
    assert entries(world) == OFF


def test_a_mail_program_does_it_by_one_click(world: World) -> None:
    """RFC 8058: a POST with nothing but this, no cookie, no redirect."""
    browser = Browser("acme", enforce_csrf_checks=True)
    response = browser.post(path_of(world), ONE_CLICK)
    assert (response.status_code, wants(world)) == (200, False)
    assert entries(world) == OFF
    assert list(browser.cookies) == []


def test_it_holds_after_a_new_password(world: World) -> None:
    path = path_of(world)
    with inside(world.acme):
        set_password(world.ada, "another one that is long")
    assert Browser("acme").post(path, ONE_CLICK).status_code == 200
    assert not wants(world)


def test_it_is_not_redirected_to_the_vendors_own_domain(world: World) -> None:
    path, domain = path_of(world), "licences.acme.example"
    with inside(world.acme):
        serve(world.acme.pk, domain)
    set_vendor(world.acme, canonical_domain=domain)
    assert Browser("acme").get(path).status_code == 302
    assert Browser("acme").post(path, ONE_CLICK).status_code == 200
    assert not wants(world)
    assert Browser("acme").post("/profile/reminders/", {"wanted": "on"}).status_code == 303
    there = Browser().post(path, ONE_CLICK, headers={"host": domain})
    assert there.status_code == 200
    world.ada.vendor.canonical_domain = domain  # type: ignore[union-attr]
    assert path_of(world, f"http://{domain}:8000")


def test_a_link_is_worth_nothing_anywhere_else(world: World) -> None:
    path = path_of(world)
    for label, odd in (
        ("globex", path),
        ("acme", f"{path[:-2]}/"),
        ("acme", "/reminders-off/x/"),
        ("acme", path.replace("/reminders-off/", "/invitation/")),
    ):
        for response in (Browser(label).get(odd), Browser(label).post(odd, ONE_CLICK)):
            assert response.status_code == 410
    assert wants(world)
    page = Browser("acme").get("/reminders-off/x/").content.decode()
    assert "turn reminders off on your profile" in page
    with inside(world.acme):
        User.objects.filter(pk=world.ada.pk).update(is_active=False)
    assert Browser("acme").post(path, ONE_CLICK).status_code == 410


def test_the_profile_turns_them_off_and_on(world: World) -> None:
    browser = signed_in(world.ada)
    assert "On: you get an e-mail" in browser.get("/profile/").content.decode()
    assert browser.post("/profile/reminders/", {"wanted": "off"})["Location"] == "/profile/"
    page = browser.get("/profile/").content.decode()
    assert "Reminders are off." in page
    assert "Off: you get no e-mail" in page
    assert entries(world) == OFF
    browser.post("/profile/reminders/", {"wanted": "on"})
    assert wants(world)
    assert entries(world)[1:] == [("ada@example.com (Ada Lovelace)", [False, True], True)]
    page = browser.get("/profile/activity/").content.decode()
    assert page.index("Reminders turned on") < page.index("Reminders turned off")


def test_saving_the_profile_leaves_them_as_they_are(world: World) -> None:
    signed_in(world.ada).post("/profile/", {"first_name": "Augusta"})
    assert wants(world)


def test_where_the_vendor_sends_none_the_profile_offers_none(world: World) -> None:
    set_vendor(world.acme, send_expiry_reminders=False)
    assert "/profile/reminders/" not in signed_in(world.ada).get("/profile/").content.decode()


def test_support_can_turn_them_off_on_request(world: World) -> None:
    page = f"/accounts/user/{world.ada.pk}/change/"
    form = {
        "email": "ada@example.com", "first_name": "Ada", "last_name": "Lovelace", "company": "",
        "role": "user", "is_active": "on", "allow_customer_portal_access": "on",
        "metadata": "[]",
    }  # fmt: skip
    response = signed_in(world.acme_admin).post(page, form)
    assert (response.status_code, wants(world)) == (302, False)
    assert entries(world) == [("admin@acme.example (Admin)", [True, False], False)]


def test_every_e_mail_says_that_a_machine_wrote_it(world: World) -> None:
    for kind in ("invitation", "password-reset", "address-changed"):
        queue(kind, user=world.ada, recipient="ada@example.com")
    messages = [*mail.outbox, password_reset_for(world.operator)]
    assert len(messages) == 4
    for message in messages:
        sent = message.message()
        assert sent["Auto-Submitted"] == "auto-generated"
        assert sent["X-Auto-Response-Suppress"] == "DR, RN, NRN, OOF, AutoReply"
        assert sent["List-Unsubscribe"] is None
