"""People, tags and roles of the Web API, and oneself."""

from base64 import b32decode
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Role, Tag, User
from accounts.second_factor import codes
from accounts.verbs import sessions
from audit.models import AuditEntry
from tenancy.door import inside
from tenancy.hosts import Site
from tests.api.program import Program, program_of
from tests.world import Browser, World

STRONG = "nine purple herons"


def signed_in_program(person: User) -> Program:
    """A program whose person has just signed in."""
    with inside(person.vendor):
        return Program(sessions.begin(person, site=Site.API))


def test_a_person_comes_changes_and_goes(world: World) -> None:
    program = program_of(world.acme_admin)
    made = program.create(
        "/v3/users",
        {
            "firstName": "Eve",
            "lastName": "Moneypenny",
            "email": " Eve@Example.com",
            "company": 7,
            "password": STRONG,
            "role": "user",
            "metadata": [{"key": "crm", "value": 12, "visible": False}],
            "tags": ["vip", "vip", "old"],
        },
    )
    assert made.status_code == 201, made.content
    eve = made.json()
    assert eve["email"] == "eve@example.com"
    assert eve["company"] == "7"
    assert sorted(eve["tags"]) == ["old", "vip"]
    assert Browser("acme").sign_in("eve@example.com", STRONG)
    path = f"/v3/users/{eve['id']}"
    again = program.change(path, {"firstName": "Eve", "lastName": "", "tags": ["vip"]})
    assert again.json()["tags"] == ["vip"]
    assert "lastName" in again.json()
    assert again.json()["metadata"][0]["value"] == "12"
    assert program.remove(path).status_code == 204
    assert program.get(path).status_code == 404


def test_an_address_that_exists_is_said(world: World) -> None:
    program = program_of(world.acme_admin)
    response = program.create("/v3/users", {"email": "ADA@example.com", "role": "user"})
    assert response.status_code == 400
    assert "already" in response.json()["message"]
    [ada] = program.get("/v3/users?email=ADA%40example.com").json()
    assert ada["id"] == str(world.ada.pk)


def test_who_has_licences_stays(world: World) -> None:
    response = program_of(world.acme_admin).remove(f"/v3/users/{world.ada.pk}")
    assert response.status_code == 409
    assert response.json()["code"] == "PERSON_IS_KEPT"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("role=user&sort=email", ["ada", "grace"]),
        ("userType=admin&sort=email", ["admin", "support"]),
        ("query=lovel", ["ada"]),
        ("tag=vip", ["ada"]),
        ("tags[in][]=vip&tags[in][]=none", ["ada"]),
        ("metadata.key=crm&metadata.value=7", ["ada"]),
        ("metadataKey=crm&metadataValue=8", []),
        ("productId={orbit}&sort=email", ["ada", "grace"]),
        ("activation.appVersion=9.9", []),
        ("company[cn]=x", []),
        ("lastSeenAt[gt]=2020-01-01T00:00:00", []),
    ],
)
def test_people_are_found(world: World, query: str, names: list[str]) -> None:
    program = program_of(world.acme_admin)
    program.change(
        f"/v3/users/{world.ada.pk}",
        {"tags": ["vip"], "metadata": [{"key": "crm", "value": "7"}]},
    )
    found = program.get(f"/v3/users?{query.replace('{orbit}', str(world.orbit.pk))}")
    assert [each["email"].partition("@")[0] for each in found.json()] == names


BAD: dict[str, Any] = {
    "no address": {"email": "nobody", "role": "user"},
    "no role": {"email": "x@example.com", "role": "king"},
    "an operator": {"email": "x@example.com", "role": "operator"},
    "a weak password": {"email": "x@example.com", "password": "short"},
    "too many tags": {"email": "x@example.com", "tags": [str(n) for n in range(51)]},
    "an unseen name": {"email": "x@example.com", "firstName": "\u202e"},
    "a list": {"email": ["x@example.com"]},
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD)
def test_a_person_that_can_not_be_is_not_made(world: World, body: dict[str, Any]) -> None:
    response = program_of(world.acme_admin).create("/v3/users", body)
    assert response.status_code == 400, response.content
    with inside(world.acme):
        assert not User.objects.filter(email="x@example.com").exists()
        assert not Tag.objects.exists()


def test_a_password_is_set_by_a_token_once(world: World) -> None:
    program = program_of(world.acme_admin)
    path = f"/v3/users/{world.ada.pk}"
    token = program.create(f"{path}/reset-password-token").json()["resetPasswordToken"]
    body = {"token": token, "newPassword": STRONG}
    elsewhere = Program().create(f"/v3/users/{world.grace.pk}/reset-password", body)
    assert elsewhere.status_code == 400
    assert (
        Program().create(f"{path}/reset-password", body | {"newPassword": "x"}).status_code == 400
    )
    assert Program().create(f"{path}/reset-password", body).status_code == 204
    assert Program().create(f"{path}/reset-password", body).status_code == 400
    assert Browser("acme").sign_in("ada@example.com", STRONG)
    support = f"/v3/users/{world.acme_support.pk}/reset-password-token"
    assert program.create(support).json()["code"] == "NO_RIGHT"


def test_a_password_is_changed_by_who_knows_it(world: World) -> None:
    body = {"oldPassword": "wrong", "newPassword": STRONG}
    path = f"/v3/users/{world.ada.pk}/update-password"
    program = program_of(world.ada)
    assert program.create(path, body).json()["code"] == "WRONG_PASSWORD"
    assert program_of(world.grace).create(path, body).status_code == 403
    body["oldPassword"] = "correct horse battery"
    assert program.create(path, body).status_code == 204
    assert Browser("acme").sign_in("ada@example.com", STRONG)


def test_the_export_is_recorded(world: World) -> None:
    response = program_of(world.acme_admin).get("/v3/users/export?role=user")
    lines = response.getvalue().decode("utf-8-sig").splitlines()
    assert lines[0].startswith('"email"')
    assert len(lines) == 3
    with inside(world.acme):
        assert AuditEntry.objects.filter(action="exported").exists()


def test_tags_are_kept_and_go_with_what_has_them(world: World) -> None:
    program = program_of(world.acme_admin)
    made = program.create("/v3/tags", {"name": "vip", "description": "Call back"})
    assert made.status_code == 201
    assert program.create("/v3/tags", {"name": "vip"}).status_code == 400
    program.change(f"/v3/users/{world.ada.pk}", {"tags": ["vip"]})
    path = f"/v3/tags/{made.json()['id']}"
    assert program.change(path, {"name": "VIP"}).json()["name"] == "VIP"
    assert program.get(f"/v3/users/{world.ada.pk}").json()["tags"] == ["VIP"]
    assert program.remove(path).status_code == 204
    assert program.get(f"/v3/users/{world.ada.pk}").json()["tags"] == []


def test_roles_are_the_vendors(world: World) -> None:
    program = program_of(world.acme_admin)
    claims = ["licenses.view_license"]
    made = program.create("/v3/roles", {"name": "helpers", "claims": claims}).json()
    path = f"/v3/roles/{made['id']}"
    assert program.create("/v3/roles", {"name": "x", "claims": ["no.claim"]}).status_code == 400
    assert program.change(path, {"name": "others"}).json()["code"] == "ROLE_NAME_IS_FOR_GOOD"
    program.change(f"/v3/users/{world.acme_support.pk}", {"role": "helpers"})
    assert program.remove(path).json()["code"] == "ROLE_IS_USED"
    with inside(world.acme):
        built_in = Role.objects.get(name="admin").pk
    assert program.remove(f"/v3/roles/{built_in}").json()["code"] == "BUILT_IN_ROLE"
    assert "licenses.view_license" in program.get("/v3/roles/claims").json()["licenses.license"]


def test_nobody_gives_away_what_he_has_not(world: World) -> None:
    with inside(world.acme):
        rights = ["accounts.add_role", "accounts.add_user", "accounts.change_user"]
        Role.objects.create(vendor=world.acme, name="clerk", claims=rights)
        User.objects.filter(pk=world.acme_support.pk).update(role="clerk")
        clerk = User.objects.get(pk=world.acme_support.pk)
    program = program_of(clerk)
    beyond = {"name": "more", "claims": ["licenses.add_license"]}
    assert program.create("/v3/roles", beyond).json()["code"] == "CLAIMS_BEYOND_OWN"
    admin = {"email": "x@acme.example", "role": "admin"}
    assert program.create("/v3/users", admin).json()["code"] == "CLAIMS_BEYOND_OWN"
    path = f"/v3/users/{world.ada.pk}"
    assert program.change(path, {"role": "admin"}).json()["code"] == "CLAIMS_BEYOND_OWN"


def test_oneself(world: World) -> None:
    program = program_of(world.ada)
    assert program.get("/v3/me").json()["email"] == "ada@example.com"
    changed = program.change("/v3/me", {"firstName": "Augusta", "email": "Ada@Example.com"})
    assert changed.json()["firstName"] == "Augusta"
    assert program.change("/v3/me", {"email": "new@example.com"}).json()["code"] == "EMAIL_STAYS"
    assert program.change("/v3/me", {"firstName": "x" * 101}).status_code == 400
    [license] = program.get("/v3/me/licenses").json()
    assert license["key"] == world.ada_license.key
    path = "/v3/me/licenses/{}"
    assert program.get(path.format(world.ada_license.pk)).json()["notes"] == "Ada of Acme only"
    assert program.get(path.format(world.grace_license.pk)).status_code == 404
    [machine] = program.get(f"/v3/me/activations?licenseId={world.ada_license.pk}").json()
    assert machine["hostname"] == "ada-laptop"
    assert program.get("/v3/me/activations?query=ada-lap").json() == [machine]
    assert program.get(f"/v3/me/activations/{machine['id']}").json() == machine
    of_release = f"/v3/me/licenses?releaseId={world.orbit_release.pk}"
    assert len(program.get(of_release).json()) == 1


def test_a_second_factor_is_set_up_by_a_fresh_sign_in(world: World) -> None:
    assert program_of(world.ada).create("/v3/me/2fa-secret").json()["code"] == "PROOF_NEEDED"
    program = signed_in_program(world.ada)
    url = program.create("/v3/me/2fa-secret").json()["url"]
    secret = b32decode(url.partition("secret=")[2].partition("&")[0])
    wrong = program.change("/v3/me", {"twoFactorEnabled": True, "twoFactorCode": "000000"})
    assert wrong.status_code in {400, 403, 409}
    code = codes.code_at(secret, codes.step_of(timezone.now().timestamp()))
    done = program.change("/v3/me", {"twoFactorEnabled": True, "twoFactorCode": code})
    assert done.status_code == 200, done.content
    assert done.json()["twoFactorEnabled"] is True
    assert program.get("/v3/me").status_code == 401, "Every sign-in of before has ended."


LISTS: dict[str, Callable[[World], User]] = {
    "/v3/users": lambda world: world.acme_admin,
    "/v3/tags": lambda world: world.acme_admin,
    "/v3/roles": lambda world: world.acme_admin,
    "/v3/me/activations": lambda world: world.ada,
    "/v3/me/licenses": lambda world: world.ada,
}


@pytest.mark.parametrize("path", LISTS)
def test_lists_cost_the_same_with_more_rows(
    world: World, path: str, django_assert_max_num_queries: Any
) -> None:
    program = program_of(LISTS[path](world))
    program.get(path)
    for limit in (1, 100):
        with django_assert_max_num_queries(6):
            program.get(f"{path}?limit={limit}")
