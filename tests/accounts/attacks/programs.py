"""Programs: the Web API."""

import json
import re
from typing import Any
from uuid import uuid4

from django.core import mail

from accounts.models import Role, User
from accounts.tokens import verbs as tokens
from accounts.tokens.arriving import Bearer
from accounts.tokens.scopes import SCOPES
from api.allowed import needs
from api.errors import OutOfScope
from licenses.models import License
from tenancy.door import inside
from tests.accounts.attacks.catalogue import Scene, all_said, attack, said
from tests.api.program import Program, operations, program_of, token_of
from tests.api.test_accounts import pair_of
from tests.api.test_matrix import ROWS, call, needed, with_id
from tests.webhooks.hooks import SECRET, hook_of
from tests.world import Browser, signed_in

UUID_IN = re.compile(r"/[0-9a-f]{8}-[0-9a-f-]{27}")
NONE = "00000000-0000-4000-8000-000000000000"
LICENSES = "/v3/licenses"


def license_now(scene: Scene) -> dict[str, Any]:
    with inside(scene.world.acme):
        return dict(License.objects.filter(pk=scene.world.ada_license.pk).values().get())


def people_of_acme(scene: Scene) -> list[Any]:
    with inside(scene.world.acme):
        return list(User.objects.order_by("pk").values("pk", "role", "email", "is_active"))


def paths(scene: Scene) -> list[tuple[str, str, needs]]:
    """Every operation that needs a token: its method, its path with the id of a row of Acme's, and
    what it needs."""
    rows: dict[Any, object] = {}
    found = []
    for method, path, operation in operations():
        need = needed(operation)
        if need is None:
            continue
        noun = re.sub(r"(?<=.)/\{.*", "", path.removeprefix("/v3/"))
        make = ROWS[noun] if "{" in path else None
        if make and make not in rows:
            rows[make] = make(scene.world)
        found.append((method, with_id(path, rows.get(make)), need))
    return found


@attack
def ids_of_another_vendor_in_paths(scene: Scene) -> str:
    """IDOR: a token of Globex' administrator calls every operation with ids of Acme's rows."""
    world, program = scene.world, program_of(scene.world.globex_admin)
    asked = [
        call(program, method, path) for method, path, _need in paths(scene) if UUID_IN.search(path)
    ]
    assert len(asked) > 60
    assert all(each.status_code in {400, 404} for each in asked)
    assert all(world.ada_license.key.encode() not in each.content for each in asked)
    return "404, or 400 where the body is looked at first; as for ids that are none"


@attack
def ids_of_another_vendor_in_bodies(scene: Scene) -> str:
    """IDOR: the same in bodies: a licence is made of Acme's product, for Acme's customer, and of a
    licence of one's own the owner, further users and policies are Acme's."""
    world, program = scene.world, program_of(scene.world.globex_admin)
    own = f"{LICENSES}/{world.bob_license.pk}"
    bodies = (
        {"userId": str(world.ada.pk)}, {"additionalUserIds": [str(world.ada.pk)]},
        {"productVersionId": str(world.orbit.pk)}, {"maintenancePolicyId": str(world.acme.pk)},
    )  # fmt: skip
    asked = [program.create(LICENSES, {"productId": str(world.orbit.pk)})]
    asked += [program.change(own, body) for body in bodies]
    return all_said(asked)


@attack
def ids_of_another_customer_by_a_program(scene: Scene) -> str:
    """IDOR: Grace's program asks for Ada's licence and machine, as her own."""
    world, program = scene.world, program_of(scene.world.grace)
    paths = (f"me/licenses/{world.ada_license.pk}", f"me/activations/{world.ada_machine.pk}")
    return all_said(program.get(f"/v3/{path}") for path in paths)


@attack
def a_customers_token_for_staffs_operations(scene: Scene) -> str:
    """A customer's token with every scope calls every operation that is for staff."""
    program = program_of(scene.world.ada)
    asked = [call(program, method, path) for method, path, need in paths(scene) if need.right]
    assert len(asked) > 80
    return all_said(asked)


@attack
def each_scope_alone(scene: Scene) -> str:
    """A token of one scope alone, of an administrator, asks for every operation of other scopes."""
    request, gone_through = Program().get("/v3/me").wsgi_request, 0
    for scope in SCOPES:
        request.bearer = Bearer(scene.world.acme_admin, scene.world.acme, "", {scope})
        for _method, _path, operation in operations():
            need = needed(operation)
            if need is None:
                continue
            try:
                need(request)
            except OutOfScope:
                assert need.scope != scope
            else:
                gone_through += 1
                assert need.scope == scope or scope.replace(":write", ":read") == need.scope
    assert gone_through > 100
    only_reading = program_of(scene.world.acme_admin, ["license:read"])
    asked = [only_reading.create(LICENSES, {}), only_reading.get("/v3/users")]
    return f"{all_said(asked)}; to write brings to read along at most"


@attack
def what_signs_events(scene: Scene) -> str:
    """A token that may read webhooks reads what their events are signed with."""
    hook = hook_of(scene.world.acme, "https://shop.example/hooks")
    answer = program_of(scene.world.acme_admin, ["webhook:read"]).get(f"/v3/webhooks/{hook.pk}")
    assert SECRET not in answer.content.decode()
    return f"{said(answer)}; the secret is left out"


@attack
def a_token_that_makes_a_token(scene: Scene) -> str:
    """A stolen token with few scopes makes itself one with all, lets a revoked one in again."""
    world = scene.world
    program = program_of(
        world.acme_admin, ["personalAccessToken:write", "personalAccessToken:read"]
    )
    with inside(world.acme):
        row = tokens.write(world.acme_admin, name="old", scopes=["user:read"])[0]
        tokens.set_revoked(row, revoked=True)
    asked = [
        program.create("/v3/personal-access-tokens", {"name": "x", "scopes": list(SCOPES)}),
        program.change(f"/v3/personal-access-tokens/{row.pk}", {"revoked": False}),
    ]
    return all_said(asked)


@attack
def tokens_that_count_no_more(scene: Scene) -> str:
    """A token is used that was revoked, is another vendor's by its beginning, is cut off or made up,
    or is a session's of the back office."""
    world = scene.world
    token = token_of(world.acme_admin)
    with inside(world.acme):
        row, revoked = tokens.write(world.acme_admin, name="old", scopes=["user:read"])
        tokens.set_revoked(row, revoked=True)
    moved = token.replace(world.acme.pk.hex, world.globex.pk.hex)
    session = signed_in(world.acme_admin).cookies["session"].value
    made_up = ("pat_", "null", "Bearer", "\x00", "é" * 500, f"{uuid4().hex}.x")
    odd = (revoked, moved, token[:-1], token.upper(), session, pair_of()["refreshToken"], *made_up)
    return all_said(Program(each).get("/v3/users") for each in odd)


@attack
def a_token_elsewhere_than_in_its_header(scene: Scene) -> str:
    """A token is put where it would be logged or sent along unasked: into the address, a cookie, a
    body, other headers."""
    token, stranger = token_of(scene.world.acme_admin), Program()
    asked = [
        stranger.get(f"/v3/users?{name}={token}")
        for name in ("token", "access_token", "accessToken", "api_key", "Authorization")
    ]
    asked += [
        stranger.get("/v3/users", headers=headers)
        for headers in (
            {"X-Api-Key": token}, {"X-Authorization": f"Bearer {token}"},
            {"Authorization": f"Basic {token}"}, {"Authorization": token},
            {"Cookie": f"session={token}; Authorization=Bearer {token}"},
        )
    ]  # fmt: skip
    asked.append(stranger.create("/v3/tags", {"name": "x", "accessToken": token}))
    return all_said(asked)


@attack
def an_access_token_at_a_portal(scene: Scene) -> str:
    """A program's access token is used as the cookie of a portal and of the back office."""
    token = pair_of()["accessToken"]
    answers = []
    for label, path in (("acme", "/licenses/"), ("app", "/")):
        browser = Browser(label)
        browser.cookies["session"] = token
        answers.append(browser.get(path))
    return all_said(answers)


@attack
def methods_that_are_said_otherwise(scene: Scene) -> str:
    """Method override: a reading call says in a header or a parameter that it deletes."""
    path = f"{LICENSES}/{scene.world.ada_license.pk}"
    program = program_of(scene.world.acme_admin)
    asked = [
        program.get(path, headers={name: "DELETE"})
        for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")
    ]
    asked += [program.get(f"{path}?_method=DELETE")]
    assert license_now(scene)["id"] == scene.world.ada_license.pk
    refused = [program.send(method, path) for method in ("TRACE", "CONNECT", "PROPFIND")]
    return f"{all_said(asked)}, and it reads; methods that nobody knows {all_said(refused)}"


@attack
def another_host_in_a_programs_call(scene: Scene) -> str:
    """Host header: a program asks for a new password with another host in every header."""
    evil = {"HTTP_X_FORWARDED_HOST": "evil.example", "HTTP_FORWARDED": "host=evil.example"}
    body = {"companyId": "acme", "email": "ada@example.com"}
    path = "/v3/accounts/reset-password-request"
    asked = Program().send("POST", path, body, **evil)
    assert "evil" not in mail.outbox[-1].body
    refused = Browser("api").post(path, body, "application/json", HTTP_HOST="evil.example")
    assert len(mail.outbox) == 1
    return f"{said(asked)}; the link is at Acme's host. As the host itself: {said(refused)}"


@attack
def mass_assignment_by_programs(scene: Scene) -> str:
    """Mass assignment: a customer's own profile, and a licence, are sent with members that are no
    one's to write: role, vendor, id, counts, what is signed."""
    world, people = scene.world, people_of_acme(scene)
    told = {
        "role": "admin", "roles": ["admin"], "vendorId": NONE, "accountId": NONE, "id": NONE,
        "isActive": False, "allowCustomerPortalAccess": False, "password": "x" * 20,
        "linkMark": "", "claims": ["accounts.change_user"], "secondFactorSince": None,
    }  # fmt: skip
    asked = [program_of(world.ada).change("/v3/me", told)]
    assert people_of_acme(scene) == people
    before = license_now(scene)
    told = {
        "id": NONE, "vendorId": str(world.globex.pk), "totalActivations": 0, "createdAt": 1,
        "totalDeactivations": 0, "firstActivatedAt": None, "expiresAt": "2099-01-01T00:00:00Z",
        "keyForm": "X", "productId": str(world.quill.pk), "type": "hosted-floating",
    }  # fmt: skip
    path = f"{LICENSES}/{world.ada_license.pk}"
    asked.append(program_of(world.acme_admin).change(path, told))
    assert license_now(scene) | {"updated_at": ""} == before | {"updated_at": ""}
    return f"{all_said(asked)}; none of them is changed"


@attack
def a_role_that_gives_itself_more(scene: Scene) -> str:
    """Somebody with the right to change people and little more makes himself an administrator, and
    his own role one that may do everything."""
    world = scene.world
    with inside(world.acme):
        claims = ["accounts.change_user", "accounts.view_user", "accounts.change_role"]
        role = Role.objects.create(vendor=world.acme, name="Helpers", claims=claims)
        User.objects.filter(pk=world.acme_support.pk).update(role="Helpers")
        helper = User.objects.select_related("vendor").get(pk=world.acme_support.pk)
    program = program_of(helper)
    asked = [
        program.change(f"/v3/users/{helper.pk}", {"role": "admin"}),
        program.change(f"/v3/roles/{role.pk}", {"claims": [*claims, "licenses.delete_license"]}),
    ]
    return all_said(asked)


@attack
def bodies_that_are_too_much(scene: Scene) -> str:
    """A body of three megabytes, one of 100,000 brackets, lists of 20,000 members, and numbers without
    end."""
    program = program_of(scene.world.acme_admin)
    path = f"{LICENSES}/{scene.world.ada_license.pk}"
    too_large = program.send("PATCH", path, b'{"notes": "' + b"x" * 3_000_000 + b'"}')
    odd = (
        b"[" * 100_000, b'{"metadata":' + b"[" * 100_000, b'{"allowedActivations": 1e999}',
        b'{"allowedActivations": ' + b"9" * 400 + b"}", b'{"allowedActivations": NaN}',
        b'{"notes": "\xff"}', b'{"notes": "\\ud800"}', b'{"notes": "\\u0000"}', b"[]", b"7", b"{",
        json.dumps({"tags": [f"tag {n}" for n in range(20_000)]}).encode(),
        json.dumps({"additionalUserIds": [NONE] * 10_000}).encode(),
    )  # fmt: skip
    answers = [program.send("PATCH", path, each) for each in odd]
    return f"{said(too_large)} for the first, {all_said(answers)} for the others"


@attack
def members_twice(scene: Scene) -> str:
    """A body has a member twice, so that one is checked and the other saved."""
    program = program_of(scene.world.acme_admin)
    path = f"{LICENSES}/{scene.world.ada_license.pk}"
    long = b"x" * 5000
    refused = program.send("PATCH", path, b'{"notes": "short", "notes": "' + long + b'"}')
    taken = program.send("PATCH", path, b'{"notes": "' + long + b'", "notes": "short"}')
    assert license_now(scene)["notes"] == "short"
    return f"{said(refused)} or {said(taken)}: the last one alone is checked and saved"


@attack
def a_key_of_another_persons_call(scene: Scene) -> str:
    """The Idempotency-Key of somebody else's call is sent with its very body, by another person's
    token, by another vendor's, and by none."""
    world, key = scene.world, {"Idempotency-Key": "key 1"}
    body = {"name": "Lens of Acme"}
    first = program_of(world.acme_admin).send("POST", "/v3/products", body, headers=key)
    theirs = program_of(world.globex_admin).send("POST", "/v3/products", body, headers=key)
    assert (first.status_code, theirs.status_code) == (201, 201)
    assert theirs.json()["id"] != first.json()["id"]
    others = [
        program.send("POST", "/v3/products", body, headers=key)
        for program in (program_of(world.acme_support), program_of(world.ada))
    ]
    stranger = Program().send("POST", "/v3/products", body, headers=key)
    assert all(first.json()["id"].encode() not in each.content for each in (*others, stranger))
    return f"{said(theirs)} with an own row, {all_said(others)} and {said(stranger)}"


@attack
def conditions_on_what_is_secret(scene: Scene) -> str:
    """Lists are narrowed and sorted by the hash of a password, a letter at a time, or by what is
    another vendor's."""
    program = program_of(scene.world.acme_admin)
    asked = [
        program.get(f"/v3/{query}")
        for query in (
            "users?password[contains]=a", "users?password__startswith=a", "users?sort=password",
            "users?linkMark[gt]=8", "users?vendor.name=Globex", "licenses?user.password=x",
            "personal-access-tokens?digest=0", "licenses?sort=-vendor__name",
        )
    ]  # fmt: skip
    return all_said(asked)


@attack
def pages_elsewhere_that_call(scene: Scene) -> str:
    """CORS and CSRF: a page elsewhere has her browser, signed in to the back office, call the Web
    API, and read what it answers."""
    browser = signed_in(scene.world.acme_admin)
    call_of_page = Program()
    call_of_page.cookies = browser.cookies
    evil = {"Origin": "https://evil.example"}
    answers = [
        call_of_page.get("/v3/users", headers=evil),
        call_of_page.send("POST", "/v3/tags", {"name": "x"}, headers=evil),
    ]
    preflight = Program().send("OPTIONS", "/v3/users", headers=evil)
    assert "Access-Control-Allow-Origin" not in [*answers[0].headers, *preflight.headers]
    return f"{all_said(answers)}; no answer lets another origin read it"


@attack
def guessing_of_keys(scene: Scene) -> str:
    """Licence keys are guessed: activations without a token, one after the other."""
    body = {"productId": str(scene.world.orbit.pk), "fingerprint": "f" * 64, "os": "linux"}
    asked = [
        Program().create("/v3/activations", body | {"key": f"GUESS-{n:04}-ACME-ORBIT"})
        for n in range(70)
    ]
    let = [each for each in asked if each.status_code != 429]
    assert all(each.status_code == 429 for each in asked[len(let) :])
    return f"{len(let)} tries, {all_said(let)}, then 429"
