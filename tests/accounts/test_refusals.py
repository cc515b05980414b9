"""What people are refused is kept for support, beside the trail, and tells strangers nothing."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Refusal, User
from accounts.verbs import refusals
from audit.models import AuditEntry
from licenses.verbs.licenses import suspend
from tenancy.door import inside
from tests.accounts.phones import past_password, phone_of
from tests.accounts.test_second_factor import wrong
from tests.offline.requests_maker import MachineKeys
from tests.world import PASSWORD, Browser, World, signed_in


def try_to_sign_in(label: str, email: str, password: str = "wrong", **more: str) -> int:
    form = {"email": email, "password": password, **more}
    return Browser(label).post("/login/", form).status_code


def reasons(world: World, user: User | None) -> list[str]:
    with inside(world.acme):
        found = Refusal.objects.filter(user=user).order_by("created_at")
        return list(found.values_list("reason", flat=True))


def test_a_sign_in_is_kept_with_its_reason(world: World, frozen_time: Any) -> None:
    with inside(world.acme):
        User.objects.filter(pk=world.grace.pk).update(password="!none")
    try_to_sign_in("acme", " ADA@example.com ")
    try_to_sign_in("acme", "grace@example.com")
    try_to_sign_in("acme", "nobody@example.com")
    frozen_time.shift(1)
    try_to_sign_in("app", "ada@example.com", PASSWORD, company_id="acme")
    frozen_time.shift(1)
    with inside(world.acme):
        User.objects.filter(pk=world.ada.pk).update(is_active=False)
    try_to_sign_in("acme", "ada@example.com", PASSWORD)
    assert reasons(world, world.ada) == ["WRONG_PASSWORD", "NOT_HERE", "SWITCHED_OFF"]
    assert reasons(world, world.grace) == ["NO_PASSWORD"]
    assert reasons(world, None) == ["UNKNOWN"]


def test_who_is_held_back_is_noted_once_in_a_while(world: World, frozen_time: Any) -> None:
    """With the e-mail that was tried, or the address that it was tried from."""
    for _ in range(10):
        frozen_time.shift(1)
        try_to_sign_in("acme", "ada@example.com")
    assert reasons(world, world.ada) == [*["WRONG_PASSWORD"] * 6, "HELD_BACK"]
    frozen_time.shift(601)
    for _ in range(8):
        frozen_time.shift(1)
        try_to_sign_in("acme", "ada@example.com")
    assert reasons(world, world.ada).count("HELD_BACK") == 2
    story = signed_in(world.acme_support).get(f"/accounts/user/{world.ada.pk}/story/")
    assert "held back after too many tries" in story.content.decode()


@pytest.mark.takes_turns
def test_who_tries_many_from_one_address_is_noted_once(world: World) -> None:
    for n in range(50):
        try_to_sign_in("acme", f"nobody{n}@example.com")
    assert sorted(set(reasons(world, None))) == ["HELD_BACK", "UNKNOWN"]
    assert reasons(world, None).count("HELD_BACK") == 1
    assert reasons(world, world.ada) == []


def test_a_company_that_is_none_holds_nobody_s_notes(world: World) -> None:
    for _ in range(41):
        told = try_to_sign_in("app", "ada@example.com", company_id="nobody-has-this")
    assert told == 429
    assert reasons(world, world.ada) == []


def test_who_types_too_many_codes_is_noted(world: World) -> None:
    guess, browser = wrong(phone_of(world.ada)), past_password(world.ada)
    for _ in range(10):
        browser.post("/login/code/", {"code": guess})
    assert sorted(reasons(world, world.ada)) == ["HELD_BACK", *["WRONG_CODE"] * 8]


def test_it_stands_beside_the_trail(world: World) -> None:
    with inside(world.acme):
        before = AuditEntry.objects.count()
    try_to_sign_in("acme", "ada@example.com")
    with inside(world.acme):
        assert AuditEntry.objects.count() == before


def test_whom_we_know_costs_as_much_as_whom_we_don_t(world: World) -> None:
    """The statements are the same, so that their time is."""
    told = []
    for email in ("ada@example.com", "nobody@example.com"):
        try_to_sign_in("acme", email)
        with CaptureQueriesContext(connection) as captured:
            try_to_sign_in("acme", email)
        told.append([query["sql"].split("WHERE")[0].split("VALUES")[0] for query in captured])
    known, unknown = told
    assert len(known) == len(unknown)
    assert [each.split('"')[0] for each in known] == [each.split('"')[0] for each in unknown]


def test_operators_leave_nothing(world: World) -> None:
    assert try_to_sign_in("app", "root@example.com", company_id="") == 200
    assert reasons(world, None) == []


def test_a_refused_file_is_kept_with_what_was_said(world: World) -> None:
    signed_in(world.ada).post("/offline/", {"request_text": "no request"})
    with inside(world.acme):
        [kept] = Refusal.objects.filter(user=world.ada)
    assert kept.reason == "INVALID_OFFLINE_REQUEST"
    assert len(kept.said) > 20


def test_the_last_fifty_of_a_kind_are_kept(world: World, frozen_time: Any) -> None:
    with inside(world.acme):
        for n in range(60):
            frozen_time.shift(1)
            refusals.note(Refusal.Kind.FILE, f"R{n}", user=world.ada)
        refusals.note(Refusal.Kind.SIGN_IN, "WRONG_PASSWORD", user=world.ada)
        refusals.note(Refusal.Kind.FILE, "OTHER", user=world.grace)
    kept = reasons(world, world.ada)
    assert len(kept) == 51
    assert "R9" not in kept
    assert "R10" in kept
    assert reasons(world, world.grace) == ["OTHER"]


def test_they_go_after_thirty_days(world: World, frozen_time: Any) -> None:
    try_to_sign_in("acme", "ada@example.com")
    frozen_time.shift(timedelta(days=29))
    call_command("clean_up", stdout=StringIO())
    assert reasons(world, world.ada) == ["WRONG_PASSWORD"]
    frozen_time.shift(timedelta(days=2))
    call_command("clean_up", stdout=StringIO())
    assert reasons(world, world.ada) == []


def test_support_reads_what_she_saw(world: World) -> None:
    try_to_sign_in("acme", "ada@example.com")
    signed_in(world.ada).post("/offline/", {"request_text": "no request"})
    page = signed_in(world.acme_support).get(f"/accounts/user/{world.ada.pk}/story/")
    text = page.content.decode()
    assert "Refused in the last 30 days" in text
    assert "wrong password" in text
    assert "offline file" in text
    # It is what support looks for: the first of all chapters.
    assert text.index('id="refusals"') < text.index('id="licenses"')


def test_the_same_again_and_again_is_one_row_and_hides_nothing(
    world: World, frozen_time: Any
) -> None:
    try_to_sign_in("acme", "ada@example.com")
    ada = signed_in(world.ada)
    for _ in range(12):
        frozen_time.shift(61)
        ada.post("/offline/", {"request_text": "no request"})
    page = signed_in(world.acme_support).get(f"/accounts/user/{world.ada.pk}/story/")
    text = page.content.decode()
    rows = text[text.index('id="refusals"') : text.index('id="licenses"')]
    assert rows.count("<tr>") == 3  # head, files, sign-in
    assert "(it does not have three parts separated by dots) · 12 times" in rows
    assert "wrong password<" in rows
    assert '<span class="count">13</span>' in rows


def test_a_browser_is_told_by_its_name(world: World) -> None:
    told = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    with inside(world.acme):
        refusals.note(Refusal.Kind.FILE, "OTHER", user=world.ada)
        Refusal.objects.update(browser=told)
    page = signed_in(world.acme_support).get(f"/accounts/user/{world.ada.pk}/story/")
    assert ">Firefox on Linux<" in page.content.decode()
    assert "Mozilla" not in page.content.decode()


@pytest.mark.parametrize("n", [1, 3])
def test_the_story_costs_the_same_however_many(world: World, n: int) -> None:
    support = signed_in(world.acme_support)
    support.get(f"/accounts/user/{world.ada.pk}/story/")
    with CaptureQueriesContext(connection) as none:
        support.get(f"/accounts/user/{world.ada.pk}/story/")
    with inside(world.acme):
        for _ in range(n):
            refusals.note(Refusal.Kind.FILE, "EXPIRED_LICENSE", user=world.ada)
    with CaptureQueriesContext(connection) as some:
        support.get(f"/accounts/user/{world.ada.pk}/story/")
    assert len(some) == len(none)


def test_who_goes_takes_them_along(world: World) -> None:
    with inside(world.acme):
        person = User.objects.create_user(
            vendor=world.acme, email="new@example.com", password="x" * 12
        )
        refusals.note(Refusal.Kind.FILE, "EXPIRED_LICENSE", user=person)
        person.delete()
        assert not Refusal.objects.exists()


def test_a_refused_file_says_of_which_machine_and_for_which_licence(world: World) -> None:
    keys, ada = MachineKeys(), signed_in(world.ada)
    product, key = world.orbit.pk, world.ada_license.key
    with inside(world.acme):
        suspend(world.ada_license)
    wrong = "WRONG0-KEY000-000001"
    for text in (
        keys.activation(product, key, "lab-7"),
        keys.activation(product, wrong, "lab-8"),
        keys.deactivation(product, key, world.ada_machine.pk, "ada-laptop"),
        "nonsense",
    ):
        assert ada.post("/offline/", {"request_text": text}).status_code == 400
    with inside(world.acme):
        told = {
            (each.machine, each.license_key, each.license_id)
            for each in Refusal.objects.filter(user=world.ada)
        }
    own = (key, world.ada_license.pk)
    assert told == {("lab-7", *own), ("lab-8", wrong, None), ("ada-laptop", *own), ("", "", None)}
    page = signed_in(world.acme_support).get(f"/accounts/user/{world.ada.pk}/story/")
    part = page.content.decode().partition('id="refusals"')[2].partition("</section>")[0]
    url = f"/licenses/license/{world.ada_license.pk}/change/"
    assert part.count(f'<a href="{url}">{key}</a>') == 2
    assert wrong in part
    assert "lab-8" in part
