"""Signing in with a second factor, and every way around it that we could think of."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import mail, signing

from accounts.links import Purpose, make_token
from accounts.models import RecoveryCode, Refusal, SecondFactor, Session, User
from accounts.second_factor import codes, first_step, verbs
from accounts.sessions import people_of
from accounts.verbs.passwords import set_password
from accounts.verbs.people import change_person
from audit.models import AuditEntry
from tenancy.door import inside
from tests import world as worlds
from tests.accounts.phones import by_code, past_password, phone_of, step_now, typed_by
from tests.conftest import NOW
from tests.licenses.test_activation import run_at_once
from tests.roles import everywhere
from tests.world import PASSWORD, Browser, World, signed_in
from web.models import RateBucket

SESSION, FIRST_STEP = settings.SESSION_COOKIE_NAME, settings.FIRST_STEP_COOKIE_NAME
EVERYBODY = ("ada", "acme_support", "operator")
WRONG = "This code is wrong or was used before."


def sessions_of(person: User) -> int:
    with people_of(person.vendor):
        return Session.of_scope.filter(user=person).count()


def actions(person: User) -> list[str]:
    with inside(person.vendor):  # type: ignore[arg-type]
        found = AuditEntry.objects.filter(subject_id=person.pk).order_by("sequence")
        return list(found.values_list("action", flat=True))


def is_in(browser: Browser) -> bool:
    path = "/licenses/" if "app." not in browser.defaults["HTTP_HOST"] else "/"
    return browser.get(path).status_code == 200


def wrong(phone: Any) -> str:
    """A code that none of the steps around has."""
    near = {phone.code(later) for later in range(-3, 4)}
    return next(code for code in map("{:06}".format, range(10)) if code not in near)


# --- Two steps ----------------------------------------------------------------------------------


@pytest.mark.parametrize("who", EVERYBODY)
def test_the_password_alone_begins_nothing(world: World, who: str) -> None:
    person = getattr(world, who)
    phone = phone_of(person)
    browser = past_password(person)
    assert SESSION not in browser.cookies
    assert sessions_of(person) == 0
    assert not is_in(browser)
    if person.vendor:
        assert "signed-in" not in actions(person)
    page = browser.get("/login/code/").content.decode()
    assert 'autocomplete="one-time-code"' in page
    assert 'inputmode="numeric"' in page
    assert "/login/recovery-code/" in page
    assert "Your password is right. Now type" in " ".join(page.split())
    assert browser.post("/login/code/", {"code": phone.code()}).status_code == 302
    assert is_in(browser)
    assert browser.cookies[FIRST_STEP].value == ""
    if person.vendor:
        assert actions(person)[-1] == "signed-in"
        with inside(person.vendor):
            entry = AuditEntry.objects.get(action="signed-in")
        assert entry.actor_id == person.pk


@pytest.mark.takes_turns
@pytest.mark.parametrize("who", EVERYBODY)
def test_a_recovery_code_does_in_its_place_and_counts_once(world: World, who: str) -> None:
    person = getattr(world, who)
    phone = phone_of(person)
    mail.outbox.clear()
    for n, code in enumerate(phone.recovery):
        browser = past_password(person)
        assert browser.post("/login/recovery-code/", {"code": code.upper()}).status_code == 302
        assert is_in(browser)
        [message] = [each for each in mail.outbox if "recovery code" in each.subject]
        assert f"How many are left: {9 - n}." in message.body
        assert "If it was not you" in message.body
        assert "/sign-out-everywhere/" in message.body
        mail.outbox.clear()
        RateBucket.objects.all().delete()
        again = past_password(person).post("/login/recovery-code/", {"code": code})
        assert "none of your recovery codes" in again.content.decode()
    with people_of(person.vendor):
        assert verbs.codes_left(person) == 0


def test_whoever_has_none_signs_in_as_before(world: World) -> None:
    answer = Browser("acme").post("/login/", typed_by(world.ada))
    assert answer["Location"] == "/"
    assert FIRST_STEP not in answer.cookies


@pytest.mark.parametrize(
    ("wanted", "place"),
    [
        ("/offline/", "/offline/"),
        ("/licenses/?q=a%26b&page=2", "/licenses/?q=a%26b&page=2"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
    ],
)
def test_it_goes_where_the_visitor_wanted(world: World, wanted: str, place: str) -> None:
    from urllib.parse import quote

    from tests.posted import form_of

    phone = phone_of(world.ada)
    browser = Browser("acme")
    answer = browser.post(f"/login/?next={quote(wanted)}", typed_by(world.ada))
    for use, typed in (
        ("/login/recovery-code/", phone.recovery[0]),
        ("/login/code/", phone.code()),
    ):
        page = browser.get(answer["Location"].replace("/login/code/", use))
        form = form_of(page.content.decode()) | {"code": typed}
        done = browser.post(use, form)
        assert done["Location"] == place
        past_password(world.ada, browser)


def test_what_was_typed_before_the_session_ended_is_kept(world: World) -> None:
    """The page has the mark by which static/js/forms.js keeps it on."""
    phone_of(world.ada)
    browser = Browser("acme")
    login = browser.post("/profile/", {"company": "X"})["Location"]
    assert "unsaved=yes" in login
    step = browser.post(login, typed_by(world.ada))["Location"]
    page = browser.get(step).content.decode()
    assert "data-unsaved" in page
    assert "next=%2Fprofile%2F" in step


def test_a_signed_in_browser_is_the_other_person_after_the_code_alone(world: World) -> None:
    phone = phone_of(world.ada)
    browser = signed_in(world.grace)
    past_password(world.ada, browser)
    assert b"grace@example.com" in browser.get("/profile/").content
    browser.post("/login/code/", {"code": phone.code()})
    assert b"ada@example.com" in browser.get("/profile/").content
    assert sessions_of(world.grace) == 0


@pytest.mark.parametrize("kind", [Purpose.RESET, Purpose.INVITATION])
@pytest.mark.parametrize("who", EVERYBODY)
def test_a_link_that_sets_the_password_opens_nothing_without_the_code(
    world: World, who: str, kind: Purpose
) -> None:
    person = getattr(world, who)
    phone = phone_of(person)
    with people_of(person.vendor):
        person = User.people.select_related("vendor").get(pk=person.pk)
    page = "password-reset" if kind is Purpose.RESET else "invitation"
    browser = Browser("acme" if person.is_customer else "app")
    new = "another horse battery"
    typed = {"new_password": new, "new_password_again": new}
    assert browser.post(f"/{page}/{make_token(kind, person)}/", typed).status_code == 302
    assert not is_in(browser)
    answer = browser.post("/login/", typed_by(person, new))
    assert answer["Location"] == "/login/code/"
    assert not is_in(browser)
    browser.post("/login/code/", {"code": phone.code()})
    assert is_in(browser)


# --- Replay, drift, races -----------------------------------------------------------------------


def test_a_code_counts_once_and_none_before_it(world: World, frozen_time: Any) -> None:
    phone = phone_of(world.ada)
    by_code(world.ada, phone)
    for later in (0, -1):
        answer = past_password(world.ada).post("/login/code/", {"code": phone.code(later)})
        assert WRONG in answer.content.decode()
    by_code(world.ada, phone, later=1)  # her clock is ahead
    frozen_time.shift(30)
    answer = past_password(world.ada).post("/login/code/", {"code": phone.code()})
    assert WRONG in answer.content.decode()
    frozen_time.shift(30)
    by_code(world.ada, phone)


@pytest.mark.parametrize(("later", "counts"), [(-2, False), (1, True), (2, False)])
def test_a_clock_may_be_a_step_off(world: World, later: int, counts: bool) -> None:
    phone = phone_of(world.ada)
    answer = past_password(world.ada).post("/login/code/", {"code": phone.code(later)})
    assert (answer.status_code == 302) is counts


def test_the_code_that_set_it_up_does_not_sign_in(world: World) -> None:
    phone = phone_of(world.ada)
    answer = past_password(world.ada).post("/login/code/", {"code": phone.code(-1)})
    assert WRONG in answer.content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("by", ["code", "recovery-code"])
@pytest.mark.parametrize("who", ["ada", "operator"])
def test_of_many_at_once_with_one_code_one_gets_in(by: str, who: str) -> None:
    world = worlds.build()
    person = getattr(world, who)
    phone = phone_of(person)
    browsers = [past_password(person) for _ in range(6)]
    code = phone.code() if by == "code" else phone.recovery[0]

    def act(n: int) -> str:
        return str(browsers[n].post(f"/login/{by}/", {"code": code}).status_code)

    assert sorted(run_at_once(6, act)) == ["200"] * 5 + ["302"]
    assert sessions_of(person) == 1
    with people_of(person.vendor):
        assert verbs.codes_left(person) == (10 if by == "code" else 9)


# --- Ways around it -----------------------------------------------------------------------------


def test_the_first_step_is_worth_nothing_elsewhere(world: World) -> None:
    """Neither at another vendor, nor in the other site, nor as a session."""
    phone_of(world.ada)
    phone_of(world.acme_admin)
    theirs = phone_of(world.ada_of_globex)
    step = past_password(world.ada).cookies[FIRST_STEP].value
    office = past_password(world.acme_admin).cookies[FIRST_STEP].value
    for label, cookie in (("globex", step), ("app", step), ("acme", office), ("globex", office)):
        browser = Browser(label)
        browser.cookies[FIRST_STEP] = cookie
        answer = browser.post("/login/code/", {"code": theirs.code()})
        assert answer["Location"] == "/login/", label
        assert not is_in(browser)
    browser = Browser("acme")
    browser.cookies[SESSION] = step
    assert not is_in(browser)


@pytest.mark.parametrize("cookie", ["", "x", "x:y:z", "é", "a" * 5000, "forged", "another salt"])
def test_a_first_step_that_is_none(world: World, cookie: str) -> None:
    phone = phone_of(world.ada)
    payload = ["customer", str(world.acme.pk), str(world.ada.pk), "0" * 64]
    forged = {
        "forged": signing.dumps(payload, key="guessed", salt=first_step.SALT),
        "another salt": signing.dumps(payload, salt="accounts.links.reset"),
    }
    browser = Browser("acme")
    browser.cookies[FIRST_STEP] = forged.get(cookie, cookie)
    for code in (phone.code(), phone.recovery[0]):
        assert browser.post("/login/code/", {"code": code})["Location"] == "/login/"
        assert browser.post("/login/recovery-code/", {"code": code})["Location"] == "/login/"
    assert not is_in(browser)


def test_another_persons_codes_are_worth_nothing(world: World) -> None:
    phone_of(world.ada)
    of_grace = phone_of(world.grace)
    browser = past_password(world.ada)
    assert browser.post("/login/code/", {"code": of_grace.code()}).status_code == 200
    answer = browser.post("/login/recovery-code/", {"code": of_grace.recovery[0]})
    assert answer.status_code == 200
    assert not is_in(browser)
    with inside(world.acme):
        assert verbs.codes_left(world.grace) == 10


def changes() -> list[Any]:
    def password(world: World) -> None:
        set_password(world.ada, "another horse battery")

    def off(world: World) -> None:
        switched(world, is_active=False)

    def no_portal(world: World) -> None:
        switched(world, allow_customer_portal_access=False)

    def role(world: World) -> None:
        switched(world, role="support")

    def closed(world: World) -> None:
        worlds.set_vendor(world.acme, status="inactive")

    return [password, off, no_portal, role, closed]


def switched(world: World, **fields: Any) -> None:
    with inside(world.acme):
        person = User.objects.get(pk=world.ada.pk)
        for name, value in fields.items():
            setattr(person, name, value)
        change_person(person=person, fields=list(fields))


@pytest.mark.parametrize("change", changes())
def test_whatever_changes_between_the_steps_ends_the_first(world: World, change: Any) -> None:
    phone = phone_of(world.ada)
    browser = past_password(world.ada)
    change(world)
    answer = browser.post("/login/code/", {"code": phone.code()})
    assert SESSION not in answer.cookies
    assert sessions_of(world.ada) == 0


def test_the_first_step_lasts_ten_minutes(world: World, frozen_time: Any) -> None:
    phone = phone_of(world.ada)
    browser = past_password(world.ada)
    frozen_time.shift(timedelta(minutes=10, seconds=1))
    answer = browser.post("/login/code/", {"code": phone.code()})
    assert answer["Location"] == "/login/"
    assert "That took too long" in browser.get("/login/").content.decode()
    assert not is_in(browser)


def test_a_factor_that_was_taken_off_meanwhile_is_not_skipped(world: World) -> None:
    phone = phone_of(world.ada)
    browser = past_password(world.ada)
    with inside(world.acme):
        verbs.take_off(world.ada, reason="Lost")
    for path, code in (("code", phone.code()), ("recovery-code", phone.recovery[0])):
        assert browser.post(f"/login/{path}/", {"code": code}).status_code == 200
    assert not is_in(browser)
    assert Browser("acme").post("/login/", typed_by(world.ada))["Location"] == "/"


def test_a_cookie_from_a_neighbour_signs_nobody_in(world: World) -> None:
    """Who plants his own first step in her browser gets her into his account at most by his code."""
    phone_of(world.grace)
    of_ada = phone_of(world.ada)
    planted = past_password(world.grace).cookies[FIRST_STEP].value
    browser = Browser("acme")
    browser.cookies[FIRST_STEP] = planted
    assert browser.post("/login/code/", {"code": of_ada.code()}).status_code == 200
    assert not is_in(browser)


def test_forms_of_the_second_step_need_the_csrf_token(world: World) -> None:
    phone = phone_of(world.ada)
    browser = Browser("acme", enforce_csrf_checks=True)
    browser.cookies[FIRST_STEP] = past_password(world.ada).cookies[FIRST_STEP].value
    assert browser.post("/login/code/", {"code": phone.code()}).status_code == 403
    assert not is_in(browser)


@pytest.mark.parametrize("typed", ["", "1", "x" * 65, "\x00" * 6, "' OR 1=1 --", "１２", "💥"])
@pytest.mark.parametrize("path", ["/login/code/", "/login/recovery-code/"])
def test_odd_codes_are_answered(world: World, path: str, typed: str) -> None:
    phone_of(world.ada)
    browser = past_password(world.ada)
    assert browser.post(path, {"code": typed}).status_code == 200
    assert not is_in(browser)


def test_with_tls_the_cookies_belong_to_this_host_alone(world: World, settings: Any) -> None:
    settings.SESSION_COOKIE_SECURE = True
    phone_of(world.ada)
    morsel = past_password(world.ada).cookies[FIRST_STEP]
    assert (morsel["httponly"], morsel["secure"], morsel["samesite"]) == (True, True, "Lax")
    assert (morsel["path"], morsel["domain"], morsel["max-age"]) == ("/", "", 600)


# --- Guessing -----------------------------------------------------------------------------------


def test_who_goes_on_guessing_has_to_wait(world: World, frozen_time: Any) -> None:
    phone = phone_of(world.ada)
    browser = past_password(world.ada)
    seen = [browser.post("/login/code/", {"code": wrong(phone)}).status_code for _ in range(9)]
    assert seen == [200] * 8 + [429]
    for path, code in (("code", phone.code()), ("recovery-code", phone.recovery[0])):
        answer = past_password(world.ada).post(f"/login/{path}/", {"code": code})
        assert (answer.status_code, answer["Retry-After"]) == (429, "300")
    frozen_time.shift(301)
    by_code(world.ada, phone)  # a slow-down, no lock-out
    with inside(world.acme):
        refused = Refusal.objects.filter(user=world.ada, reason="WRONG_CODE")
        assert refused.count() == 8


def test_strangers_can_not_keep_her_out(world: World) -> None:
    """Without the password nobody gets to where codes are counted."""
    phone = phone_of(world.ada)
    RateBucket.objects.all().delete()
    stranger = Browser("acme")
    for _ in range(20):
        stranger.post("/login/code/", {"code": "000000"})
        stranger.post("/login/recovery-code/", {"code": phone.recovery[0]})
    assert not RateBucket.objects.exists()
    by_code(world.ada, phone)


@pytest.mark.django_db(transaction=True)
def test_many_guesses_at_once_are_all_counted() -> None:
    world = worlds.build()
    phone = phone_of(world.ada)
    browsers = [past_password(world.ada) for _ in range(12)]
    guess = wrong(phone)

    def act(n: int) -> str:
        return str(browsers[n].post("/login/code/", {"code": guess}).status_code)

    assert sorted(run_at_once(12, act)) == ["200"] * 8 + ["429"] * 4


def test_a_right_code_gives_its_try_back(world: World, frozen_time: Any) -> None:
    phone = phone_of(world.ada)
    for _ in range(12):
        by_code(world.ada, phone)
        frozen_time.shift(30)


def test_codes_of_before_there_were_salts_count(world: World) -> None:
    phone_of(world.ada)
    with inside(world.acme):
        digest = codes.digest(str(world.ada.pk), "0a1b2c3d4e5f6g7h", "")
        RecoveryCode.of_scope.update(salt="")
        one = RecoveryCode.of_scope.earliest("pk")
        RecoveryCode.of_scope.filter(pk=one.pk).update(digest=digest)
        verbs.use_recovery_code(world.ada, "0a1b2c3d4e5f6g7h")
        with pytest.raises(verbs.WrongRecoveryCode):
            verbs.use_recovery_code(world.ada, "0a1b2c3d4e5f6g7h")


# --- At rest ------------------------------------------------------------------------------------


def test_the_tables_give_nothing_away(world: World) -> None:
    phone = phone_of(world.ada)
    with everywhere():
        rows = [*SecondFactor._base_manager.values(), *RecoveryCode._base_manager.values()]
        entries = list(AuditEntry._base_manager.values())
    text = str(rows) + str(entries)
    assert len(rows) == 11
    assert codes.as_text(phone.secret) not in text
    assert phone.secret.hex() not in text
    for code in phone.recovery:
        assert code not in text
        assert code.replace("-", "") not in text
        assert codes.read_recovery_code(code) not in text
    assert rows[0]["last_step"] == step_now() - 1


def test_who_is_deleted_takes_them_along(world: World) -> None:
    from accounts.verbs.people import create_person, delete_person

    with inside(world.acme):
        eve = create_person(person=User(vendor=world.acme, email="eve@example.com"), invited=False)
    phone_of(eve)
    with inside(world.acme):
        from mail.models import OutgoingEmail

        OutgoingEmail.objects.filter(user=eve).delete()
        delete_person(person=User.objects.get(pk=eve.pk))
        assert not SecondFactor.of_scope.exists()
        assert not RecoveryCode.of_scope.exists()


def test_the_state_is_told_where_it_is_looked_for(world: World) -> None:
    phone = phone_of(world.ada)
    page = " ".join(by_code(world.ada, phone).get("/profile/").content.decode().split())
    assert f'<time datetime="{NOW:%Y-%m-%dT%H:%M:%SZ}"' in page
    assert "10 recovery codes left." in page
    phone = phone_of(world.acme_support)
    page = " ".join(
        by_code(world.acme_support, phone).get("/second-factor/").content.decode().split()
    )
    assert "10 recovery codes left." in page
    assert PASSWORD not in page
