"""Signing in with a passkey, in the second step and as a fresh proof; adding, renaming and deleting
them. What an authenticator has to say is in test_passkeys_ceremonies.py."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import Challenge, Passkey, Refusal, Session, User
from accounts.passkeys import ceremonies, challenges, verbs
from accounts.sessions import people_of
from audit.models import AuditEntry
from tenancy.door import inside
from tenancy.hosts import Site, origin
from tenancy.verbs import serve, serve_no_more, serve_until
from tests import world as worlds
from tests.accounts.authenticators import (
    PRESENT,
    Authenticator,
    options_for,
    options_on,
    passkey_of,
    place_for,
    shown,
)
from tests.accounts.phones import past_password, phone_of
from tests.licenses.test_activation import run_at_once
from tests.world import Browser, World, set_vendor, signed_in, vendor_now
from web import limits

EVERYBODY = ("ada", "acme_support", "operator")
DOMAIN = "licenses.acme.example"
REFUSED = "This passkey does not belong to an account here."
TOO_LATE = "That took too long, or was sent twice."


def below(person: User) -> str:
    return "/profile" if person.is_customer else ""


def of(person: User) -> list[Passkey]:
    with people_of(person.vendor):
        return list(verbs.passkeys_of(person))


def is_in(browser: Browser, person: User) -> bool:
    return bool(browser.get(below(person) + "/passkeys/").status_code == 200)


def is_refused(answer: Any, browser: Browser, person: User, sentence: str = REFUSED) -> bool:
    """Led back to the sign-in page, which says so and nothing more."""
    place = answer["Location"].partition("?")[0]
    page = browser.get(answer["Location"]).content.decode()
    return (
        (answer.status_code, place) == (302, "/login/")
        and sentence in page
        and not is_in(browser, person)
    )


def refusals(world: World) -> list[tuple[Any, str]]:
    with inside(world.acme):
        return list(Refusal.objects.values_list("user_id", "reason"))


def actions(person: User) -> list[str]:
    with inside(person.vendor):  # type: ignore[arg-type]
        entries = AuditEntry.objects.filter(subject_id=str(person.pk)).order_by("sequence")
        return list(entries.values_list("action", flat=True))


# --- Signing in -----------------------------------------------------------------------------------


@pytest.mark.parametrize("who", EVERYBODY)
def test_a_passkey_alone_signs_in(world: World, who: str) -> None:
    person = getattr(world, who)
    device = passkey_of(person)
    answer, browser = shown(person, device)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert is_in(browser, person)
    [passkey] = of(person)
    assert passkey.last_used_at is not None
    if person.vendor:
        assert actions(person)[-1] == "signed-in"


def test_it_leads_to_where_one_was_going(world: World) -> None:
    device, browser = passkey_of(world.ada), Browser("acme")
    for wanted, led in (("/machines/", "/machines/"), ("https://evil.example/", "/")):
        credential = device.use(options_for(browser), place_for(world.ada).origin)
        answer = browser.post("/login/passkey/", {"credential": credential, "next": wanted})
        assert answer["Location"] == led


def test_it_counts_as_both_factors(world: World) -> None:
    """User verification is demanded: no code is asked for beside it."""
    device = passkey_of(world.ada)
    phone_of(world.ada)
    answer, browser = shown(world.ada, device)
    assert (answer["Location"], is_in(browser, world.ada)) == ("/", True)


def test_one_that_has_not_verified_its_user_is_no_passkey(world: World) -> None:
    device = passkey_of(world.ada)
    answer, browser = shown(world.ada, device, flags=PRESENT)
    assert is_refused(answer, browser, world.ada)


def test_who_has_to_set_up_a_second_factor_is_led_there(world: World) -> None:
    """A passkey does not take its place: the password beside it would be one factor alone."""
    device = passkey_of(world.ada)
    set_vendor(world.acme, second_factor_for="everyone", customers_asked_since=timezone.now())
    answer, _browser = shown(world.ada, device)
    assert answer["Location"] == "/profile/second-factor/"


@pytest.mark.parametrize("lies", [
    {"rp_id": "globex.portal.localhost"},
    {"client_data": {"origin": "http://globex.portal.localhost:8000"}},
    {"client_data": {"origin": f"http://{DOMAIN}:8000"}},
    {"client_data": {"crossOrigin": True}},
    {"type": "webauthn.create"},
    {"id": "\x00"},
    {"id": "\ud800"},
    {"handle": b""},
    {"handle": bytes(32)},
    {"handle": bytes(16)},
    {"credential_id": b"another one of 16"},
    {"signed": b"{}"},
])  # fmt: skip
def test_what_is_not_as_it_has_to_be_lets_nobody_in(world: World, lies: dict[str, Any]) -> None:
    """All of it by the same words; support sees that it was a passkey."""
    device = passkey_of(world.ada)
    answer, browser = shown(world.ada, device, **lies)
    assert is_refused(answer, browser, world.ada)
    [(user_id, reason)] = refusals(world)
    assert reason == "WRONG_PASSKEY"
    assert user_id in {None, world.ada.pk}
    answer, browser = shown(world.ada, device)
    assert is_in(browser, world.ada)


def test_who_is_in_already_by_another_tab_goes_on(world: World) -> None:
    """The form that was open before has gone stale by that."""
    stale = Client(enforce_csrf_checks=True, HTTP_HOST="acme.portal.localhost")
    assert stale.post("/login/passkey/", {"credential": "{}"}).status_code == 403
    stale.cookies = signed_in(world.ada).cookies
    answer = stale.post("/login/passkey/", {"credential": "{}", "next": "/machines/"})
    assert (answer.status_code, answer["Location"]) == (302, "/machines/")


@pytest.mark.parametrize("credential", ["", "{}", "[]", "é", "[" * 20_000, "x" * 40_000])
def test_what_is_no_answer_is_refused(world: World, credential: str) -> None:
    browser = signed_in(world.ada)
    for path in ("/login/passkey/", "/profile/prove/passkey/", "/login/code/passkey/"):
        assert browser.post(path, {"credential": credential}).status_code == 302
    form = {"credential": credential, "name": "Phone"}
    assert browser.post("/profile/passkeys/add/", form).status_code == 200
    assert of(world.ada) == []


def test_another_vendors_passkey_is_worth_nothing(world: World) -> None:
    """Also where it names its own vendor, or this one; and the person of the same address."""
    device = passkey_of(world.ada_of_globex)
    browser = Browser("acme")
    for lies in (
        {},
        {"handle": ceremonies.handle_of(world.acme.pk, world.ada.pk)},
        {"handle": ceremonies.handle_of(world.acme.pk, world.ada_of_globex.pk)},
        {"handle": ceremonies.handle_of(None, world.ada.pk)},
    ):
        credential = device.use(
            options_for(browser), origin("acme.portal.localhost"),
            rp_id="acme.portal.localhost", **lies,
        )  # fmt: skip
        answer = browser.post("/login/passkey/", {"credential": credential})
        assert is_refused(answer, browser, world.ada)


def test_customers_and_staff_have_different_hosts(world: World) -> None:
    """A customer's does not open the back office, staff's no portal."""
    customers, staffs = passkey_of(world.ada), passkey_of(world.acme_admin)
    office, portal = Browser("app"), Browser("acme")
    for device, browser, label in ((customers, office, "app"), (staffs, portal, "acme")):
        host = f"{label}.portal.localhost"
        credential = device.use(options_for(browser), origin(host), rp_id=host)
        answer = browser.post("/login/passkey/", {"credential": credential})
        assert "/login/" in answer["Location"]
        assert settings.SESSION_COOKIE_NAME not in browser.cookies


def test_who_became_staff_does_not_get_in_as_a_customer(world: World) -> None:
    device = passkey_of(world.ada)
    with inside(world.acme):
        User.objects.filter(pk=world.ada.pk).update(role="support")
    answer, _browser = shown(world.ada, device)
    assert "/login/" in answer["Location"]
    assert (world.ada.pk, "NOT_HERE") in refusals(world)
    # Its place shows that it is bound to another host.
    world.ada.role = "support"
    page = signed_in(world.ada).get("/passkeys/").content.decode()
    assert "It is bound to acme.portal.localhost" in page


def test_who_is_switched_off_stays_out(world: World) -> None:
    device = passkey_of(world.ada)
    with inside(world.acme):
        User.objects.filter(pk=world.ada.pk).update(is_active=False)
    answer, browser = shown(world.ada, device)
    assert is_refused(answer, browser, world.ada)
    assert refusals(world) == [(world.ada.pk, "SWITCHED_OFF")]


# --- Challenges -----------------------------------------------------------------------------------


def credential_of(world: World, device: Authenticator, browser: Browser) -> dict[str, str]:
    return {"credential": device.use(options_for(browser), place_for(world.ada).origin)}


def test_a_challenge_counts_once(world: World) -> None:
    device, browser = passkey_of(world.ada), Browser("acme")
    form = credential_of(world, device, browser)
    csrf = browser.cookies[settings.CSRF_COOKIE_NAME].value
    assert browser.post("/login/passkey/", form)["Location"] == "/"
    browser.post("/logout/")
    browser.cookies[settings.CSRF_COOKIE_NAME] = csrf
    assert is_refused(browser.post("/login/passkey/", form), browser, world.ada, TOO_LATE)


def test_one_whose_answer_was_refused_is_used_up(world: World) -> None:
    device, browser = passkey_of(world.ada), Browser("acme")
    options = options_for(browser)
    wrong = device.use(options, place_for(world.ada).origin, signed=b"{}")
    browser.post("/login/passkey/", {"credential": wrong})
    right = device.use(options, place_for(world.ada).origin)
    answer = browser.post("/login/passkey/", {"credential": right})
    assert is_refused(answer, browser, world.ada, TOO_LATE)


def test_a_challenge_is_over_after_five_minutes(world: World, frozen_time: Any) -> None:
    device, browser = passkey_of(world.ada), Browser("acme")
    form = credential_of(world, device, browser)
    frozen_time.shift(5 * 60 + 1)
    assert is_refused(browser.post("/login/passkey/", form), browser, world.ada, TOO_LATE)
    assert Challenge.objects.count() == 1
    assert challenges.clean_up() == "Deleted 1 challenges that nobody has answered."
    assert Challenge.objects.count() == 0


def test_a_challenge_is_for_the_browser_that_was_asked(world: World) -> None:
    device, browser, other = passkey_of(world.ada), Browser("acme"), Browser("acme")
    form = credential_of(world, device, browser)
    other.get("/login/")
    assert is_refused(other.post("/login/passkey/", form), other, world.ada, TOO_LATE)
    assert browser.post("/login/passkey/", form)["Location"] == "/"


def test_a_challenge_is_for_what_it_was_asked_for(world: World) -> None:
    """An answer to the sign-in page proves nothing later, and none in the second step."""
    device = passkey_of(world.ada)
    phone_of(world.ada)
    place = place_for(world.ada)
    browser = past_password(world.ada)
    form = credential_of(world, device, browser)
    assert browser.post("/login/code/passkey/", form)["Location"] == "/login/code/"
    options = options_on(browser.get("/login/code/"))
    form = {"credential": device.use(options, place.origin)}
    assert is_refused(browser.post("/login/passkey/", form), browser, world.ada, TOO_LATE)
    browser = signed_in(world.ada)
    form = credential_of(world, device, browser)
    assert browser.post("/profile/prove/passkey/", form)["Location"] == "/profile/prove/"


def test_made_up_challenges_are_none(world: World) -> None:
    device, browser = passkey_of(world.ada), Browser("acme")
    options = json.loads(options_for(browser)) | {"challenge": "AAAA"}
    credential = device.use(json.dumps(options), place_for(world.ada).origin)
    answer = browser.post("/login/passkey/", {"credential": credential})
    assert is_refused(answer, browser, world.ada, TOO_LATE)


def test_the_table_tells_nothing(world: World) -> None:
    browser = Browser("acme")
    challenge = json.loads(options_for(browser))["challenge"]
    [row] = Challenge.objects.all()
    assert len(row.key) == 64
    assert challenge not in row.key


def test_who_asks_on_and_on_has_to_wait(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PASSKEY_ASKED_PER_IP", limits.Limit("few", burst=2, interval=9))
    browser = Browser("acme")
    codes = [browser.post("/login/passkey/options/").status_code for _ in range(3)]
    assert codes == [200, 200, 429]


def test_guessing_takes_from_the_bucket_of_the_address(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SIGN_IN_PER_IP", limits.Limit("few", burst=2, interval=9))
    device, browser = passkey_of(world.ada), Browser("acme")
    for _turn in range(3):
        assert shown(world.ada, device)[0]["Location"] == "/"
    answers = [browser.post("/login/passkey/", {"credential": "{}"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [302, 302, 429]


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_with_one_answer_one_gets_in() -> None:
    world = worlds.build()
    device, browser = passkey_of(world.ada), Browser("acme")
    form = credential_of(world, device, browser)
    csrf = browser.cookies[settings.CSRF_COOKIE_NAME].value

    def act(_n: int) -> str:
        other = Browser("acme")
        other.cookies[settings.CSRF_COOKIE_NAME] = csrf
        return str(other.post("/login/passkey/", form)["Location"])

    assert sorted(run_at_once(4, act)) == ["/", "/login/", "/login/", "/login/"]


# --- Counters -------------------------------------------------------------------------------------


def test_a_counter_that_goes_on_is_kept(world: World) -> None:
    device = passkey_of(world.ada)
    for count in (1, 2, 9):
        device.count = count
        answer, _browser = shown(world.ada, device)
        assert answer["Location"] == "/"
        assert of(world.ada)[0].sign_count == count


@pytest.mark.parametrize("count", [5, 4, 0])
@pytest.mark.parametrize("who", EVERYBODY)
def test_a_counter_that_goes_back_is_refused_recorded_and_told(
    world: World, who: str, count: int
) -> None:
    person = getattr(world, who)
    device = passkey_of(person, Authenticator(count=5), name="Old key")
    mail.outbox.clear()
    answer, browser = shown(person, device, count=count)
    assert is_refused(answer, browser, person, "there may be a copy of it")
    [message] = mail.outbox
    assert message.to == [person.email]
    assert "A passkey was refused" in message.subject
    assert "Old key" in message.body
    if person.vendor:
        assert actions(person)[-1] == "passkey-refused"
        assert refusals(world) == [(person.pk, "CLONED_PASSKEY")]
    answer, browser = shown(person, device, count=6)
    assert is_in(browser, person)


def test_nobody_makes_a_passkey_look_cloned_without_its_key(world: World) -> None:
    device = passkey_of(world.ada, Authenticator(count=5))
    answer, browser = shown(world.ada, device, count=1, signed=b"{}")
    assert is_refused(answer, browser, world.ada)
    assert "passkey-refused" not in actions(world.ada)


def test_a_clone_proves_nothing(world: World) -> None:
    device = passkey_of(world.ada, Authenticator(count=5))
    browser = signed_in(world.ada)
    options = options_on(browser.get("/profile/prove/"))
    form = {"credential": device.use(options, place_for(world.ada).origin)}
    assert browser.post("/profile/prove/passkey/", form)["Location"] == "/profile/prove/"
    assert actions(world.ada)[-1] == "passkey-refused"


# --- The second step ------------------------------------------------------------------------------


@pytest.mark.parametrize("who", EVERYBODY)
def test_it_takes_the_place_of_a_code(world: World, who: str) -> None:
    person = getattr(world, who)
    device = passkey_of(person)
    phone_of(person)
    browser = past_password(person)
    options = options_on(browser.get("/login/code/"))
    [known] = json.loads(options)["allowCredentials"]
    assert known["transports"] == ["internal", "hybrid"]
    form = {"credential": device.use(options, place_for(person).origin)}
    answer = browser.post("/login/code/passkey/", form)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert is_in(browser, person)


def test_another_persons_passkey_is_none_in_the_second_step(world: World) -> None:
    device = passkey_of(world.grace)
    passkey_of(world.ada)
    phone_of(world.ada)
    browser = past_password(world.ada)
    options = options_on(browser.get("/login/code/"))
    form = {"credential": device.use(options, place_for(world.ada).origin)}
    assert browser.post("/login/code/passkey/", form)["Location"] == "/login/code/"
    assert refusals(world) == [(world.ada.pk, "WRONG_PASSKEY")]
    assert not is_in(browser, world.ada)


def test_nobody_gets_to_the_second_step_without_the_first(world: World) -> None:
    passkey_of(world.ada)
    answer = Browser("acme").post("/login/code/passkey/", {"credential": "{}"})
    assert answer["Location"] == "/login/"


def test_without_a_passkey_there_is_no_button(world: World) -> None:
    phone_of(world.ada)
    assert b"data-passkey" not in past_password(world.ada).get("/login/code/").content
    assert b"data-passkey" not in signed_in(world.ada).get("/profile/prove/").content
    passkey_of(world.ada)
    assert b"data-passkey" in past_password(world.ada).get("/login/code/").content


# --- The fresh proof ------------------------------------------------------------------------------


@pytest.mark.parametrize("who", EVERYBODY)
def test_it_is_a_fresh_proof(world: World, who: str, frozen_time: Any) -> None:
    person = getattr(world, who)
    device, browser = passkey_of(person), signed_in(person)
    frozen_time.shift(11 * 60)
    add = below(person) + "/passkeys/add/"
    to_prove = browser.get(add)
    assert to_prove.status_code == 302
    page = browser.get(to_prove["Location"])
    form = {
        "credential": device.use(options_on(page), place_for(person).origin),
        "next": add,
    }
    answer = browser.post(below(person) + "/prove/passkey/", form)
    assert (answer.status_code, answer["Location"]) == (302, add)
    assert browser.get(add).status_code == 200


def test_another_persons_proves_nothing(world: World) -> None:
    device = passkey_of(world.grace)
    passkey_of(world.ada)
    browser = signed_in(world.ada)
    with inside(world.acme):
        Session.objects.update(proved_at=None)
    options = options_on(browser.get("/profile/prove/"))
    form = {"credential": device.use(options, place_for(world.ada).origin)}
    assert browser.post("/profile/prove/passkey/", form)["Location"] == "/profile/prove/"
    assert browser.get("/profile/passkeys/add/").status_code == 302


# --- Adding ---------------------------------------------------------------------------------------


def add_in(browser: Browser, person: User, device: Authenticator, **lies: Any) -> Any:
    path = below(person) + "/passkeys/add/"
    options = options_on(browser.get(path))
    credential = device.make(options, place_for(person).origin, **lies)
    return browser.post(path, {"credential": credential, "name": "Grey phone"})


@pytest.mark.parametrize("who", EVERYBODY)
def test_a_passkey_is_added(world: World, who: str) -> None:
    person = getattr(world, who)
    browser, other, device = signed_in(person), signed_in(person), Authenticator()
    before = browser.cookies[settings.SESSION_COOKIE_NAME].value
    answer = add_in(browser, person, device)
    assert (answer.status_code, answer["Location"]) == (302, below(person) + "/passkeys/")
    page = browser.get(answer["Location"]).content.decode()
    assert "Grey phone" in page
    # This browser goes on, with another cookie; all others are out.
    assert browser.cookies[settings.SESSION_COOKIE_NAME].value != before
    assert not is_in(other, person)
    [passkey] = of(person)
    assert (passkey.name, passkey.rp_id) == ("Grey phone", place_for(person).rp_id)
    assert passkey.transports == ["internal", "hybrid"]
    [message] = mail.outbox
    assert message.to == [person.email]
    assert "A passkey was added" in message.subject
    assert "Grey phone" in message.body
    assert "If it was not you" in message.body
    if person.vendor:
        assert actions(person)[-1] == "passkey-added"
    answer, again = shown(person, device)
    assert is_in(again, person)


@pytest.mark.parametrize("lies", [
    {"flags": PRESENT | 64},
    {"rp_id": "globex.portal.localhost"},
    {"client_data": {"origin": "http://globex.portal.localhost:8000"}},
    {"type": "webauthn.get"},
    {"challenge": "AAAA"},
])  # fmt: skip
def test_what_is_not_as_it_has_to_be_is_not_added(world: World, lies: dict[str, Any]) -> None:
    answer = add_in(signed_in(world.ada), world.ada, Authenticator(), **lies)
    assert answer.status_code == 200
    assert b"Nothing was saved yet" in answer.content
    assert of(world.ada) == []
    assert mail.outbox == []


def test_a_new_one_is_asked_for_once(world: World) -> None:
    """The answer to a page, sent again with another name, adds nothing."""
    browser, device = signed_in(world.ada), Authenticator()
    options = options_on(browser.get("/profile/passkeys/add/"))
    form = {"credential": device.make(options, place_for(world.ada).origin), "name": "One"}
    csrf = browser.cookies[settings.CSRF_COOKIE_NAME].value
    assert browser.post("/profile/passkeys/add/", form).status_code == 302
    browser.cookies[settings.CSRF_COOKIE_NAME] = csrf
    assert browser.post("/profile/passkeys/add/", form | {"name": "Two"}).status_code == 200
    assert [each.name for each in of(world.ada)] == ["One"]


def test_what_another_person_was_asked_for_is_not_added(world: World) -> None:
    ada, grace, device = signed_in(world.ada), signed_in(world.grace), Authenticator()
    options = options_on(ada.get("/profile/passkeys/add/"))
    grace.cookies[settings.CSRF_COOKIE_NAME] = ada.cookies[settings.CSRF_COOKIE_NAME].value
    form = {"credential": device.make(options, place_for(world.ada).origin), "name": "One"}
    assert grace.post("/profile/passkeys/add/", form).status_code == 200
    assert of(world.grace) == []


def test_no_device_has_two(world: World) -> None:
    device = passkey_of(world.ada)
    browser = signed_in(world.ada)
    asked = json.loads(options_on(browser.get("/profile/passkeys/add/")))
    assert [each["type"] for each in asked["excludeCredentials"]] == ["public-key"]
    assert b"is there already" in add_in(browser, world.ada, device).content
    assert b"is there already" in add_in(signed_in(world.grace), world.grace, device).content
    assert len(of(world.ada)) == 1


def test_there_is_an_end_to_how_many_one_has(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verbs, "MOST", 2)
    for _number in range(2):
        passkey_of(world.ada)
    answer = add_in(signed_in(world.ada), world.ada, Authenticator())
    assert b"as many passkeys as one may have" in answer.content
    assert len(of(world.ada)) == 2


def test_what_is_asked_names_nobody(world: World) -> None:
    """The handle, which authenticators keep and tell, is made of random ids."""
    asked = json.loads(options_on(signed_in(world.ada).get("/profile/passkeys/add/")))
    assert asked["rp"] == {"id": "acme.portal.localhost", "name": "Acme Instruments"}
    assert asked["user"]["name"] == "ada@example.com"
    assert asked["user"]["id"] == ceremonies.bytes_to_base64url(
        world.acme.pk.bytes + world.ada.pk.bytes
    )


def test_the_database_keeps_vendors_apart(world: World) -> None:
    passkey_of(world.ada)
    [passkey] = of(world.ada)
    with inside(world.acme), pytest.raises(IntegrityError), transaction.atomic():
        Passkey.of_scope.filter(pk=passkey.pk).update(user=world.bob)
        connection.check_constraints()


# --- Names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", EVERYBODY)
def test_a_passkey_gets_another_name(world: World, who: str) -> None:
    person = getattr(world, who)
    passkey_of(person)
    browser, path = signed_in(person), f"{below(person)}/passkeys/{of(person)[0].pk}/"
    assert 'value="Phone"' in browser.get(path).content.decode()
    assert browser.post(path, {"name": "Blue <phone>"}).status_code == 302
    assert of(person)[0].name == "Blue <phone>"
    assert "Blue &lt;phone&gt;" in browser.get(below(person) + "/passkeys/").content.decode()
    if person.vendor:
        assert actions(person)[-1] == "passkey-renamed"


@pytest.mark.parametrize("name", ["", " ", "a" * 61, "two\nlines", "un\u200bseen"])
def test_a_name_is_a_line_that_people_see(world: World, name: str) -> None:
    passkey_of(world.ada)
    browser, path = signed_in(world.ada), f"/profile/passkeys/{of(world.ada)[0].pk}/"
    assert browser.post(path, {"name": name}).status_code == 200
    assert of(world.ada)[0].name == "Phone"


def test_the_activity_says_which(world: World) -> None:
    passkey_of(world.ada, name="Grey phone")
    page = signed_in(world.ada).get("/profile/activity/").content.decode()
    assert "Passkey added" in page
    assert "Grey phone" in page


# --- Deleting -------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", EVERYBODY)
def test_a_passkey_is_deleted(world: World, who: str) -> None:
    person = getattr(world, who)
    device = passkey_of(person)
    mail.outbox.clear()
    browser, other = signed_in(person), signed_in(person)
    path = f"{below(person)}/passkeys/{of(person)[0].pk}/delete/"
    assert "Phone" in browser.get(path).content.decode()
    assert browser.post(path)["Location"] == below(person) + "/passkeys/"
    assert of(person) == []
    assert is_in(browser, person)
    assert not is_in(other, person)
    [message] = mail.outbox
    assert "A passkey was deleted" in message.subject
    if person.vendor:
        assert actions(person)[-1] == "passkey-removed"
    answer, again = shown(person, device)
    assert is_refused(answer, again, person)


def test_it_asks_for_a_fresh_proof(world: World, frozen_time: Any) -> None:
    passkey_of(world.ada)
    browser = signed_in(world.ada)
    path = f"/profile/passkeys/{of(world.ada)[0].pk}/delete/"
    frozen_time.shift(11 * 60)
    for answer in (browser.get(path), browser.post(path), browser.post("/profile/passkeys/add/")):
        assert answer.status_code == 302
        assert answer["Location"].startswith("/profile/prove/")
    assert len(of(world.ada)) == 1


@pytest.mark.parametrize("who", ["grace", "bob", "ada_of_globex"])
def test_anothers_is_not_there(world: World, who: str) -> None:
    passkey_of(world.ada)
    browser, path = signed_in(getattr(world, who)), f"/profile/passkeys/{of(world.ada)[0].pk}/"
    for each in (path, f"{path}delete/"):
        assert browser.get(each).status_code == 404
        assert browser.post(each, {"name": "Mine"}).status_code == 404
    assert [each.name for each in of(world.ada)] == ["Phone"]


def without_password(world: World) -> User:
    with inside(world.acme):
        world.ada.set_unusable_password()
        User.people.filter(pk=world.ada.pk).update(password=world.ada.password)
    return world.ada


def test_the_last_way_in_stays(world: World) -> None:
    ada = without_password(world)
    passkey_of(ada)
    browser = signed_in(ada)
    path = f"/profile/passkeys/{of(ada)[0].pk}/delete/"
    assert "your only way to sign in" in browser.get(path).content.decode()
    answer = browser.post(path)
    assert answer.status_code == 409
    assert "your only way to sign in" in answer.content.decode()
    passkey_of(ada, name="Another")
    assert signed_in(ada).post(path).status_code == 302
    assert [each.name for each in of(ada)] == ["Another"]


def test_one_that_is_bound_elsewhere_is_no_way_in(world: World) -> None:
    ada = without_password(world)
    for _number in range(2):
        passkey_of(ada)
    first, second = of(ada)
    with inside(world.acme):
        Passkey.of_scope.filter(pk=second.pk).update(rp_id="acme.before.example")
    browser = signed_in(ada)
    assert browser.post(f"/profile/passkeys/{first.pk}/delete/").status_code == 409
    assert browser.post(f"/profile/passkeys/{second.pk}/delete/").status_code == 302


@pytest.mark.django_db(transaction=True)
def test_of_two_who_delete_the_last_two_one_does() -> None:
    world = worlds.build()
    ada = without_password(world)
    for _number in range(2):
        passkey_of(ada)
    place, both = place_for(ada), of(ada)

    def act(n: int) -> str:
        both[n].user = ada
        try:
            with inside(world.acme):
                verbs.delete(both[n], place=place, site=Site.CUSTOMER, browser="")
        except verbs.LastWayIn as error:
            return error.code
        return "deleted"

    assert sorted(run_at_once(2, act)) == ["LAST_WAY_IN", "deleted"]


# --- Hosts ----------------------------------------------------------------------------------------


def at_own_domain(world: World) -> Browser:
    """A visitor at Acme's own domain, which is the portal's address."""
    serve(world.acme.pk, DOMAIN)
    set_vendor(world.acme, canonical_domain=DOMAIN)
    browser = Browser("acme")
    browser.defaults["HTTP_HOST"] = f"{DOMAIN}:8000"
    return browser


def related(label: str = "acme", **options: Any) -> Any:
    return Browser(label).get("/.well-known/webauthn", **options)


def test_a_passkey_works_at_the_subdomain_and_at_a_domain_that_comes_and_goes(
    world: World,
) -> None:
    device = passkey_of(world.ada)
    browser = at_own_domain(world)
    asked = json.loads(options_for(browser))
    assert asked["rpId"] == "acme.portal.localhost"
    credential = device.use(json.dumps(asked), origin(DOMAIN))
    assert browser.post("/login/passkey/", {"credential": credential})["Location"] == "/"
    assert is_in(browser, world.ada)
    # What was signed for one host is none at the other.
    credential = device.use(options_for(browser), place_for(world.ada).origin)
    browser.cookies.pop(settings.SESSION_COOKIE_NAME)
    answer = browser.post("/login/passkey/", {"credential": credential})
    assert answer["Location"] == "/login/"
    # The domain goes, the passkey stays.
    serve_no_more(world.acme.pk, DOMAIN)
    set_vendor(world.acme, canonical_domain="")
    answer, at_home = shown(world.ada, device)
    assert is_in(at_home, world.ada)


def test_one_that_was_added_at_the_domain_is_bound_to_our_zone(world: World) -> None:
    browser, device = at_own_domain(world), Authenticator()
    browser.cookies = signed_in(world.ada).cookies
    options = options_on(browser.get("/profile/passkeys/add/"))
    assert json.loads(options)["rp"]["id"] == "acme.portal.localhost"
    form = {"credential": device.make(options, origin(DOMAIN)), "name": "Phone"}
    assert browser.post("/profile/passkeys/add/", form).status_code == 302
    assert [each.rp_id for each in of(world.ada)] == ["acme.portal.localhost"]


def test_the_subdomain_says_where_passkeys_may_be_used(world: World) -> None:
    """Without a redirect, which browsers would not follow; another vendor's is not in it."""
    at_own_domain(world)
    serve(world.acme.pk, "a.acme.example")
    serve(world.globex.pk, "licenses.globex.example")
    assert Browser("acme").get("/login/").status_code == 302
    answer = related()
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert json.loads(answer.content) == {"origins": [origin(DOMAIN), origin("a.acme.example")]}
    assert json.loads(related("globex").content) == {"origins": [origin("licenses.globex.example")]}


def test_a_domain_that_is_served_no_more_is_not_in_it(world: World) -> None:
    at_own_domain(world)
    serve_until(world.acme.pk, DOMAIN, timezone.now() - timedelta(seconds=1))
    assert json.loads(related().content) == {"origins": []}


@pytest.mark.parametrize("label", ["app", "api", "", "nobody"])
def test_other_hosts_name_no_origins(world: World, label: str) -> None:
    answer = related(label)
    assert answer.status_code == {"app": 302, "nobody": 421}.get(label, 404)
    assert b"origins" not in answer.content


def test_pages_may_ask_for_passkeys_and_frames_may_not(world: World) -> None:
    allowed = Browser("acme").get("/login/")["Permissions-Policy"]
    assert "publickey-credentials-get=(self)" in allowed
    assert "publickey-credentials-create=(self)" in allowed


def test_a_vendor_that_is_suspended_lets_nobody_in(world: World) -> None:
    device, staffs = passkey_of(world.ada), passkey_of(world.acme_admin)
    browser = Browser("app")
    options = options_for(browser)
    set_vendor(world.acme, status="inactive")
    assert vendor_now(world.acme).status == "inactive"
    assert Browser("acme").post("/login/passkey/options/").status_code == 403
    credential = staffs.use(options, place_for(world.acme_admin).origin)
    answer = browser.post("/login/passkey/", {"credential": credential})
    assert answer["Location"] == "/login/"
    assert device.count == 0
