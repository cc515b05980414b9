"""Taking a second factor off for who lost the phone: by support, by administrators, by a command;
and the key that encrypts, which can be changed."""

import logging
from io import StringIO
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core import mail
from django.core.management import CommandError, call_command

from accounts.models import Passkey, Role, SecondFactor, User
from accounts.second_factor import verbs
from accounts.sessions import people_of
from audit.models import AuditEntry
from tenancy.door import inside
from tests import world as worlds
from tests.accounts.authenticators import passkey_of
from tests.accounts.phones import by_code, phone_of, typed_by
from tests.accounts.test_second_factor_on import has_factor
from tests.accounts.test_sessions import is_in
from tests.licenses.test_activation import run_at_once
from tests.roles import everywhere
from tests.world import Browser, World, signed_in

REASON = {"reason": "Lost her phone, called back"}


def path_of(person: User) -> str:
    return f"/accounts/user/{person.pk}/second-factor/"


def link_on(browser: Browser, person: User) -> bool:
    return path_of(person) in browser.get(f"/accounts/user/{person.pk}/story/").content.decode()


@pytest.mark.parametrize("who", ["acme_support", "acme_admin"])
def test_support_takes_it_off_for_a_customer_with_a_reason(world: World, who: str) -> None:
    phone = phone_of(world.ada)
    hers = by_code(world.ada, phone)
    mail.outbox.clear()
    browser = signed_in(getattr(world, who))
    assert link_on(browser, world.ada)
    assert "call back" in browser.get(path_of(world.ada)).content.decode()
    assert browser.post(path_of(world.ada), {"reason": " "}).status_code == 200
    assert has_factor(world.ada)
    assert browser.post(path_of(world.ada), REASON).status_code == 302
    assert not has_factor(world.ada)
    assert not link_on(browser, world.ada)
    assert hers.get("/licenses/").status_code == 302
    [message] = mail.outbox
    assert message.to == ["ada@example.com"]
    assert "Lost her phone, called back" in message.body
    assert "If you did not ask for that" in message.body
    with inside(world.acme):
        [entry] = AuditEntry.objects.filter(action="second-factor-taken-off")
    assert (entry.customer_id, entry.visible) == (world.ada.pk, True)
    assert entry.details == {"reason": "Lost her phone, called back"}
    assert entry.actor_id == getattr(world, who).pk
    again = Browser("acme").post("/login/", typed_by(world.ada))
    assert again["Location"] == "/"
    activity = signed_in(world.ada).get("/profile/activity/").content.decode()
    assert "Second factor taken off by support" in activity


@pytest.mark.parametrize(
    ("who", "whose", "code"),
    [
        ("acme_support", "acme_admin", 403),
        ("acme_support", "acme_support", 403),
        ("acme_admin", "acme_admin", 403),  # the own one asks for the password
        ("acme_admin", "acme_support", 302),
        ("globex_admin", "ada", 404),
        ("operator", "ada", 403),
        ("acme_admin", "bob", 404),
    ],
)
def test_who_may_take_it_off_for_whom(world: World, who: str, whose: str, code: int) -> None:
    person = getattr(world, whose)
    phone_of(person)
    browser = signed_in(getattr(world, who))
    assert browser.get(path_of(person)).status_code == (200 if code == 302 else code)
    assert browser.post(path_of(person), REASON).status_code == code
    assert has_factor(person) is (code != 302)


def test_without_the_right_there_is_no_such_page(world: World) -> None:
    phone_of(world.ada)
    with inside(world.acme):
        Role.objects.create(
            vendor=world.acme, name="reader", claims=["accounts.view_user", "accounts.change_user"]
        )
        reader = worlds.user(world.acme, "reader@acme.example", role="reader")
    browser = signed_in(reader)
    assert not link_on(browser, world.ada)
    assert browser.post(path_of(world.ada), REASON).status_code == 403
    assert has_factor(world.ada)


def test_where_there_is_none_it_says_so(world: World) -> None:
    answer = signed_in(world.acme_support).post(path_of(world.ada), REASON, follow=True)
    assert "There is no second factor." in answer.content.decode()
    assert mail.outbox == []


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_takes_it_off() -> None:
    world = worlds.build()
    phone_of(world.ada)
    browsers = [signed_in(world.acme_support) for _ in range(3)]

    def act(n: int) -> str:
        return str(browsers[n].post(path_of(world.ada), REASON).status_code)

    assert run_at_once(3, act) == ["302"] * 3
    with inside(world.acme):
        assert AuditEntry.objects.filter(action="second-factor-taken-off").count() == 1


# --- Passkeys -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "whose", "code"),
    [
        ("acme_support", "ada", 302),
        ("acme_admin", "acme_support", 302),
        ("acme_support", "acme_admin", 403),
        ("acme_admin", "acme_admin", 403),
        ("globex_admin", "ada", 404),
        ("operator", "ada", 403),
    ],
)
def test_support_deletes_passkeys_with_a_reason(
    world: World, who: str, whose: str, code: int
) -> None:
    person = getattr(world, whose)
    story, path = (f"/accounts/user/{person.pk}/{page}/" for page in ("story", "passkeys"))
    for name in ("Grey phone", "Notebook"):
        passkey_of(person, name=name)
    passkey_of(world.grace, name="Another's")
    browser, hers = signed_in(getattr(world, who)), signed_in(person)
    mail.outbox.clear()
    assert (path in browser.get(story).content.decode()) is (code == 302)
    assert browser.post(path, REASON).status_code == code
    with people_of(person.vendor):
        assert Passkey.of_scope.filter(user=person).count() == (0 if code == 302 else 2)
        assert Passkey.of_scope.filter(user=world.grace).count() == 1
    assert is_in(hers) is (code != 302)
    if code != 302:
        assert mail.outbox == []
        return
    assert path not in browser.get(story).content.decode()
    [message] = mail.outbox
    assert (message.to, "Lost her phone, called back" in message.body) == ([person.email], True)
    with inside(world.acme):
        [entry] = AuditEntry.objects.filter(action="passkeys-taken-off")
    assert (entry.subject_id, entry.visible) == (person.pk, True)
    assert entry.details == {"reason": "Lost her phone, called back"}
    again = browser.post(path, REASON, follow=True).content.decode()
    assert "not there any more" in again


# --- The command --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "given"),
    [
        ("operator", ["--email", "ROOT@example.com"]),
        ("ada", ["--email", "ada@example.com", "--vendor", "acme"]),
        ("acme_admin", ["--email", "admin@acme.example", "--vendor", "acme"]),
    ],
)
def test_the_command_takes_it_off(
    world: World, caplog: pytest.LogCaptureFixture, who: str, given: list[str]
) -> None:
    person = getattr(world, who)
    phone_of(person)
    mail.outbox.clear()
    out = StringIO()
    with caplog.at_level(logging.WARNING):
        call_command("reset_second_factor", *given, stdout=out)
    assert not has_factor(person)
    assert "signs in with the password alone" in out.getvalue()
    assert f"The second factor of the person {person.pk}" in caplog.text
    [message] = mail.outbox
    assert (message.to, "taken off" in message.body) == ([person.email], True)
    if person.vendor:
        with inside(person.vendor):
            [entry] = AuditEntry.objects.filter(action="second-factor-taken-off")
        assert (entry.actor_id, entry.source) == (None, "system")
    with pytest.raises(CommandError, match="There is no second factor"):
        call_command("reset_second_factor", *given)


@pytest.mark.parametrize(
    "given",
    [
        ["--email", "ada@example.com"],  # no operator
        ["--email", "nobody@example.com"],
        ["--email", "root@example.com", "--vendor", "acme"],
        ["--email", "ada@example.com", "--vendor", "nobody"],
    ],
)
def test_the_command_finds_nobody(world: World, given: list[str]) -> None:
    for person in (world.ada, world.operator):
        phone_of(person)
    with pytest.raises(CommandError):
        call_command("reset_second_factor", *given)
    assert has_factor(world.ada)
    assert has_factor(world.operator)


# --- The key that encrypts ----------------------------------------------------------------------


def test_the_encryption_key_can_be_changed(world: World, settings: Any) -> None:
    people = (world.ada, world.bob, world.acme_admin, world.operator)
    phones = [phone_of(person) for person in people]
    old, new = settings.KEY_ENCRYPTION_KEYS, Fernet.generate_key().decode()
    settings.KEY_ENCRYPTION_KEYS = [new, *old]
    out = StringIO()
    call_command("rotate_key_encryption", stdout=out)
    assert "4 second factors" in out.getvalue()
    settings.KEY_ENCRYPTION_KEYS = [new]
    for person, phone in zip(people, phones, strict=True):
        by_code(person, phone)


def test_a_secret_that_fits_no_key_changes_nothing(world: World, settings: Any) -> None:
    phone_of(world.ada)
    with inside(world.acme):
        foreign = Fernet(Fernet.generate_key()).encrypt(b"x").decode()
        SecondFactor.of_scope.update(encrypted_secret=foreign)
    settings.KEY_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.KEY_ENCRYPTION_KEYS]
    before = encrypted()
    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("rotate_key_encryption")
    assert encrypted() == before


def encrypted() -> list[str]:
    from licenses.models import SigningKey

    with everywhere():
        keys = SigningKey._base_manager.order_by("pk").values_list(
            "encrypted_private_pem", flat=True
        )
        factors = SecondFactor._base_manager.order_by("pk").values_list(
            "encrypted_secret", flat=True
        )
        return [*keys, *factors]


def test_what_is_taken_off_meanwhile_stays_off(world: World, settings: Any) -> None:
    phone_of(world.ada)
    settings.KEY_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.KEY_ENCRYPTION_KEYS]
    found = verbs.encrypted_anew()
    with people_of(world.acme):
        verbs.take_off(world.ada, reason="Lost")
    assert verbs.store_encrypted_anew(found) == 1
    assert not has_factor(world.ada)
