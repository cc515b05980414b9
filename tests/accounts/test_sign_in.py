"""Signing in and out, and where a session counts."""

import pytest
from django.contrib.auth import hashers
from django.core.management import call_command

from accounts.models import User, among_operators
from tenancy.door import inside
from tests.world import PASSWORD, Browser, World, set_vendor, signed_in

REFUSAL = "This e-mail and password don&#39;t belong to an account here."


def test_a_customer_signs_in_and_sees_his_licences(world: World) -> None:
    browser = Browser("acme")
    response = browser.post("/login/", {"email": "ADA@Example.com ", "password": PASSWORD})
    assert response.status_code == 302
    assert response["Location"] == "/"
    page = browser.get("/licenses/")
    assert world.ada_license.key in page.content.decode()
    assert world.grace_license.key not in page.content.decode()


def test_it_goes_where_the_visitor_wanted(world: World) -> None:
    browser = Browser("acme")
    asked = browser.get(f"/licenses/{world.ada_license.pk}/?machines=2")
    assert asked.status_code == 302
    assert "next=" in asked["Location"]
    form = {"email": "ada@example.com", "password": PASSWORD}
    response = browser.post(asked["Location"], form)
    assert response["Location"] == f"/licenses/{world.ada_license.pk}/?machines=2"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_it_never_goes_to_another_host(world: World, target: str) -> None:
    form = {"email": "ada@example.com", "password": PASSWORD, "next": target}
    assert Browser("acme").post("/login/", form)["Location"] == "/"


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("ada@example.com", "wrong password"),
        ("nobody@example.com", PASSWORD),
        ("bob@example.com", PASSWORD),  # of the other vendor
        ("admin@acme.example", PASSWORD),  # staff
        ("root@example.com", PASSWORD),  # the operator
    ],
)
def test_every_refusal_reads_the_same(world: World, email: str, password: str) -> None:
    browser = Browser("acme")
    response = browser.post("/login/", {"email": email, "password": password})
    assert response.status_code == 200
    assert REFUSAL in response.content.decode()
    assert browser.get("/licenses/").status_code == 302


@pytest.mark.parametrize("field", ["is_active", "allow_customer_portal_access"])
def test_who_may_not_enter_is_refused_and_signed_out(world: World, field: str) -> None:
    browser = signed_in(world.ada)
    with inside(world.acme):
        User.objects.filter(pk=world.ada.pk).update(**{field: False})
    assert browser.get("/licenses/").status_code == 302
    response = browser.post("/login/", {"email": "ada@example.com", "password": PASSWORD})
    assert REFUSAL in response.content.decode()


def test_an_unknown_address_costs_one_hash_like_a_known_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    hasher = type(hashers.get_hasher())
    encode = hasher.encode

    def counting(self: object, password: str, salt: str) -> str:
        hashed.append(password)
        return str(encode(self, password, salt))

    monkeypatch.setattr(hasher, "encode", counting)
    counts = []
    for email in ("ada@example.com", "nobody@example.com", "admin@acme.example"):
        hashed.clear()
        Browser("acme").post("/login/", {"email": email, "password": "wrong"})
        counts.append(len(hashed))
    assert counts == [1, 1, 1]


def test_the_session_is_worthless_at_another_vendor(world: World) -> None:
    ada = signed_in(world.ada)
    stranger = Browser("globex")
    stranger.cookies = ada.cookies
    assert stranger.get("/licenses/").status_code == 302
    assert ada.get("/licenses/").status_code == 200


def test_a_staff_session_is_worthless_on_the_portal_and_the_other_way_round(world: World) -> None:
    on_portal, in_back_office = Browser("acme"), Browser("app")
    on_portal.cookies = signed_in(world.acme_admin).cookies
    in_back_office.cookies = signed_in(world.ada).cookies
    assert on_portal.get("/licenses/").status_code == 302
    assert in_back_office.get("/").status_code == 302


@pytest.mark.parametrize(
    ("company_id", "email", "code"),
    [
        ("acme", "admin@acme.example", 302),
        ("ACME", "admin@acme.example", 302),
        ("acme", "support@acme.example", 302),
        ("", "root@example.com", 302),
        ("globex", "admin@acme.example", 200),
        ("nobody", "admin@acme.example", 200),
        ("", "admin@acme.example", 200),
        ("acme", "root@example.com", 200),
        ("acme", "ada@example.com", 200),  # a customer
        ("", "ada@example.com", 200),
    ],
)
def test_the_back_office_takes_staff_and_operators(
    world: World, company_id: str, email: str, code: int
) -> None:
    form = {"company_id": company_id, "email": email, "password": PASSWORD}
    assert Browser("app").post("/login/", form).status_code == code


def test_staff_of_an_inactive_vendor_are_out(world: World) -> None:
    browser = signed_in(world.acme_admin)
    assert browser.get("/").status_code == 200
    set_vendor(world.acme, status="inactive")
    assert browser.get("/").status_code == 302


def test_signing_out_needs_post_and_ends_the_session(world: World) -> None:
    browser = signed_in(world.ada)
    assert browser.get("/logout/").status_code == 405
    assert browser.get("/licenses/").status_code == 200
    answer = browser.post("/logout/")
    assert answer.status_code == 302
    assert answer["Clear-Site-Data"] == '"storage"'
    assert browser.get("/licenses/").status_code == 302


def test_a_new_session_begins_at_sign_in(world: World) -> None:
    browser = Browser("acme")
    browser.get("/login/")
    browser.sign_in("ada@example.com")
    first = browser.cookies["session"].value
    browser.post("/logout/")
    browser.sign_in("ada@example.com")
    assert browser.cookies["session"].value != first


def test_last_sign_in_and_last_seen_are_kept(world: World, frozen_time: object) -> None:
    browser = Browser("acme").sign_in("ada@example.com")
    browser.get("/licenses/")
    with inside(world.acme):
        user = User.objects.get(pk=world.ada.pk)
        seen = user.last_seen_at
        assert user.last_login is not None
        assert seen is not None
        frozen_time.shift(60)  # type: ignore[attr-defined]
        browser.get("/licenses/")
        assert User.objects.get(pk=world.ada.pk).last_seen_at == seen
        frozen_time.shift(300)  # type: ignore[attr-defined]
        browser.get("/licenses/")
        moved = User.objects.get(pk=world.ada.pk).last_seen_at
    assert moved is not None
    assert (moved - seen).total_seconds() == 360


def test_forms_need_the_csrf_token(world: World) -> None:
    browser = Browser("acme", enforce_csrf_checks=True)
    form = {"email": "ada@example.com", "password": PASSWORD}
    response = browser.post("/login/", form)
    assert response.status_code == 403
    assert "This form has gone stale" in response.content.decode()


def test_createsuperuser_makes_an_operator(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", "--noinput", "--email", "Op@Example.com", verbosity=0)
    with among_operators():
        operator = User.operators.get()
    assert (operator.email, operator.role, operator.vendor_id) == (
        "op@example.com",
        "operator",
        None,
    )
    assert signed_in(operator).get("/").status_code == 200
