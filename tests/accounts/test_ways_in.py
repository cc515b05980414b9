"""Ways in for customers who have lost theirs: a link to sign in and licence keys, by e-mail."""

import re
from typing import Any

import pytest
from django.conf import settings as ours
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Session, User
from accounts.verbs.people import change_person
from accounts.verbs.settings import change_settings
from audit.models import AuditEntry
from licenses.models import LicenseUser
from mail.models import OutgoingEmail, SentText
from tenancy.door import inside
from tests.accounts.phones import phone_of
from tests.accounts.test_links import link_to_sign_in, path_in
from tests.accounts.test_second_factor import is_in
from tests.world import PASSWORD, Browser, World, set_vendor, signed_in, vendor_now

pytestmark = pytest.mark.unfound

WAYS = {"link": "/login/link/", "keys": "/login/keys/"}


@pytest.fixture
def allowed(world: World) -> World:
    set_vendor(world.acme, sign_in_by_link=True, keys_by_email=True)
    return world


def ask(what: str, email: str, label: str = "acme") -> Any:
    return Browser(label).post(WAYS[what], {"email": email})


def switched(world: World, **fields: Any) -> None:
    with inside(world.acme):
        person = User.objects.get(pk=world.ada.pk)
        for name, value in fields.items():
            setattr(person, name, value)
        change_person(person=person, fields=list(fields))


# --- Asking -------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", WAYS)
def test_where_the_vendor_does_not_allow_it_there_is_nothing(world: World, what: str) -> None:
    """Which is how it begins; and the back office has no such page."""
    for label in ("acme", "app"):
        for path in (WAYS[what], f"{WAYS[what]}sent/"):
            assert Browser(label).get(path).status_code in {404, 302}
        ask(what, "ada@example.com", label)
    assert WAYS[what] not in Browser("acme").get("/login/").content.decode()
    assert mail.outbox == []


@pytest.mark.parametrize("what", WAYS)
def test_the_sign_in_page_leads_there(allowed: World, what: str) -> None:
    assert f'href="{WAYS[what]}"' in Browser("acme").get("/login/").content.decode()
    assert f'href="{WAYS[what]}"' not in Browser("globex").get("/login/").content.decode()
    page = Browser("acme").get(WAYS[what])
    assert page.status_code == 200
    assert Browser("acme").post(WAYS[what], {"email": "x"}).status_code == 200
    assert "Look into your e-mail" in Browser("acme").get(f"{WAYS[what]}sent/").content.decode()


# Nobody's, in another spelling, a colleague's, another vendor's, of who is switched off.
ADDRESSES = ("nobody@example.com", "ADA@EXAMPLE.COM", "admin@acme.example", "bob@example.com",
             "grace@example.com", "ada@example.com")  # fmt: skip


def shape(sql: str) -> str:
    """The statement without its values and the names of savepoints."""
    return re.sub(r'"s\d+_x\d+"', "", re.split(r"VALUES|WHERE|=", sql)[0])


@pytest.mark.parametrize("what", WAYS)
def test_nobody_learns_whether_an_address_exists(allowed: World, settings: Any, what: str) -> None:
    """By text, by status, or by what the answer waits for: the same statements."""
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    with inside(allowed.acme):
        User.objects.filter(pk=allowed.grace.pk).update(is_active=False)
    answers = []
    for email in ADDRESSES:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            answer = ask(what, email)
        shapes = [shape(query["sql"]) for query in asked]
        answers.append((answer.status_code, answer["Location"], answer.content, len(asked), shapes))
    for email, answer in zip(ADDRESSES, answers, strict=True):
        assert answer == answers[0], email
    assert answers[0][:2] == (302, f"{WAYS[what]}sent/")
    assert mail.outbox == []  # before a worker has looked


@pytest.mark.parametrize("what", WAYS)
def test_who_may_enter_is_written_to_and_nobody_else(allowed: World, what: str) -> None:
    with inside(allowed.acme):
        User.objects.filter(pk=allowed.grace.pk).update(allow_customer_portal_access=False)
    for email in ADDRESSES:
        if email != "ada@example.com":
            ask(what, email)
    assert [message.to for message in mail.outbox] == [["ada@example.com"]]


@pytest.mark.parametrize("what", WAYS)
def test_asking_is_limited_by_address_and_by_ip(allowed: World, what: str) -> None:
    codes = [ask(what, "ada@example.com").status_code for _ in range(4)]
    assert codes == [302, 302, 302, 429]
    codes = [ask(what, f"n{n}@example.com").status_code for n in range(17)]
    assert codes == [302] * 16 + [429]


def test_what_was_stopped_meanwhile_is_not_sent(allowed: World, settings: Any) -> None:
    from mail.kinds import kind_of

    for what, kind in (("link", "sign-in-link"), ("keys", "license-keys")):
        ask(what, "ada@example.com")
        with inside(allowed.acme):
            email = OutgoingEmail.objects.select_related("user", "vendor").get(kind=kind)
            assert kind_of(kind).render(email) is not None
            switched(allowed, is_active=False)
            email = OutgoingEmail.objects.select_related("user", "vendor").get(kind=kind)
            assert kind_of(kind).render(email) is None
            switched(allowed, is_active=True)
            set_vendor(allowed.acme, sign_in_by_link=False, keys_by_email=False)
            email = OutgoingEmail.objects.select_related("user", "vendor").get(kind=kind)
            assert kind_of(kind).render(email) is None
        set_vendor(allowed.acme, sign_in_by_link=True, keys_by_email=True)


# --- The link -----------------------------------------------------------------------------------


def test_a_link_signs_in(allowed: World) -> None:
    path = link_to_sign_in(allowed)
    browser = Browser("acme")
    page = browser.get(path).content.decode()
    assert "This signs you in as <strong>ada@example.com</strong>" in page
    assert not is_in(browser)
    answer = browser.post(path)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert is_in(browser)
    with inside(allowed.acme):
        assert AuditEntry.objects.filter(action="signed-in").count() == 1
    [message] = mail.outbox
    assert message.subject == "Your link to sign in at Acme Instruments"
    assert "The link works for 10 minutes." in message.body


def test_a_link_works_for_fifteen_minutes(allowed: World, frozen_time: Any) -> None:
    path = link_to_sign_in(allowed)
    frozen_time.shift(10 * 60)
    assert Browser("acme").get(path).status_code == 200
    frozen_time.shift(1)
    refused = Browser("acme").post(path)
    assert refused.status_code == 410
    assert "It has been used already, is too old, or is not complete." in refused.content.decode()
    assert 'href="/login/link/"' in refused.content.decode()


@pytest.mark.parametrize(
    "change",
    [{"is_active": False}, {"allow_customer_portal_access": False}, {"role": "support"},
     {"email": "countess@example.com"}],
)  # fmt: skip
def test_whatever_bars_the_person_voids_the_link(allowed: World, change: dict[str, Any]) -> None:
    path = link_to_sign_in(allowed)
    switched(allowed, **change)
    browser = Browser("acme")
    for answer in (browser.get(path), browser.post(path)):
        assert answer.status_code == 410
        assert "an account that may not sign in here any more" in answer.content.decode()
    assert not is_in(browser)


def test_no_link_counts_once_the_vendor_has_stopped_it(allowed: World) -> None:
    path = link_to_sign_in(allowed)
    set_vendor(allowed.acme, sign_in_by_link=False)
    assert Browser("acme").get(path).status_code == 410
    assert Browser("acme").post(path).status_code == 410


def test_a_second_factor_is_asked_for_afterwards(allowed: World) -> None:
    phone = phone_of(allowed.ada)
    path = link_to_sign_in(allowed)
    browser = Browser("acme")
    assert browser.post(path)["Location"] == "/login/code/"
    assert not is_in(browser)
    assert Browser("acme").post(path).status_code == 410  # it is used up by the first step
    assert browser.post("/login/code/", {"code": phone.code()})["Location"] == "/"
    assert is_in(browser)


def test_the_session_is_a_new_one_and_the_one_of_before_ends(allowed: World) -> None:
    """Neither a session that somebody has put into the browser goes on, nor another person's."""
    path = link_to_sign_in(allowed)
    browser = signed_in(allowed.grace)
    before = browser.cookies[ours.SESSION_COOKIE_NAME].value
    assert "You are signed in as grace@example.com now" in browser.get(path).content.decode()
    assert browser.post(path).status_code == 302
    assert browser.cookies[ours.SESSION_COOKIE_NAME].value != before
    assert "ADA111-ACME-ORBIT-0001" in browser.get("/licenses/").content.decode()
    with inside(allowed.acme):
        assert [each.user_id for each in Session.objects.all()] == [allowed.ada.pk]
    again = browser.post(path, follow=True).content.decode()
    assert "It counts once: you are signed in as ada@example.com." in again


def test_a_link_voids_every_other_one_of_the_person(allowed: World) -> None:
    Browser("acme").post("/password-reset/", {"email": "ada@example.com"})
    reset = path_in(mail.outbox[-1])
    path = link_to_sign_in(allowed)
    assert Browser("acme").post(path).status_code == 302
    assert Browser("acme").get(reset).status_code == 410


def test_neither_the_list_of_emails_nor_what_is_kept_has_the_token(allowed: World) -> None:
    path = link_to_sign_in(allowed)
    token = path.rstrip("/").rpartition("/")[2]
    with inside(allowed.acme):
        kept = str(list(OutgoingEmail.objects.values())) + str(list(SentText.objects.values()))
    assert token not in kept
    assert "[link taken out]" in kept


# --- The keys -----------------------------------------------------------------------------------


def test_the_keys_of_what_the_customer_sees_and_no_others(allowed: World) -> None:
    with inside(allowed.acme):
        LicenseUser.objects.create(
            vendor=allowed.acme, license=allowed.grace_license, user=allowed.ada
        )
    ask("keys", "ada@example.com")
    ask("keys", "grace@example.com")
    of_ada, of_grace = mail.outbox
    for part in (of_ada.body, of_ada.alternatives[0].content):
        assert "ADA111-ACME-ORBIT-0001" in part
        assert "GRACE1-ACME-ORBIT-0002" in part
        assert "GLOBEX" not in part
        assert "http://acme.portal.localhost:8000/licenses/" in part
    assert "ADA111" not in of_grace.body
    assert of_ada.subject == "Your licence keys from Acme Instruments"
    assert (of_ada.to, of_grace.to) == (["ada@example.com"], ["grace@example.com"])


def test_who_has_no_licence_is_told_so(allowed: World) -> None:
    with inside(allowed.acme):
        User.objects.create_user(vendor=allowed.acme, email="new@example.com", password=PASSWORD)
    ask("keys", "new@example.com")
    assert "There is no licence for new@example.com yet." in mail.outbox[0].body


# --- The vendor's choice ------------------------------------------------------------------------


def test_an_administrator_allows_them(world: World) -> None:
    path = "/accounts/portalsettings/"
    form = {"time_zone": "UTC", "show_support_views": "on", "send_expiry_reminders": "on"}
    admin = signed_in(world.acme_admin)
    page = admin.get(path).content.decode()
    assert 'name="sign_in_by_link"' in page
    assert 'name="keys_by_email"' in page
    chosen = form | {"sign_in_by_link": "on", "keys_by_email": "on"}
    assert admin.post(path, chosen).status_code == 302
    vendor = vendor_now(world.acme)
    assert (vendor.sign_in_by_link, vendor.keys_by_email) == (True, True)
    assert "Customers by a link that is e-mailed, too" in admin.get(path).content.decode()
    with inside(world.acme):
        entry = AuditEntry.objects.get(action="changed")
        assert entry.changes == {"keys_by_email": [False, True], "sign_in_by_link": [False, True]}
        change_settings(vendor=vendor, sign_in_by_link=False)
    assert ask("link", "ada@example.com").status_code == 404
