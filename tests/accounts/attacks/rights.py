"""Rights, ids, and fields that no form has."""

from typing import Any
from uuid import uuid4

from accounts.models import BuiltIn, User
from licenses.models import License
from tenancy.door import inside
from tests.accounts.attacks.catalogue import Scene, all_said, attack, said
from tests.accounts.attacks.links import ada_now
from tests.backoffice.test_foreign_ids import REFUSED, TYPED, addresses, all_of, is_clean
from tests.filled import fill
from tests.portal.test_url_matrix import ADA_ALONE, ADA_ALONE_POST, CUSTOMER, OF_ACME, path_of
from tests.posted import form_of
from tests.world import Browser, signed_in

WANTED = {
    "role": "operator", "is_active": "on", "is_staff": "on", "is_superuser": "on", "vendor": "",
    "vendor_id": "", "email": "mallory@example.com", "password": "x" * 20, "id": "", "pk": "",
    "second_factor_since": "", "link_mark": "", "allow_customer_portal_access": "on",
    "user_permissions": "1", "groups": "1", "claims": "accounts.change_user", "metadata": "{}",
}  # fmt: skip
NAMES = {"first_name": "Ada", "last_name": "Lovelace", "company": ""}


def of_ada(scene: Scene) -> dict[str, Any]:
    """Her row, without when it was changed."""
    with inside(scene.world.acme):
        row = dict(User.objects.filter(pk=scene.world.ada.pk).values().get())
    return {
        name: value for name, value in row.items() if name not in {"updated_at", "last_seen_at"}
    }


@attack
def mass_assignment_in_the_profile(scene: Scene) -> str:
    """Mass assignment: her profile is sent with 17 fields that the form has not: role, vendor, ..."""
    before = of_ada(scene)
    answer = signed_in(scene.world.ada).post("/profile/", {**WANTED, **NAMES})
    assert of_ada(scene) == before
    return f"{said(answer)}; none of them is changed"


@attack
def mass_assignment_by_a_link(scene: Scene) -> str:
    """Mass assignment: the same with a link for a new password."""
    from tests.accounts.test_links import link_to_reset, passwords

    path, before = link_to_reset(scene.world), of_ada(scene)
    answer = Browser("acme").post(path, {**WANTED, **passwords(1)})
    after = of_ada(scene)
    assert {name for name in before if before[name] != after[name]} == {"password", "link_mark"}
    return f"{said(answer)}; the password alone is changed"


@attack
def mass_assignment_at_an_import_of_oneself(scene: Scene) -> str:
    """Mass assignment: staff's form of a customer is sent with another vendor, a password, and the
    fields above."""
    path = f"/accounts/user/{scene.world.ada.pk}/change/"
    browser = signed_in(scene.world.acme_admin)
    form = form_of(browser.get(path).content.decode(), "", "first_name")
    before = of_ada(scene)
    allowed = {"role", "email", "is_active", "allow_customer_portal_access", "metadata"}
    more = {name: value for name, value in WANTED.items() if name not in allowed}
    answer = browser.post(path, {**form, **more, "vendor": str(scene.world.globex.pk)})
    assert of_ada(scene) == before
    return f"{answer.status_code}; none of them is changed"


@attack
def becoming_an_operator(scene: Scene) -> str:
    """An administrator makes himself an operator, and gives a role of another vendor's."""
    browser, path = signed_in(scene.world.acme_admin), _own_page(scene)
    form = form_of(browser.get(path).content.decode(), "", "first_name")
    roles = ("operator", str(BuiltIn.OPERATOR), "nothing", str(uuid4()))
    answers = [browser.post(path, {**form, "role": role}) for role in roles]
    with inside(scene.world.acme):
        assert User.objects.get(pk=scene.world.acme_admin.pk).role == BuiltIn.ADMIN
    return all_said(answers)


def _own_page(scene: Scene) -> str:
    return f"/accounts/user/{scene.world.acme_admin.pk}/change/"


@attack
def support_that_helps_itself(scene: Scene) -> str:
    """Support gives itself the administrator's role, erases a customer, exports all, changes
    settings."""
    browser = signed_in(scene.world.acme_support)
    own, ada = scene.world.acme_support.pk, scene.world.ada.pk
    asked = [
        browser.post(f"/accounts/user/{own}/change/", {"role": "admin", "email": "s@acme.example"}),
        browser.post(f"/accounts/user/{ada}/erase/", {"email": "ada@example.com"}),
        browser.get("/accounts/user/export.csv"),
        browser.post("/accounts/portalsettings/", {"email_sender": "x"}),
        browser.post("/accounts/user/add/", {"email": "m@acme.example", "role": "admin"}),
    ]
    with inside(scene.world.acme):
        assert User.objects.get(pk=own).role == BuiltIn.SUPPORT
        assert User.objects.filter(pk=ada).exists()
    return all_said(asked)


@attack
def an_operator_who_is_curious(scene: Scene) -> str:
    """An operator reads a vendor's customers, licences, e-mails and trail."""
    browser = signed_in(scene.world.operator)
    ada, licence = scene.world.ada.pk, scene.world.ada_license.pk
    paths = ("/accounts/user/", f"/accounts/user/{ada}/story/", f"/accounts/user/{ada}/change/",
             "/licenses/license/", f"/licenses/license/{licence}/change/", "/audit/auditentry/",
             "/mail/outgoingemail/", "/accounts/user/export.csv", "/find/?q=ada")  # fmt: skip
    answers = [browser.get(path) for path in paths]
    assert all(b"Lovelace" not in each.content for each in answers)
    return all_said(answers)


def _ids(scene: Scene) -> dict[str, Any]:
    """Of Ada's rows, for every name in an address."""
    from offline.verbs.answering import answer
    from tests.offline.requests_maker import MachineKeys

    world = scene.world
    with inside(world.acme):
        exchange = answer(
            world.ada, MachineKeys().activation(world.orbit.pk, world.ada_license.key)
        )
    return {
        "exchange_id": exchange.pk, "offline_machine": exchange.activation_id,
        "license_id": world.ada_license.pk, "activation_id": world.ada_machine.pk,
        "token": "not-a-token", "release_id": world.orbit_release.pk, "name": "orbit-1.2.0.bin",
        "product_id": world.orbit.pk, "table": "activity", "picture": "x",
        "provider_id": world.acme.pk, "identity_id": world.acme.pk, "passkey_id": world.acme.pk,
        "token_id": world.acme.pk,
        "session_id": 1,
    }  # fmt: skip


def _asked_by(scene: Scene, person: User, columns: tuple[Any, ...]) -> list[Any]:
    ids, browser, answers = _ids(scene), signed_in(person), []
    # As one of the same vendor: the ids alone are another's.
    for name, (by_get, by_post) in CUSTOMER.items():
        path = path_of(name, ids)
        if by_get in columns:
            answers.append(browser.get(path))
        if by_post in columns:
            answers.append(browser.post(path, {"name": "Taken", "reason": "Taken"}))
    with inside(scene.world.acme):
        assert License.objects.get(pk=scene.world.ada_license.pk).name != "Taken"
    assert all(scene.world.ada_license.key.encode() not in each.getvalue() for each in answers)
    return answers


@attack
def ids_of_another_customer(scene: Scene) -> str:
    """IDOR: Grace asks for every address of a portal that has an id in it, with Ada's ids."""
    answers = _asked_by(scene, scene.world.grace, (ADA_ALONE, ADA_ALONE_POST))
    assert len(answers) >= 9
    return all_said(answers)


@attack
def ids_of_another_vendor(scene: Scene) -> str:
    """IDOR: Ada of Globex does the same at her own portal, with releases and files as well."""
    person = scene.world.ada_of_globex
    answers = _asked_by(scene, person, (ADA_ALONE, ADA_ALONE_POST, OF_ACME))
    assert len(answers) >= 11
    return all_said(answers)


@attack
def ids_of_another_vendor_in_the_back_office(scene: Scene) -> str:
    """IDOR: Globex' administrator asks for every address of the back office with ids of Acme's
    rows, by GET and POST, with every verb."""
    fill(scene.world)
    browser, theirs = signed_in(scene.world.acme_admin), all_of(scene.world.globex)
    asked = addresses(scene.world.globex)
    assert len(asked) > 60
    for path in asked:
        for answer in (browser.post(path, TYPED), browser.get(path)):
            assert answer.status_code in REFUSED, (path, answer.status_code)
            is_clean(answer, path)
    assert all_of(scene.world.globex) == theirs
    return "404, 403, or 302 to the own list; nothing of theirs is told or changed"


@attack
def ids_that_are_none(scene: Scene) -> str:
    """IDOR: ids that are none: numbers, signs of SQL, paths, NUL."""
    hers = signed_in(scene.world.ada)
    odd = ("1", "0", "-1", "1%20OR%201=1", "%00", "..", "%2e%2e%2fprofile", "null", "*", "é" * 300)
    return all_said(hers.get(f"/licenses/{each}/") for each in odd)


@attack
def tables_of_own_data(scene: Scene) -> str:
    """The tables of one's own data: names that are none, a path, and the id of somebody else."""
    hers, grace = signed_in(scene.world.ada), scene.world.grace.pk
    asked = [
        hers.get(f"/profile/data/{name}.csv")
        for name in ("nothing", "users", "accounts_user", "..%2factivity", "%00")
    ]
    for query in ({"user": grace}, {"user_id": grace}, {"id": grace}):
        told = hers.get("/profile/data/profile.json", query).getvalue()
        assert b"Lovelace" in told
        assert b"grace" not in told
    return f"{all_said(asked)}; the parameters change nothing"


@attack
def narrowing_by_what_is_secret(scene: Scene) -> str:
    """Staff narrows lists by the hash of a password, a letter at a time, or by another vendor."""
    browser = signed_in(scene.world.acme_admin)
    asked = [
        browser.get("/accounts/user/", query)
        for query in (
            {"password__startswith": "a"}, {"link_mark__gt": "8"}, {"vendor__name": "Globex"},
            {"secondfactor__encrypted_secret__startswith": "g"}, {"vendor": scene.world.globex.pk},
            {"session__digest__startswith": "0"},
        )
    ]  # fmt: skip
    for answer in asked:
        assert b"bob@example.com" not in answer.content
    return all_said(asked)


@attack
def signed_out_and_inside(scene: Scene) -> str:
    """Without an account: every address of the back office with the ids of rows."""
    fill(scene.world)
    asked = addresses(scene.world.acme)
    answers = [Browser("app").get(path) for path in asked]
    answers += [Browser("app").post(path, TYPED) for path in asked]
    assert ada_now(scene).first_name == "Ada"
    return all_said(answers)
