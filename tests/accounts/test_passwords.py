"""Forgotten passwords, invitations, changing the password."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core import mail

from accounts.models import BuiltIn, Session, User
from accounts.verbs.people import create_person
from accounts.verbs.vendors import create_vendor
from audit.models import AuditEntry
from tenancy.door import inside
from tenancy.models import Vendor
from tenancy.table import vendor_by_company_id
from tests.world import PASSWORD, Browser, World, signed_in

NEW = {"new_password": "a longer new password", "new_password_again": "a longer new password"}


def link_in(message: Any) -> tuple[str, str]:
    """Host and path of the link in an e-mail; the same in text and HTML."""
    found = set(re.findall(r"http://[^\s\"<]+", message.body))
    [link] = {each for each in found if urlsplit(each).path not in {"", "/login/"}}
    assert link in message.alternatives[0].content
    host, _slash, path = link.removeprefix("http://").partition("/")
    return host, f"/{path}"


def ask_for_link(email: str, label: str = "acme", **fields: str) -> Any:
    return Browser(label).post("/password-reset/", {"email": email, **fields})


def test_a_link_on_the_canonical_host_sets_a_new_password_once(world: World) -> None:
    old_session = signed_in(world.ada)
    assert ask_for_link("Ada@Example.com").status_code == 302
    [message] = mail.outbox
    assert message.to == ["ada@example.com"]
    assert message.from_email == "Acme Instruments <portal@portal.localhost>"
    assert message.reply_to == ["support@acme.example"]
    assert message.subject == "Set a new password for Acme Instruments"
    host, path = link_in(message)
    assert host == "acme.portal.localhost:8000"
    browser = Browser("acme")
    assert browser.get(path).status_code == 200
    assert browser.post(path, NEW).status_code == 302
    browser.sign_in("ada@example.com", NEW["new_password"])
    assert old_session.get("/licenses/").status_code == 302
    assert Browser("acme").post(path, NEW).status_code == 410


def test_the_link_ignores_the_host_header(world: World) -> None:
    Browser("acme").post(
        "/password-reset/",
        {"email": "ada@example.com"},
        headers={"host": "ACME.portal.localhost:6666"},
    )
    assert link_in(mail.outbox[0])[0] == "acme.portal.localhost:8000"


def test_nobody_learns_whether_an_address_exists(world: World) -> None:
    answers = [ask_for_link(email) for email in ("ada@example.com", "nobody@example.com")]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert answers[0]["Location"] == answers[1]["Location"] == "/password-reset/sent/"
    assert [message.to for message in mail.outbox] == [["ada@example.com"]]


@pytest.mark.parametrize("email", ["bob@example.com", "admin@acme.example", "root@example.com"])
def test_who_may_not_enter_here_gets_no_link(world: World, email: str) -> None:
    ask_for_link(email)
    assert mail.outbox == []


def test_staff_get_theirs_for_the_back_office(world: World) -> None:
    ask_for_link("admin@acme.example", "app", company_id="acme")
    ask_for_link("root@example.com", "app")
    ask_for_link("ada@example.com", "app", company_id="acme")
    ask_for_link("admin@acme.example", "app", company_id="nobody")
    assert [message.to for message in mail.outbox] == [["admin@acme.example"], ["root@example.com"]]
    for message, form in zip([*mail.outbox], [{"company_id": "acme"}, {}], strict=True):
        host, path = link_in(message)
        assert host == "app.portal.localhost:8000"
        assert Browser("app").post(path, NEW).status_code == 302
        Browser("app").sign_in(message.to[0], NEW["new_password"], **form)


def test_a_link_counts_at_its_own_vendor_only(world: World) -> None:
    ask_for_link("ada@example.com")
    _host, path = link_in(mail.outbox[0])
    assert Browser("globex").get(path).status_code == 410
    assert Browser("globex").post(path, NEW).status_code == 410
    Browser("globex").sign_in("ada@example.com")


def test_a_link_has_a_time(world: World, frozen_time: Any) -> None:
    ask_for_link("ada@example.com")
    _host, path = link_in(mail.outbox[0])
    frozen_time.shift(3599)
    assert Browser("acme").get(path).status_code == 200
    frozen_time.shift(2)
    assert Browser("acme").get(path).status_code == 410


def test_a_reset_link_is_no_invitation(world: World) -> None:
    ask_for_link("ada@example.com")
    _host, path = link_in(mail.outbox[0])
    assert Browser("acme").get(path.replace("password-reset", "invitation")).status_code == 410


def test_asking_is_limited(world: World) -> None:
    codes = [ask_for_link("ada@example.com").status_code for _ in range(4)]
    assert codes == [302, 302, 302, 429]


@pytest.mark.parametrize(
    ("first", "again", "reason"),
    [
        ("short", "short", "too short"),
        ("1234567890123", "1234567890123", "too easy to guess"),
        ("acme-instruments-1", "acme-instruments-1", "name or address"),
        ("password123", "password123", "too common"),
        ("ada@example.com", "ada@example.com", "too similar"),
        ("a longer new password", "another password", "not the same"),
    ],
)
def test_weak_passwords_are_refused(world: World, first: str, again: str, reason: str) -> None:
    ask_for_link("ada@example.com")
    _host, path = link_in(mail.outbox[0])
    form = {"new_password": first, "new_password_again": again}
    response = Browser("acme").post(path, form)
    assert response.status_code == 200
    assert reason in response.content.decode()
    told = [each for field in response.context["form"].errors.values() for each in field]
    assert sum(reason in each for each in told) == 1  # in one way
    Browser("acme").sign_in("ada@example.com")


def test_a_new_user_is_invited_and_sets_the_first_password(world: World) -> None:
    with inside(world.acme):
        create_person(person=User(vendor=world.acme, email="new@example.com"))
    [message] = mail.outbox
    assert message.subject == "Your account at Acme Instruments"
    host, path = link_in(message)
    assert host == "acme.portal.localhost:8000"
    browser = Browser("acme")
    assert browser.post(path, NEW)["Location"] == "/"
    # Who was invited is in, and that is written down as any other sign-in.
    page = browser.get("/licenses/").content.decode()
    assert "Your password is set, and you are signed in." in page
    assert "new@example.com" in page
    with inside(world.acme):
        told = AuditEntry.objects.filter(subject_id=User.objects.get(email="new@example.com").pk)
        assert list(told.order_by("-sequence").values_list("action", flat=True))[:2] == [
            "signed-in", "password-set",
        ]  # fmt: skip
    Browser("acme").sign_in("new@example.com", NEW["new_password"])
    assert Browser("acme").get(path).status_code == 410


@pytest.mark.parametrize("fields", [{"allow_customer_portal_access": False}, {"label": "app"}])
def test_who_was_invited_and_may_not_enter_here_is_not_let_in(
    world: World, fields: dict[str, Any]
) -> None:
    label = fields.pop("label", "acme")
    with inside(world.acme):
        create_person(person=User(vendor=world.acme, email="new@example.com", **fields))
    _host, path = link_in(mail.outbox[0])
    browser = Browser(label)
    assert browser.post(path, NEW)["Location"].startswith("/login/")
    assert browser.get("/").status_code == 302
    with inside(world.acme):
        assert not Session.objects.filter(user__email="new@example.com").exists()


def test_a_forgotten_password_signs_nobody_in(world: World) -> None:
    ask_for_link("ada@example.com")
    _host, path = link_in(mail.outbox[0])
    browser = Browser("acme")
    assert browser.post(path, NEW)["Location"] == "/login/"
    assert browser.get("/licenses/").status_code == 302


def test_a_new_administrator_reads_where_customers_find_the_portal(world: World) -> None:
    create_vendor(Vendor(company_id="initech", name="Initech"), admin_email="bill@initech.example")
    [message] = mail.outbox
    told = "Your customers will find their portal here:"
    portal = "http://initech.portal.localhost:8000"
    assert f"{told}\n{portal}\n" in message.body
    html = " ".join(message.alternatives[0].content.split())
    assert f'{told} <a href="{portal}">{portal}</a>' in html
    with inside(world.acme):
        create_person(person=User(vendor=world.acme, email="new@example.com"))
    assert told not in mail.outbox[1].body


def test_a_new_vendor_has_an_administrator(world: World) -> None:
    create_vendor(Vendor(company_id="initech", name="Initech"), admin_email="Bill@initech.example")
    host, path = link_in(mail.outbox[0])
    assert host == "app.portal.localhost:8000"
    assert Browser("app").post(path, NEW).status_code == 302
    browser = Browser("app")
    browser.sign_in("bill@initech.example", NEW["new_password"], company_id="initech")
    vendor = vendor_by_company_id("initech")
    assert vendor
    with inside(vendor):
        assert [user.role for user in User.objects.all()] == [BuiltIn.ADMIN]


def test_changing_asks_for_the_current_one_and_ends_other_sessions(world: World) -> None:
    here, elsewhere = signed_in(world.ada), signed_in(world.ada)
    response = here.post("/profile/password/", {"current_password": "wrong", **NEW})
    assert "This is not your current password." in response.content.decode()
    assert elsewhere.get("/licenses/").status_code == 200
    assert here.post("/profile/password/", {"current_password": PASSWORD, **NEW}).status_code == 302
    assert here.get("/licenses/").status_code == 200
    assert elsewhere.get("/licenses/").status_code == 302
    Browser("acme").sign_in("ada@example.com", NEW["new_password"])
    Browser("globex").sign_in("ada@example.com", PASSWORD)


def test_guessing_the_current_password_is_limited(world: World) -> None:
    browser = signed_in(world.ada)
    codes = [
        browser.post("/profile/password/", {"current_password": "wrong", **NEW}).status_code
        for _ in range(7)
    ]
    assert codes == [200] * 6 + [429]
