"""Signing in through the Web API, staying so, and the vendor's own row."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from accounts.models import Session, User
from accounts.verbs.people import change_person
from audit.models import AuditEntry
from tenancy.door import inside
from tenancy.models import Vendor
from tests import world as worlds
from tests.accounts.phones import phone_of
from tests.accounts.test_devices import rows_of
from tests.api.program import Program, program_of
from tests.licenses.test_activation import run_at_once
from tests.world import PASSWORD, World, set_vendor, signed_in

LOGIN = "/v3/accounts/login"
REFRESH = "/v3/accounts/refresh"
ADA = {"companyId": "acme", "email": "Ada@Example.com", "password": PASSWORD}


def pair_of(body: Any = ADA) -> dict[str, str]:
    response = Program().create(LOGIN, body)
    assert response.status_code == 200, response.content
    pair: dict[str, str] = response.json()
    return pair


def is_let_in(pair: dict[str, str]) -> bool:
    return bool(Program(pair["accessToken"]).get("/v3/me").status_code == 200)


def renewed(pair: dict[str, str]) -> Any:
    return Program().create(REFRESH, {"refreshToken": pair["refreshToken"]})


@pytest.mark.parametrize("named", ["companyId", "accountAlias", "accountId"])
def test_a_program_signs_in(world: World, named: str) -> None:
    value = str(world.acme.pk) if named == "accountId" else "acme"
    pair = pair_of({named: value, "email": "ada@example.com", "password": PASSWORD})
    me = Program(pair["accessToken"]).get("/v3/me").json()
    assert me["id"] == str(world.ada.pk)
    with inside(world.acme):
        entry = AuditEntry.objects.latest("sequence")
        assert (entry.action, entry.source) == ("signed-in", "api")
    # As a password at a portal, it is not what a refresh token is for, nor the other way round.
    assert Program(pair["refreshToken"]).get("/v3/me").status_code == 401
    assert renewed({"refreshToken": pair["accessToken"]}).status_code == 401


REFUSED: dict[str, dict[str, Any]] = {
    "a wrong password": {"password": "correct horse"},
    "nobody's e-mail": {"email": "nobody@example.com"},
    "another vendor's person": {"email": "bob@example.com"},
    "another vendor": {"companyId": "globex", "email": "grace@example.com"},
    "no vendor": {"companyId": "nowhere"},
    "a vendor's id that is none": {"accountId": "acme"},
    "an operator": {"companyId": None, "email": "root@example.com"},
    "nothing": {"companyId": None, "email": None, "password": None},
}


def test_all_that_is_wrong_is_answered_alike(world: World) -> None:
    answers = {
        name: (response.status_code, response.content)
        for name, changed in REFUSED.items()
        for response in [Program().create(LOGIN, ADA | changed)]
    }
    assert {status for status, _body in answers.values()} == {400}
    assert len(set(answers.values())) == 1, answers
    assert b"AUTHENTICATION_FAILED" in next(iter(answers.values()))[1]


def test_a_text_that_can_be_nowhere_is_refused(world: World) -> None:
    said = ADA | {"email": "a\x00@example.com"}
    for path in (LOGIN, "/v3/accounts/reset-password-request"):
        assert Program().create(path, said).json()["code"] == "INVALID_REQUEST"
    for other in ({"companyId": "\x00"}, {"accountId": "\x00"}, {"password": "\x00"}):
        assert Program().create(LOGIN, ADA | other).json()["code"] == "AUTHENTICATION_FAILED"


def test_guessing_is_limited(world: World) -> None:
    tried = [Program().create(LOGIN, ADA | {"password": str(n)}) for n in range(8)]
    assert [each.status_code for each in tried] == [400] * 6 + [429] * 2
    assert 1 <= int(tried[-1]["Retry-After"]) <= 60
    assert Program().create(LOGIN, ADA).status_code == 429, "The right one is no way around it."


def test_a_second_factor_is_asked_for(world: World) -> None:
    phone = phone_of(world.ada)
    assert Program().create(LOGIN, ADA).json()["code"] == "TWO_FACTOR_CODE_NEEDED"
    wrong = ADA | {"password": "wrong", "twoFactorCode": phone.code()}
    assert Program().create(LOGIN, wrong).json()["code"] == "AUTHENTICATION_FAILED"
    for code in ("000000", "no code"):
        response = Program().create(LOGIN, ADA | {"twoFactorCode": code})
        assert response.json()["code"] == "TWO_FACTOR_CODE_REFUSED"
    right = ADA | {"twoFactorCode": phone.code()}
    assert is_let_in(pair_of(right))
    assert Program().create(LOGIN, right).json()["code"] == "TWO_FACTOR_CODE_REFUSED", "Once."
    by_recovery = ADA | {"twoFactorRecoveryCode": phone.recovery[0]}
    assert is_let_in(pair_of(by_recovery))
    assert Program().create(LOGIN, by_recovery).status_code == 400


@pytest.mark.takes_turns
def test_a_program_that_was_not_there_before_is_told_of(world: World, frozen_time: Any) -> None:
    """Once: the same one at the same address is known for 90 days after each sign-in."""

    def told(program: str = "nightly/1.0", address: str = "192.0.2.7") -> int:
        mail.outbox.clear()
        headers = {"HTTP_USER_AGENT": program, "REMOTE_ADDR": address}
        assert Program().send("POST", LOGIN, ADA, **headers).status_code == 200
        frozen_time.shift(timedelta(days=1))
        assert all(message.to == ["ada@example.com"] for message in mail.outbox)
        return len(mail.outbox)

    assert told() == 0  # the very first time
    assert [told() for _day in range(100)] == [0] * 100
    assert [told("another/1.0"), told("another/1.0")] == [1, 0]
    assert [told(address="192.0.2.8"), told(address="192.0.2.8")] == [1, 0]
    assert [told(address="2001:db8::1"), told(address="2001:db8::2")] == [1, 0]
    assert told() == 0
    frozen_time.shift(timedelta(days=90))
    assert told() == 1


def test_a_program_of_one_person_is_news_to_another(world: World) -> None:
    for _again in range(2):
        pair_of()
    assert mail.outbox == []
    with inside(world.acme):
        User.objects.filter(pk=world.grace.pk).update(last_login=timezone.now())
    pair_of(ADA | {"email": "grace@example.com"})
    assert [message.to for message in mail.outbox] == [["grace@example.com"]]


def test_an_access_token_lasts_an_hour_and_is_renewed(world: World, frozen_time: Any) -> None:
    pair = pair_of()
    frozen_time.shift(timedelta(minutes=59))
    assert is_let_in(pair)
    frozen_time.shift(timedelta(minutes=2))
    assert not is_let_in(pair)
    following = renewed(pair).json()
    assert is_let_in(following)
    secret = Program(following["accessToken"]).create("/v3/me/2fa-secret")
    assert secret.json()["code"] == "PROOF_NEEDED", "To come again proves nothing."
    # Used each week, it lasts until thirty days after the sign-in.
    for _week in range(4):
        frozen_time.shift(timedelta(days=7))
        following = renewed(following).json()
    frozen_time.shift(timedelta(days=3))
    assert renewed(following).status_code == 401


def test_a_refresh_token_of_before_ends_all(world: World) -> None:
    other, first = pair_of(), pair_of()
    second = renewed(first).json()
    assert is_let_in(second)
    response = renewed(first)
    assert (response.status_code, response.json()["code"]) == (401, "REFRESH_TOKEN_REFUSED")
    assert not is_let_in(first)
    assert not is_let_in(second)
    assert renewed(second).status_code == 401
    assert is_let_in(other), "That is another sign-in."


NO_TOKENS = ["", "x", "a.b.c", "....", "{vendor}.{vendor}.x", None]


@pytest.mark.parametrize("token", NO_TOKENS)
def test_what_is_no_refresh_token_is_refused(world: World, token: str | None) -> None:
    said = token.replace("{vendor}", world.acme.pk.hex) if token else token
    assert Program().create(REFRESH, {"refreshToken": said}).status_code == 401


def _new_password(world: World) -> None:
    from accounts.verbs.passwords import set_password

    with inside(world.acme):
        set_password(User.objects.select_related("vendor").get(pk=world.ada.pk), "nine herons fly")


def _switched_off(world: World) -> None:
    with inside(world.acme):
        ada = User.objects.get(pk=world.ada.pk)
        for is_active in (False, True):  # to be let in again revives nothing
            ada.is_active = is_active
            change_person(person=ada, fields=["is_active"])


def _suspended(world: World) -> None:
    set_vendor(world.acme, status=Vendor.Status.INACTIVE)


def _from_the_list(world: World) -> None:
    browser = signed_in(world.ada)
    [row] = [each for each in rows_of(browser, world.ada) if "Web API" in each]
    assert row.startswith("Web API: orbit-sync/2.1"), row
    with inside(world.acme):
        session = Session.objects.get(site="refresh")
    assert browser.post(f"/profile/sessions/{session.pk}/end/").status_code == 302


ENDS = [_new_password, _switched_off, _suspended, _from_the_list]


@pytest.mark.parametrize("end", ENDS)
def test_what_ends_sessions_ends_these(world: World, end: Any) -> None:
    program = Program()
    program.defaults["HTTP_USER_AGENT"] = "orbit-sync/2.1 (+https://orbit.example)"
    pair = program.create(LOGIN, ADA).json()
    end(world)
    assert not is_let_in(pair)
    assert renewed(pair).status_code == 401


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_gets_the_next_pair() -> None:
    world = worlds.build()
    pair = pair_of()
    found = run_at_once(4, lambda _n: str(renewed(pair).status_code))
    assert sorted(found) == ["200", "401", "401", "401"]
    with inside(world.acme):
        assert not Session.objects.exists(), "Somebody came with a token of before."


def test_a_new_password_is_asked_for(world: World) -> None:
    path = "/v3/accounts/reset-password-request"
    asked = [{"companyId": "acme", "email": "ada@example.com"}, {"companyId": "x"}, None]
    assert [Program().create(path, body).status_code for body in asked] == [202] * 3
    [message] = mail.outbox
    assert message.to == ["ada@example.com"]
    often = [Program().create(path, asked[0]) for _time in range(3)]
    assert often[-1].status_code == 429
    assert often[-1]["Retry-After"] == "60", "Clients give up where it is longer."


def test_the_vendors_row(world: World) -> None:
    program = program_of(world.acme_admin)
    path = f"/v3/accounts/{world.acme.pk}"
    account = program.get("/v3/accounts/acme").json()
    assert account == program.get(path).json()
    assert (account["company"], account["companyId"]) == ("Acme Instruments", "acme")
    assert (account["email"], account["status"]) == ("support@acme.example", "active")
    changed = program.change(path, {"website": "https://acme.example", "company": "Other"}).json()
    assert (changed["website"], changed["company"]) == ("https://acme.example", "Acme Instruments")
    assert changed["email"] == account["email"]
    again = program.change(path, {"email": " Support@ACME.example "}).json()
    assert (again["email"], again["updatedAt"]) == (account["email"], changed["updatedAt"])
    assert program.change(path, {"email": "nobody"}).status_code == 400
    assert program.get("/v3/accounts/globex").status_code == 404
    assert program.change(f"/v3/accounts/{world.globex.pk}", {}).status_code == 404


def test_what_is_not_offered_is_told_so_that_clients_read_it(world: World) -> None:
    for method, path in (
        ("POST", ""),
        ("POST", "/login-google"),
        ("GET", "/login/saml/acme"),
        ("POST", "/login/saml/verify"),
        ("POST", "/login/saml/acme/acs"),
        ("PUT", f"/{world.acme.pk}/plan"),
        ("PUT", f"/{world.acme.pk}/status"),
        ("GET", f"/{world.acme.pk}/invoices"),
    ):
        response = program_of(world.acme_admin).send(method, f"/v3/accounts{path}", {})
        assert response.status_code == 404, (path, response.content)
