"""E-mails about how somebody signs in, and the link in each that ends all sessions."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core import mail

from accounts.backends import VendorBackend
from accounts.devices import verbs
from accounts.links import Purpose, make_token
from accounts.models import User
from accounts.sessions import people_of
from accounts.verbs import sessions
from accounts.verbs.people import change_person
from audit.models import AuditEntry
from tenancy.door import inside
from tests import geoip
from tests import world as worlds
from tests.accounts.phones import browser_for, past_password, phone_of, typed_by
from tests.accounts.test_devices import FIREFOX, SAFARI, rows_of
from tests.accounts.test_second_factor_on import below
from tests.accounts.test_sessions import all_sessions, is_in
from tests.licenses.test_activation import run_at_once
from tests.world import PASSWORD, Browser, World, signed_in

EVERYBODY = ("ada", "acme_support", "operator")
NEW = "correct horse battery 7"
CHANGE = {"current_password": PASSWORD, "new_password": NEW, "new_password_again": NEW}
LINK = re.compile(r"http://\S+(/sign-out-everywhere/\S+/)")


def link_in(message: Any) -> str:
    """The path of the link that ends all sessions; the e-mail says it in text and HTML alike."""
    found = LINK.search(message.body)
    assert found
    assert found[1] in message.alternatives[0].content
    return found[1]


def end_link(person: User) -> str:
    return f"/sign-out-everywhere/{make_token(Purpose.END_SESSIONS, person)}/"


def entered(person: User, told: str = FIREFOX, browser: Browser | None = None) -> Browser:
    """A browser in which the person has just signed in through the page."""
    browser = browser or browser_for(person)
    answer = browser.post("/login/", typed_by(person), headers={"user-agent": told})
    assert answer.status_code == 302, answer.content.decode()
    return browser


def subjects() -> list[str]:
    return [message.subject for message in mail.outbox]


# --- The password -------------------------------------------------------------------------------


@pytest.mark.parametrize("who", EVERYBODY)
def test_a_changed_password_is_told(world: World, who: str) -> None:
    person = getattr(world, who)
    path = "/profile/password/" if person.is_customer else "/password_change/"
    assert signed_in(person).post(path, CHANGE).status_code == 302
    [message] = mail.outbox
    assert message.to == [person.email]
    sender = person.vendor.name if person.vendor else "Portal"
    assert message.subject == f"Your password at {sender} was changed"
    assert "If it was not you" in message.body
    page = browser_for(person).get(link_in(message))
    assert page.status_code == 200


def test_a_password_that_is_set_by_a_link_is_told_but_not_the_first_one(world: World) -> None:
    form = {"new_password": NEW, "new_password_again": NEW}
    for purpose, path in ((Purpose.INVITATION, "invitation"), (Purpose.RESET, "password-reset")):
        token = make_token(purpose, person_now(world.grace, first=purpose is Purpose.INVITATION))
        answer = Browser("acme").post(f"/{path}/{token}/", form)
        assert answer.status_code == 302
        told = ["Your password at Acme Instruments was changed"]
        assert subjects() == ([] if purpose is Purpose.INVITATION else told)


def person_now(person: User, *, first: bool) -> User:
    with inside(person.vendor):
        if first:
            User.objects.filter(pk=person.pk).update(password="!never")
        return User.objects.select_related("vendor").get(pk=person.pk)


def test_a_wrong_password_changes_and_tells_nothing(world: World) -> None:
    signed_in(world.ada).post("/profile/password/", {**CHANGE, "current_password": "wrong"})
    assert mail.outbox == []


# --- A new device -------------------------------------------------------------------------------


@pytest.mark.parametrize("who", EVERYBODY)
def test_a_sign_in_in_another_browser_is_told_with_browser_and_time(world: World, who: str) -> None:
    person = getattr(world, who)
    known = entered(person)
    assert mail.outbox == []  # the very first time
    known.post("/logout/")
    entered(person, browser=known)
    assert mail.outbox == []
    entered(person, SAFARI)
    [message] = mail.outbox
    assert message.to == [person.email]
    assert message.subject.startswith("A sign-in from a new device at ")
    assert "Safari on iPhone, 24 November 2026, 12:00 UTC." in message.body
    assert "If it was not you" in message.body
    assert browser_for(person).get(link_in(message)).status_code == 200


def test_an_invitation_makes_the_browser_known(world: World) -> None:
    token = make_token(Purpose.INVITATION, person_now(world.grace, first=True))
    browser = Browser("acme")
    form = {"new_password": NEW, "new_password_again": NEW}
    assert browser.post(f"/invitation/{token}/", form)["Location"] == "/"
    browser.post("/logout/")
    answer = browser.post("/login/", {"email": world.grace.email, "password": NEW})
    assert answer.status_code == 302
    assert mail.outbox == []


def test_who_forgets_all_cookies_is_not_flooded(world: World, frozen_time: Any) -> None:
    entered(world.ada)
    seen = []
    steps = [(0, FIREFOX), (5, FIREFOX), (9, FIREFOX), (0, SAFARI), (2, FIREFOX), (0, SAFARI)]
    for minutes, told in steps:
        frozen_time.shift(timedelta(minutes=minutes))
        mail.outbox.clear()
        entered(world.ada, told)
        seen.append(len(mail.outbox))
    assert seen == [1, 0, 0, 1, 1, 0]


def test_no_more_than_a_few_in_a_row_whatever_it_says_it_is(world: World) -> None:
    entered(world.ada)
    systems = ("Windows", "Android", "iPhone", "iPad", "Macintosh", "CrOS", "Linux")
    for system in systems:
        entered(world.ada, f"{system} Firefox/1")
    assert len(mail.outbox) == 5


def test_it_is_told_after_the_second_step_and_not_before(world: World) -> None:
    entered(world.ada)
    phone = phone_of(world.ada)
    mail.outbox.clear()
    browser = past_password(world.ada)
    assert mail.outbox == []
    browser.post("/login/code/", {"code": phone.code()}, headers={"user-agent": SAFARI})
    assert subjects() == ["A sign-in from a new device at Acme Instruments"]


def test_a_wrong_password_tells_nobody(world: World) -> None:
    entered(world.ada)
    Browser("acme").post("/login/", typed_by(world.ada, "wrong"))
    assert mail.outbox == []


def test_what_a_browser_says_of_itself_stays_out_of_the_e_mail(world: World) -> None:
    entered(world.ada)
    entered(world.ada, "Firefox/1 (Windows) https://evil.example/ <b>call 555</b>\x00")
    entered(world.ada, "https://evil.example/")
    bodies = [message.body + message.alternatives[0].content for message in mail.outbox]
    assert "Firefox on Windows" in bodies[0]
    assert "a browser without a name" in bodies[1]
    assert not any("evil" in each or "555" in each for each in bodies)


@pytest.mark.parametrize("who", EVERYBODY)
def test_a_place_is_told_where_the_operator_has_a_file(
    world: World, who: str, tmp_path: Path, settings: Any
) -> None:
    person = getattr(world, who)
    entered(person)
    entered(person)
    settings.GEOIP_DATABASE = geoip.written(tmp_path / "places.mmdb")
    browser = browser_for(person)
    browser.post(
        "/login/", typed_by(person), headers={"user-agent": SAFARI}, REMOTE_ADDR=geoip.BERLIN
    )
    without, with_place = (each.body + each.alternatives[0].content for each in mail.outbox)
    assert without.count("Firefox on Windows, 24 November") == 2
    assert with_place.count("Safari on iPhone near Berlin, Germany, 24 November") == 2
    rows = rows_of(browser, person)
    assert rows[0].startswith("Safari on iPhone near Berlin, Germany This device")
    assert rows[1].startswith("Firefox on Windows Signed in")


# --- The link -----------------------------------------------------------------------------------


@pytest.mark.parametrize("who", EVERYBODY)
def test_the_link_asks_and_then_ends_all_of_them(world: World, who: str) -> None:
    person = getattr(world, who)
    browsers, grace = [signed_in(person) for _time in range(2)], signed_in(world.grace)
    stranger, path = browser_for(person), end_link(person)
    for _time in range(2):  # scanners open it, too
        page = stranger.get(path)
        assert page.status_code == 200
        assert f"<strong>{person.email}</strong> is signed out everywhere" in page.content.decode()
    assert stranger.head(path).status_code == 200
    assert all(is_in(each) for each in browsers)
    answer = stranger.post(path, follow=True)
    assert answer.redirect_chain[0][0].startswith("/password-reset/")
    assert "All devices are signed out." in answer.content.decode()
    if who == "acme_support":
        assert 'value="acme"' in answer.content.decode()
    assert not any(is_in(each) for each in browsers)
    assert is_in(grace)
    assert [stranger.get(path).status_code, stranger.post(path).status_code] == [410, 410]
    if person.vendor:
        with inside(person.vendor):
            [entry] = AuditEntry.objects.filter(action="all-sessions-ended")
        assert (entry.actor_id, entry.subject_id) == (person.pk, person.pk)


def test_the_own_browser_is_signed_out_too(world: World) -> None:
    browser = signed_in(world.ada)
    answer = browser.post(end_link(world.ada))
    assert answer.cookies[settings.SESSION_COOKIE_NAME].value == ""
    assert not is_in(browser)
    grace = signed_in(world.grace)
    fresh = end_link(person_now(world.ada, first=False))
    assert grace.post(fresh).status_code == 302
    assert is_in(grace)  # whoever else opens it stays


def test_a_link_that_does_not_count(world: World, frozen_time: Any) -> None:
    path, browser = end_link(world.ada), signed_in(world.ada)
    tries = {
        "another vendor's host": (Browser("globex"), path),
        "the back office": (Browser("app"), end_link(world.ada_of_globex)[:-6] + "/"),
        "another purpose": (
            Browser("acme"),
            f"/sign-out-everywhere/{make_token(Purpose.RESET, world.ada)}/",
        ),
        "as a link for a password": (Browser("acme"), path.replace("sign-out-everywhere", "password-reset")),
        "damaged": (Browser("acme"), path[:-3] + "x/"),
    }  # fmt: skip
    for name, (visitor, tried) in tries.items():
        for answer in (visitor.get(tried), visitor.post(tried)):
            assert answer.status_code == 410, name
    assert is_in(browser)
    frozen_time.shift(timedelta(days=7, seconds=1))
    assert Browser("acme").post(path).status_code == 410
    assert is_in(browser)


def test_every_event_voids_the_links_of_before_and_brings_another(world: World) -> None:
    """Whoever has broken in can't leave the person without a link that works."""
    entered(world.ada)
    entered(world.ada, SAFARI)
    before = link_in(mail.outbox[-1])
    signed_in(world.ada).post("/profile/password/", CHANGE)
    assert Browser("acme").get(before).status_code == 410
    assert Browser("acme").get(link_in(mail.outbox[-1])).status_code == 200
    ada = person_now(world.ada, first=False)
    token = make_token(Purpose.EMAIL_CHANGE, ada, "countess@example.com")
    assert Browser("acme").post(f"/profile/email/{token}/").status_code == 302
    assert mail.outbox[-1].to == ["ada@example.com"]
    assert Browser("acme").get(link_in(mail.outbox[-1])).status_code == 200


def test_a_form_of_another_site_ends_nothing(world: World) -> None:
    browser = signed_in(world.ada)
    from django.test import Client

    strict = Client(enforce_csrf_checks=True, HTTP_HOST="acme.portal.localhost")
    assert strict.post(end_link(world.ada)).status_code == 403
    assert is_in(browser)


# --- E-mail and role ----------------------------------------------------------------------------


def test_a_new_e_mail_ends_all_others_and_this_one_goes_on(world: World) -> None:
    browser, other = signed_in(world.ada), signed_in(world.ada)
    before = browser.cookies[settings.SESSION_COOKIE_NAME].value
    token = make_token(Purpose.EMAIL_CHANGE, world.ada, "countess@example.com")
    assert browser.post(f"/profile/email/{token}/").status_code == 302
    assert is_in(browser)
    assert browser.cookies[settings.SESSION_COOKIE_NAME].value != before
    assert not is_in(other)
    [session] = all_sessions()
    assert session.is_kept  # as it was
    browser.post("/logout/")
    mail.outbox.clear()
    entered(person_now(world.ada, first=False), browser=browser)
    assert mail.outbox == []  # known by the new address


def test_confirmed_elsewhere_nobody_is_signed_in(world: World) -> None:
    browser, grace = signed_in(world.ada), signed_in(world.grace)
    token = make_token(Purpose.EMAIL_CHANGE, world.ada, "countess@example.com")
    assert grace.post(f"/profile/email/{token}/").status_code == 302
    assert not is_in(browser)
    assert [each.user for each in all_sessions()] == [world.grace]


@pytest.mark.parametrize(
    ("who", "fields"),
    [
        ("ada", {"role": "organization-admin"}),
        ("acme_support", {"role": "admin"}),
        ("ada", {"email": "countess@example.com"}),
    ],
)
def test_a_role_or_e_mail_that_staff_changes_ends_all(
    world: World, who: str, fields: dict[str, str]
) -> None:
    person = getattr(world, who)
    browser, grace = signed_in(person), signed_in(world.grace)
    with inside(world.acme):
        ready = User.objects.get(pk=person.pk)
        for name, value in fields.items():
            setattr(ready, name, value)
        change_person(person=ready, fields=list(fields))
    assert not is_in(browser)
    assert is_in(grace)


# --- At the same time ---------------------------------------------------------------------------


def test_who_is_signing_in_as_all_sessions_end_does_not_come_in(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = VendorBackend.authenticate

    def slow(*args: Any, **options: Any) -> Any:
        found = check(*args, **options)
        with people_of(world.acme):
            verbs.end_everywhere(User.objects.select_related("vendor").get(pk=world.ada.pk))
        return found

    with monkeypatch.context() as patch:
        patch.setattr(VendorBackend, "authenticate", slow)
        assert Browser("acme").post("/login/", typed_by(world.ada)).status_code == 200
    assert all_sessions() == []


def test_a_first_step_of_before_is_void(world: World) -> None:
    phone = phone_of(world.ada)
    browser = past_password(world.ada)
    assert Browser("acme").post(end_link(person_now(world.ada, first=False))).status_code == 302
    answer = browser.post("/login/code/", {"code": phone.code()})
    assert answer["Location"] == "/login/"
    assert all_sessions() == []


@pytest.mark.django_db(transaction=True)
def test_of_many_with_one_link_one_ends_them_and_whoever_comes_in_counts() -> None:
    world = worlds.build()
    path, before = end_link(world.ada), signed_in(world.ada)
    entering = [Browser("acme") for _time in range(2)]

    def act(n: int) -> tuple[str, int]:
        if n < 3:
            return "link", int(Browser("acme").post(path).status_code)
        return "sign in", int(entering[n - 3].post("/login/", typed_by(world.ada)).status_code)

    done = run_at_once(5, act)
    assert sorted(code for what, code in done if what == "link") == [302, 410, 410]
    assert {code for what, code in done if what == "sign in"} <= {200, 302}
    assert not is_in(before)
    assert len(all_sessions()) == sum(is_in(each) for each in entering)
    assert below(world.ada) == "/profile"
    with inside(world.acme):
        sessions.end_all(world.ada)
    assert not any(is_in(each) for each in entering)
