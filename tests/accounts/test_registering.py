"""People who register by themselves: by the vendor's choice, once the address is confirmed."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Registration, Session, User
from accounts.verbs.erasing import erase_person
from accounts.verbs.people import create_person
from accounts.ways_in import domains
from accounts.ways_in.verbs import registering
from audit.models import AuditEntry
from mail.models import OutgoingEmail, SentText
from tenancy.door import inside
from tests.accounts.test_links import passwords, path_in, registration
from tests.accounts.test_ways_in import shape
from tests.world import Browser, World, set_vendor, signed_in, vendor_now

EVE = {"email": "eve@example.com", "first_name": "Eve", "last_name": "Hill", "company": "Hill Ltd"}
FORM = {"time_zone": "UTC", "show_support_views": "on", "send_expiry_reminders": "on"}
SETTINGS = "/accounts/portalsettings/"


@pytest.fixture
def opened(world: World) -> World:
    set_vendor(world.acme, registration="open")
    return world


def ask(label: str = "acme", **fields: str) -> Any:
    return Browser(label).post("/register/", EVE | fields)


def people(world: World) -> list[str]:
    with inside(world.acme):
        return list(User.objects.order_by("email").values_list("email", flat=True))


# --- Asking -------------------------------------------------------------------------------------


def test_nobody_can_where_the_vendor_says_nothing(world: World) -> None:
    browser = Browser("acme")
    for path in ("/register/", "/register/sent/"):
        assert browser.get(path).status_code == 404
    assert ask().status_code == 404
    assert "/register/" not in browser.get("/login/").content.decode()
    assert mail.outbox == []


def test_who_registers_is_nobody_before_she_confirms(opened: World) -> None:
    before = people(opened)
    assert 'href="/register/"' in Browser("acme").get("/login/").content.decode()
    assert ask()["Location"] == "/register/sent/"
    assert people(opened) == before
    [message] = mail.outbox
    assert message.to == ["eve@example.com"]
    assert message.subject == "Confirm your e-mail for Acme Instruments"
    # What was typed as a name is not repeated to an address that may be another's.
    assert "Hill" not in message.body
    path = path_in(message)
    browser = Browser("acme")
    assert "Choose the password for eve@example.com" in browser.get(path).content.decode()
    assert people(opened) == before

    answer = browser.post(path, passwords(1), follow=True)
    page = answer.content.decode()
    assert "Your account is there, and you are signed in." in page
    assert "No licences yet" in page
    with inside(opened.acme):
        eve = User.objects.get(email="eve@example.com")
        entries = AuditEntry.objects.filter(subject_id=eve.pk).order_by("sequence")
        assert [each.action for each in entries] == [
            "created", "registered", "signed-in",
        ]  # fmt: skip
        assert {each.actor_id for each in entries} == {eve.pk}
    assert (eve.full_name, eve.company, eve.role, eve.is_active) == (
        "Eve Hill",
        "Hill Ltd",
        "user",
        True,
    )
    assert eve.has_registered
    Browser("acme").sign_in("eve@example.com", passwords(1)["new_password"])


def test_nobody_learns_whether_an_address_exists(opened: World, settings: Any) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    answers = []
    for email in ("nobody@example.com", "ADA@EXAMPLE.COM", "admin@acme.example", "bob@example.com"):
        with CaptureQueriesContext(connection) as asked:
            answer = ask(email=email)
        shapes = [shape(query["sql"]) for query in asked]
        answers.append((answer.status_code, answer["Location"], answer.content, shapes))
    assert all(answer == answers[0] for answer in answers)
    assert mail.outbox == []


@pytest.mark.parametrize(
    ("email", "host"), [("ada@example.com", "acme"), ("admin@acme.example", "app")]
)
def test_who_has_an_account_is_written_to_instead(opened: World, email: str, host: str) -> None:
    before = people(opened)
    ask(email=email)
    [message] = mail.outbox
    assert message.to == [email]
    assert message.subject == "You have an account at Acme Instruments already"
    assert f"http://{host}.portal.localhost:8000/password-reset/" in message.body
    assert people(opened) == before
    with inside(opened.acme):
        assert not Registration.objects.exists()


def test_asking_is_limited_by_address_and_by_ip(opened: World) -> None:
    assert [ask().status_code for _ in range(4)] == [302, 302, 302, 429]
    codes = [ask(email=f"n{n}@example.com").status_code for n in range(7)]
    assert codes == [302] * 6 + [429]


@pytest.mark.parametrize(
    "fields",
    [{"first_name": "Eve\u202e"}, {"last_name": "x" * 101}, {"company": "a\x00b"}, {"email": "eve"},
     {"email": "eve@example.com\nBcc: bob@example.com"}, {"email": "\u0435ve@example.com"}],
)  # fmt: skip
def test_names_are_checked_as_everywhere(opened: World, fields: dict[str, str]) -> None:
    answer = ask(**fields)
    assert answer.status_code == 200
    assert 'role="alert"' in answer.content.decode()
    assert mail.outbox == []
    if "email" not in fields:
        with inside(opened.acme), pytest.raises(ValidationError):
            registering.begin(vendor=opened.acme, email=EVE["email"], names=fields, once="x")


def test_nothing_else_can_be_chosen(opened: World) -> None:
    """Neither a role nor another vendor, whatever is sent along."""
    odd = {"role": "admin", "vendor": str(opened.globex.pk), "is_active": "", "metadata": "[1]"}
    ask(**odd)
    path = path_in(mail.outbox[0])
    assert Browser("acme").post(path, passwords(1) | odd).status_code == 302
    with inside(opened.acme):
        eve = User.objects.get(email="eve@example.com")
    assert (eve.role, eve.vendor_id, eve.metadata) == ("user", opened.acme.pk, [])


# --- Confirming ---------------------------------------------------------------------------------


def refused(path: str) -> None:
    for answer in (Browser("acme").get(path), Browser("acme").post(path, passwords(2))):
        assert answer.status_code == 410
        assert "If you have an account by now, sign in." in answer.content.decode()


def test_a_link_works_for_an_hour(opened: World, frozen_time: Any) -> None:
    path = registration(opened)
    frozen_time.shift(3599)
    assert Browser("acme").get(path).status_code == 200
    frozen_time.shift(2)
    refused(path)


def test_a_link_counts_once_even_when_its_account_is_gone(opened: World) -> None:
    path = registration(opened)
    assert Browser("acme").post(path, passwords(1)).status_code == 302
    with inside(opened.acme):
        erase_person(person=User.objects.get(email="eve@example.com"))
        assert not Registration.objects.exists()
    refused(path)


def test_who_got_an_account_meanwhile_keeps_it(opened: World) -> None:
    path = registration(opened)
    with inside(opened.acme):
        create_person(person=User(vendor=opened.acme, email="eve@example.com", first_name="Own"))
    assert Browser("acme").post(path, passwords(1)).status_code == 410
    with inside(opened.acme):
        eve = User.objects.get(email="eve@example.com")
        assert (eve.first_name, eve.has_usable_password()) == ("Own", False)
        assert not Session.objects.filter(user=eve).exists()


@pytest.mark.parametrize("fields", [{"registration": ""}, {"registration": "domains"}])
def test_no_link_counts_once_the_vendor_has_stopped_it(
    opened: World, fields: dict[str, str]
) -> None:
    path = registration(opened)
    set_vendor(opened.acme, **fields)
    assert Browser("acme").get(path).status_code == 410
    assert Browser("acme").post(path, passwords(1)).status_code == 410


def test_a_weak_password_makes_nobody(opened: World) -> None:
    path, before = registration(opened), people(opened)
    weak = {"new_password": "eve@example.com", "new_password_again": "eve@example.com"}
    page = Browser("acme").post(path, weak)
    assert "too similar" in page.content.decode()
    assert people(opened) == before


def test_a_flood_leaves_nothing(opened: World, frozen_time: Any) -> None:
    """Registrations and their e-mails are gone two days later; what others got stays."""
    for n in range(5):
        ask(email=f"n{n}@example.com")
    ask(email="ada@example.com")
    path = path_in(mail.outbox[0])
    Browser("acme").post(path, passwords(1))
    frozen_time.shift(timedelta(hours=24))
    call_command("clean_up", verbosity=0)
    with inside(opened.acme):
        assert Registration.objects.count() == 5
    frozen_time.shift(timedelta(hours=2))
    call_command("clean_up", verbosity=0)
    with inside(opened.acme):
        assert not Registration.objects.exists()
        assert list(OutgoingEmail.objects.values_list("kind", flat=True)) == ["registration-known"]
        assert SentText.objects.count() == 1
        assert User.objects.filter(email="n0@example.com").exists()


# --- The vendor's choice ------------------------------------------------------------------------


def test_an_administrator_lets_people_of_domains_register(world: World) -> None:
    admin = signed_in(world.acme_admin)
    page = admin.get(SETTINGS).content.decode()
    assert 'name="registration"' in page
    for wrong in ("", "com", "*.co.uk", "no domain.", "127.0.0.1"):
        form = FORM | {"registration": "domains", "registration_domains": wrong}
        assert 'class="errorlist' in admin.post(SETTINGS, form).content.decode()
    chosen = "@University.example, *.xn--mller-kva.example"
    form = FORM | {"registration": "domains", "registration_domains": chosen}
    assert admin.post(SETTINGS, form).status_code == 302
    vendor = vendor_now(world.acme)
    assert vendor.registration == "domains"
    assert vendor.registration_domains == "university.example\n*.xn--mller-kva.example"
    assert admin.post(SETTINGS, FORM).status_code == 302  # which says nothing of it
    assert vendor_now(world.acme).registration == "domains"
    assert ask(email="eve@university.example").status_code == 302
    assert [message.to for message in mail.outbox] == [["eve@university.example"]]
    page = ask(email="ada@example.com").content.decode()  # who has an account, or has not
    assert "With an address at this domain you can" in page
    assert len(mail.outbox) == 1


AMONG = {
    "the domain itself": ("university.example", "a@university.example", True),
    "in capitals": ("University.Example", "a@UNIVERSITY.example", True),
    "below it": ("university.example", "a@mail.university.example", False),
    "below, as wanted": ("*.university.example", "a@mail.university.example", True),
    "far below": ("*.university.example", "a@a.b.university.example", True),
    "not itself": ("*.university.example", "a@university.example", False),
    "an end of a name": ("university.example", "a@evil-university.example", False),
    "an end of a label": ("*.university.example", "a@eviluniversity.example", False),
    "a beginning": ("university.example", "a@university.example.evil.example", False),
    "before the at": ("university.example", "university.example@evil.example", False),
    "two ats": ("university.example", "a@university.example@evil.example", False),
    "in Unicode": ("müller.example", "a@xn--mller-kva.example", True),
    "in ASCII": ("xn--mller-kva.example", "a@müller.example", True),
    "a letter that looks alike": ("acme.example", "a@аcme.example", False),
    "a final dot": ("acme.example.", "a@acme.example", True),
    "one of several": ("a.example;b.example c.example", "a@c.example", True),
    "nothing": ("", "a@acme.example", False),
    "no address": ("acme.example", "acme.example", True),  # which no form takes
}


@pytest.mark.parametrize("case", AMONG)
def test_domains_are_compared_as_wholes(case: str) -> None:
    text, email, expected = AMONG[case]
    assert domains.is_among(email, domains.read(text)) is expected


@pytest.mark.parametrize(
    ("text", "wrong"),
    [("com", ["com"]), ("*.com", ["*.com"]), ("co.uk", ["co.uk"]), ("acme", ["acme"]),
     ("a..b", ["a..b"]), ("*", ["*"]), ("a@b.example", ["a@b.example"]), ("1.2.3.4", ["1.2.3.4"]),
     ("acme.example *.müller.example", []), ("https://a.example", ["https://a.example"]),
     ("*.*.acme.example", ["*.*.acme.example"])],
)  # fmt: skip
def test_what_nobody_can_have_is_refused(text: str, wrong: list[str]) -> None:
    assert domains.wrong_in(text) == wrong


def test_staff_see_who_has_registered(opened: World) -> None:
    Browser("acme").post(registration(opened), passwords(1))
    support = signed_in(opened.acme_support)
    page = support.get("/accounts/user/?has_registered__exact=1").content.decode()
    assert "eve@example.com" in page
    assert "grace@example.com" not in page
    with inside(opened.acme):
        eve = User.objects.get(email="eve@example.com")
    story = support.get(f"/accounts/user/{eve.pk}/story/").content.decode()
    assert re.search("Registered on the portal", story)
