"""Setting a second factor up, new recovery codes, switching off, and the fresh proof that is asked
before."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.conf import settings
from django.core import mail

from accounts.models import RecoveryCode, SecondFactor, Session, User
from accounts.second_factor import codes, verbs
from accounts.sessions import people_of
from audit.models import AuditEntry
from tenancy.door import inside
from tenancy.hosts import Site
from tests import world as worlds
from tests.accounts.phones import SECRET, by_code, phone_of, shown, step_now
from tests.licenses.test_activation import run_at_once
from tests.posted import form_of
from tests.roles import everywhere
from tests.world import PASSWORD, Browser, World, signed_in
from web.models import RateBucket

EVERYBODY = ("ada", "acme_support", "operator")


def below(person: User) -> str:
    return "/profile" if person.is_customer else ""


def has_factor(person: User) -> bool:
    with people_of(person.vendor):
        there = SecondFactor.of_scope.filter(user=person).exists()
        assert bool(User.people.get(pk=person.pk).second_factor_since) is there
    return there


def secret_on(page: Any) -> bytes:
    from base64 import b32decode

    found = SECRET.search(page.content.decode())
    assert found
    return b32decode(found[1])


def set_up_in(browser: Browser, person: User, path: str = "/second-factor/set-up/") -> Any:
    page = browser.get(below(person) + path)
    assert page.status_code == 200
    secret = secret_on(page)
    form = form_of(page.content.decode()) | {"code": codes.code_at(secret, step_now())}
    return browser.post(below(person) + "/second-factor/set-up/", form)


@pytest.mark.parametrize("who", EVERYBODY)
def test_a_first_code_switches_it_on(world: World, who: str) -> None:
    person = getattr(world, who)
    browser, other = signed_in(person), signed_in(person)
    before = browser.cookies[settings.SESSION_COOKIE_NAME].value
    answer = set_up_in(browser, person)
    assert answer.status_code == 200
    assert len(set(shown(answer))) == 10
    assert "no-store" in answer["Cache-Control"]
    assert has_factor(person)
    # This browser goes on, with another cookie; all others are out, whoever has a copy, too.
    assert browser.cookies[settings.SESSION_COOKIE_NAME].value != before
    assert browser.get(below(person) + "/second-factor/").status_code == 200
    assert other.get(below(person) + "/second-factor/").status_code == 302
    [message] = mail.outbox
    assert message.to == [person.email]
    assert "The second factor is on" in message.subject
    assert "If it was not you" in message.body
    if person.vendor:
        with inside(person.vendor):
            [entry] = AuditEntry.objects.filter(action="second-factor-added")
        assert (entry.actor_id, entry.customer_id) == (
            person.pk, person.pk if person.is_customer else None,
        )  # fmt: skip
    with people_of(person.vendor):
        kept = RecoveryCode.of_scope.filter(user=person)
        [salt] = set(kept.values_list("salt", flat=True))
        digests = {
            codes.digest(str(person.pk), code.replace("-", ""), salt) for code in shown(answer)
        }
        assert set(kept.values_list("digest", flat=True)) == digests


def test_the_page_shows_the_secret_as_picture_and_text(world: World) -> None:
    browser = signed_in(world.ada)
    page = browser.get("/profile/second-factor/set-up/")
    text = page.content.decode()
    secret = codes.as_text(secret_on(page))
    assert codes.grouped(secret) in text
    assert '<svg viewBox="' in text
    assert (
        f"otpauth://totp/Acme%20Instruments:ada%40example.com?secret={secret}&amp;issuer=" in text
    )
    assert "default-src 'none'" in page["Content-Security-Policy"]
    # A page that is loaded again shows the same; another person's or browser's another.
    assert secret_on(browser.get("/profile/second-factor/set-up/")) == secret_on(page)
    assert secret_on(signed_in(world.ada).get("/profile/second-factor/set-up/")) != secret_on(page)
    other = signed_in(world.grace)
    other.cookies[settings.NEW_FACTOR_COOKIE_NAME] = browser.cookies[
        settings.NEW_FACTOR_COOKIE_NAME
    ].value
    assert secret_on(other.get("/profile/second-factor/set-up/")) != secret_on(page)
    assert secret not in str(browser.cookies)


@pytest.mark.parametrize("typed", ["000000", "", "12345"])
def test_without_a_right_code_nothing_is_on(world: World, typed: str) -> None:
    browser = signed_in(world.ada)
    browser.get("/profile/second-factor/set-up/")
    answer = browser.post("/profile/second-factor/set-up/", {"code": typed})
    assert answer.status_code == 200
    assert not has_factor(world.ada)
    assert mail.outbox == []


def test_one_that_is_on_is_not_replaced(world: World) -> None:
    """A downgrade: who has got hold of a session can't put a phone of his own in its place."""
    browser = signed_in(world.ada)
    secret = secret_on(browser.get("/profile/second-factor/set-up/"))
    phone = phone_of(world.ada)
    browser = by_code(world.ada, phone)
    assert browser.get("/profile/second-factor/set-up/").status_code == 302
    answer = browser.post(
        "/profile/second-factor/set-up/", {"code": codes.code_at(secret, step_now())}
    )
    assert answer.status_code == 302
    with inside(world.acme), pytest.raises(verbs.FactorIsOn):
        verbs.set_up(
            world.ada,
            secret=secret,
            code=codes.code_at(secret, step_now()),
            site=Site.CUSTOMER,
            browser="",
        )
    by_code(world.ada, phone, later=1)


@pytest.mark.django_db(transaction=True)
def test_of_two_set_up_at_once_one_counts() -> None:
    world = worlds.build()
    browsers = [signed_in(world.ada) for _ in range(4)]
    secrets = [secret_on(each.get("/profile/second-factor/set-up/")) for each in browsers]

    def act(n: int) -> str:
        code = codes.code_at(secrets[n], step_now())
        answer = browsers[n].post("/profile/second-factor/set-up/", {"code": code})
        return "on" if len(shown(answer)) == 10 else "not"

    assert sorted(run_at_once(4, act)) == ["not", "not", "not", "on"]
    with inside(world.acme):
        assert SecondFactor.of_scope.count() == 1
        assert verbs.codes_left(world.ada) == 10
        assert Session.of_scope.filter(user=world.ada).count() == 1


def test_sent_twice_it_is_set_up_once(world: World) -> None:
    """The codes are shown once; what comes again is led to where they can be made anew."""
    browser = signed_in(world.ada)
    page = browser.get("/profile/second-factor/set-up/")
    code = codes.code_at(secret_on(page), step_now())
    form = form_of(page.content.decode()) | {"code": code}
    assert len(shown(browser.post("/profile/second-factor/set-up/", form))) == 10
    again = browser.post("/profile/second-factor/set-up/", form, follow=True)
    assert again.redirect_chain[-1] == ("/profile/second-factor/", 302)
    assert shown(again) == []
    assert len(mail.outbox) == 1


def test_guesses_at_the_first_code_are_counted(world: World) -> None:
    browser = signed_in(world.ada)
    browser.get("/profile/second-factor/set-up/")
    seen = [
        browser.post("/profile/second-factor/set-up/", {"code": "000000"}).status_code
        for _ in range(9)
    ]
    assert seen == [200] * 8 + [429]


# --- Recovery codes -----------------------------------------------------------------------------


@pytest.mark.parametrize("who", EVERYBODY)
def test_new_recovery_codes_take_the_place_of_the_old(world: World, who: str) -> None:
    person = getattr(world, who)
    phone = phone_of(person)
    browser = by_code(person, phone)
    mail.outbox.clear()
    path = below(person) + "/second-factor/codes/"
    page = browser.get(path)
    assert "10 codes left" in page.content.decode()
    form = form_of(page.content.decode())
    answer = browser.post(path, form)
    made = shown(answer)
    assert len(set(made)) == 10
    assert not set(made) & set(phone.recovery)
    [message] = mail.outbox
    assert "New recovery codes" in message.subject
    assert "If it was not you" in message.body
    again = browser.post(path, form, follow=True)
    assert shown(again) == []
    assert len(mail.outbox) == 1
    with people_of(person.vendor):
        assert verbs.codes_left(person) == 10
        with pytest.raises(verbs.WrongRecoveryCode):
            verbs.use_recovery_code(person, phone.recovery[0].replace("-", ""))
        verbs.use_recovery_code(person, made[0].replace("-", ""))


# --- The proof ----------------------------------------------------------------------------------

ASKING = ("/profile/second-factor/set-up/", "/profile/second-factor/codes/")


def old_session(person: User, frozen_time: Any, minutes: float = 10) -> Browser:
    browser = signed_in(person)
    frozen_time.shift(timedelta(minutes=minutes))
    return browser


@pytest.mark.parametrize("path", ASKING)
@pytest.mark.parametrize("method", ["get", "post"])
def test_after_ten_minutes_a_proof_is_asked_for(
    world: World, frozen_time: Any, path: str, method: str
) -> None:
    browser = old_session(world.ada, frozen_time, 9.9)
    assert "/prove/" not in getattr(browser, method)(path).headers.get("Location", "")
    frozen_time.shift(6)
    answer = getattr(browser, method)(path)
    assert answer["Location"].startswith("/profile/prove/?next=")
    for typed in ({"current_password": "wrong"}, {"current_password": ""}, {"code": "000000"}, {}):
        assert browser.post(answer["Location"], typed).status_code == 200
        assert "/prove/" in browser.get(path)["Location"]
    proved = browser.post(answer["Location"], {"current_password": PASSWORD})
    assert proved["Location"] == path
    assert "/prove/" not in browser.get(path).headers.get("Location", "")


@pytest.mark.parametrize("who", ["acme_admin", "operator"])
def test_in_the_back_office_too(world: World, frozen_time: Any, who: str) -> None:
    browser = old_session(getattr(world, who), frozen_time)
    asked = browser.get("/second-factor/set-up/")["Location"]
    assert asked.startswith("/prove/?next=")
    assert (
        browser.post(asked, {"current_password": PASSWORD})["Location"] == "/second-factor/set-up/"
    )
    assert browser.get("/second-factor/set-up/").status_code == 200


def test_a_code_is_a_proof_too_and_counts_once(world: World, frozen_time: Any) -> None:
    phone = phone_of(world.ada)
    browser, other = old_session(world.ada, frozen_time), signed_in(world.ada)
    page = browser.get("/profile/prove/?next=/profile/second-factor/codes/")
    link = re.search(r'href="(/profile/prove/[^"]*by=code)"', page.content.decode())
    assert link
    path = unescape(link[1])
    answer = browser.post(path, {"code": phone.code()})
    assert answer["Location"] == "/profile/second-factor/codes/"
    assert browser.get("/profile/second-factor/codes/").status_code == 200
    assert other.post(path, {"code": phone.code()}).status_code == 200
    assert other.post("/profile/prove/", {"code": phone.code(1)}).status_code == 200


def test_who_has_no_factor_proves_nothing_by_a_code(world: World, frozen_time: Any) -> None:
    browser = old_session(world.ada, frozen_time)
    assert b'type="password"' in browser.get("/profile/prove/?by=code").content
    assert browser.post("/profile/prove/?by=code", {"code": "000000"}).status_code == 200
    assert "/prove/" in browser.get(ASKING[0])["Location"]


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_a_proof_leads_to_no_other_host(world: World, target: str) -> None:
    answer = signed_in(world.ada).post(
        "/profile/prove/", {"current_password": PASSWORD, "next": target}
    )
    assert answer["Location"] == "/profile/second-factor/"


def test_forms_that_ask_for_the_password_are_a_proof(world: World, frozen_time: Any) -> None:
    for path, typed in (
        ("/profile/email/", {"new_email": "countess@example.com"}),
        (
            "/profile/password/",
            {"new_password": "battery 7 staple", "new_password_again": "battery 7 staple"},
        ),
    ):
        browser = old_session(world.ada, frozen_time)
        assert "/prove/" in browser.get(ASKING[0])["Location"]
        wrong = browser.post(path, {**typed, "current_password": "wrong"})
        assert wrong.status_code == 200
        assert "/prove/" in browser.get(ASKING[0])["Location"]
        browser.post(path, {**typed, "current_password": PASSWORD})
        assert browser.get(ASKING[0]).status_code == 200


def test_a_proof_is_of_one_session(world: World, frozen_time: Any) -> None:
    browser = old_session(world.ada, frozen_time)
    signed_in(world.ada)
    assert "/prove/" in browser.get(ASKING[0])["Location"]


def test_a_session_of_before_the_upgrade_has_none(world: World) -> None:
    browser = signed_in(world.ada)
    with everywhere():
        Session._base_manager.update(proved_at=None)
    assert "/prove/" in browser.get(ASKING[0])["Location"]


# --- Off ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", EVERYBODY)
def test_switching_off_asks_for_the_password(world: World, who: str) -> None:
    person = getattr(world, who)
    phone = phone_of(person)
    browser = by_code(person, phone)
    other = by_code(person, phone, later=1)
    mail.outbox.clear()
    path = below(person) + "/second-factor/off/"
    for typed in ({}, {"current_password": "wrong"}, {"code": phone.code(1)}):
        assert browser.post(path, typed).status_code == 200
        assert has_factor(person)
    assert browser.post(path, {"current_password": PASSWORD}).status_code == 302
    assert not has_factor(person)
    assert other.get(below(person) + "/second-factor/").status_code == 302
    assert browser.get(below(person) + "/second-factor/").status_code == 200
    [message] = mail.outbox
    assert "The second factor is off" in message.subject
    assert "If it was not you" in message.body
    with people_of(person.vendor):
        assert not RecoveryCode.of_scope.filter(user=person).exists()
    if person.vendor:
        with inside(person.vendor):
            assert AuditEntry.objects.filter(action="second-factor-removed").count() == 1


def test_it_can_be_set_up_again_and_old_codes_stay_void(world: World) -> None:
    old = phone_of(world.ada)
    browser = by_code(world.ada, old)
    browser.post("/profile/second-factor/off/", {"current_password": PASSWORD})
    RateBucket.objects.all().delete()
    assert len(shown(set_up_in(browser, world.ada))) == 10
    with inside(world.acme):
        for code in (old.code(1), old.code(-1)):
            with pytest.raises(verbs.WrongCode):
                verbs.use_code(world.ada, code)
        with pytest.raises(verbs.WrongRecoveryCode):
            verbs.use_recovery_code(world.ada, old.recovery[0].replace("-", ""))


def test_the_password_form_says_nothing_to_who_views_as_a_customer(world: World) -> None:
    from tests.portal.test_view_as import viewing

    phone_of(world.ada)
    browser = viewing(world)
    page = browser.get("/profile/second-factor/").content.decode()
    assert "On since" in " ".join(page.split())
    for path in ASKING:
        assert browser.get(path).status_code == 403
        assert browser.post(path, {}).status_code == 403
    assert (
        browser.post("/profile/second-factor/off/", {"current_password": PASSWORD}).status_code
        == 403
    )
    assert has_factor(world.ada)
