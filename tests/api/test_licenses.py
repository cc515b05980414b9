"""Licences of the Web API."""

import csv
import io
from typing import Any

import pytest

from accounts.models import Role, User
from audit.models import AuditEntry
from licenses.models import (
    Activation,
    License,
    LicensePolicy,
    MaintenancePolicy,
    Product,
    SigningKey,
)
from licenses.verbs.activations import activate
from licenses.verbs.licenses import create_license, suspend
from tenancy.door import inside
from tests.api.program import Program, program_of
from tests.world import World, machine, user

PATH = "/v3/licenses"
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def program(world: World) -> Program:
    return program_of(world.acme_admin)


def policy(world: World, **fields: Any) -> LicensePolicy:
    with inside(world.acme):
        return LicensePolicy.objects.create(vendor=world.acme, name="Standard", **fields)


def number_of_licenses(world: World) -> int:
    with inside(world.acme):
        return License.objects.count()


def test_a_licence_is_made_with_all_that_it_can_have(world: World, program: Program) -> None:
    terms = policy(world, subscription_interval="P1Y", allowed_activations=5)
    with inside(world.acme):
        updates = MaintenancePolicy.objects.create(
            vendor=world.acme, name="Updates", subscription_interval="P1Y"
        )
    made = program.create(
        PATH,
        {
            "productId": str(world.orbit.pk),
            "licenseTemplateId": str(terms.pk),
            "userId": str(world.ada.pk),
            "additionalUserIds": [str(world.grace.pk), str(world.ada.pk)],
            "allowedActivations": "7",
            "subscriptionInterval": None,
            "type": "hosted-floating",
            "notes": "From the shop",
            "key": "SHOP-0001-AAAA-BBBB",
            "maintenancePolicyId": str(updates.pk),
            "maxAllowedReleaseVersion": "4.2",
            "suspended": "true",
            "createdAt": "2020-01-01T00:00:00Z",
            "metadata": [
                {"key": "order", "value": 4711},
                {"key": "seen", "value": "yes", "viewPermissions": ["user"]},
                {"key": "unseen", "value": "no", "viewPermissions": []},
            ],
            "meterAttributes": [{"name": "renders", "allowedUses": "100", "visible": True}],
            "tags": ["shop", "new"],
            "productVersionId": None,
        },
    )
    assert made.status_code == 201
    body = made.json()
    assert body == program.get(f"{PATH}/{body['id']}").json()
    assert body["user"]["email"] == "ada@example.com"
    assert body["additionalUserIds"] == [str(world.grace.pk)]
    assert (body["validity"], body["subscriptionInterval"]) == (31536000, "P1Y")
    assert (body["expiresAt"], body["createdAt"][:4]) == ("2027-11-24T23:59:59Z", "2026")
    assert (body["allowedActivations"], body["type"]) == (7, "hosted-floating")
    assert (body["suspended"], body["revoked"]) == (True, False)
    assert (body["licensePolicyId"], body["licenseTemplateId"]) == (str(terms.pk),) * 2
    assert (body["maintenancePolicyId"], body["maxAllowedReleaseVersion"]) == (
        str(updates.pk),
        "4.2",
    )
    told = {each["key"]: (each["value"], each["visible"]) for each in body["metadata"]}
    assert told == {"order": ("4711", False), "seen": ("yes", True), "unseen": ("no", False)}
    assert body["meterAttributes"][0]["allowedUses"] == 100
    assert set(body["tags"]) == {"shop", "new"}


def test_what_is_not_said_is_of_the_policy_and_the_product(world: World, program: Program) -> None:
    terms = policy(world, subscription_interval="P1M", key_pattern="[A-Z]{20}")
    with inside(world.acme):
        world.orbit.default_policy = terms
        world.orbit.save()
    product = {"productId": str(world.orbit.pk)}
    by_default = program.create(PATH, product).json()
    assert (by_default["validity"], len(by_default["key"])) == (30 * 86400, 20)
    assert "user" not in by_default
    perpetual = program.create(PATH, product | {"subscriptionInterval": ""}).json()
    assert (perpetual["validity"], perpetual["expiresAt"]) == (0, None)
    delayed = product | {"subscriptionStartTrigger": "activation", "validity": 86400}
    waiting = program.create(PATH, delayed).json()
    assert (waiting["expirationStrategy"], waiting["expiresAt"]) == ("delayed", None)
    assert waiting["subscriptionInterval"] == "P1D"


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"productId": None}, 404, "product"),
        ({"productId": "x"}, 404, "product"),
        ({"productId": NOBODY}, 404, "product"),
        ({"productId": "quill"}, 404, "product"),
        ({"userId": "bob"}, 404, "user"),
        ({"userId": "admin"}, 404, "user"),
        ({"userId": 7}, 404, "user"),
        ({"additionalUserIds": ["bob"]}, 404, "user"),
        ({"additionalUserIds": "bob"}, 400, "additionalUserIds:"),
        ({"additionalUserIds": ["bob"] * 201}, 400, "additionalUserIds:"),
        ({"licensePolicyId": "foreign"}, 404, "policy"),
        ({"maintenancePolicyId": "foreign"}, 404, "maintenance policy"),
        ({"key": "short"}, 400, "key:"),
        ({"key": "ADA111-ACME-ORBIT-0001"}, 400, "key already"),
        ({"key": "ada111acme ORBIT0001"}, 400, "key:"),
        ({"type": "floating"}, 400, "type:"),
        ({"allowedActivations": "many"}, 400, "allowedActivations:"),
        ({"subscriptionInterval": "a year"}, 400, "subscriptionInterval:"),
        ({"notes": "x" * 4001}, 400, "notes:"),
        ({"notes": "a\x00b"}, 400, "notes:"),
        ({"maxAllowedReleaseVersion": "four"}, 400, "maxAllowedReleaseVersion:"),
        ({"metadata": [{"value": "x"}]}, 400, "metadata.0.key:"),
        ({"metadata": [{"key": "", "value": "x"}]}, 400, "key:"),
        ({"metadata": [{"key": "x" * 257}]}, 400, "key:"),
        ({"metadata": [{"key": str(n)} for n in range(51)]}, 400, "50 values"),
        ({"meterAttributes": [{"name": "x", "allowedUses": -2}]}, 400, "allowedUses:"),
        ({"meterAttributes": [{"name": str(n)} for n in range(51)]}, 400, "50 meters"),
        ({"tags": ["x" * 101]}, 400, "name:"),
        ({"tags": [str(n) for n in range(51)]}, 400, "50 tags"),
        ({"allowedCountries": ["Mars"]}, 400, "allowedCountries:"),
        ({"suspended": "perhaps"}, 400, "suspended:"),
    ],
)
def test_what_a_licence_can_not_be_is_said_and_nothing_is_made(
    world: World, program: Program, body: dict[str, Any], status: int, says: str
) -> None:
    with inside(world.globex):
        foreign = LicensePolicy.objects.create(vendor=world.globex, name="Foreign")
        upkeep = MaintenancePolicy.objects.create(vendor=world.globex, name="Foreign")
    ids = {
        "quill": world.quill.pk,
        "bob": world.bob.pk,
        "admin": world.acme_admin.pk,
        "foreign": upkeep.pk if "maintenancePolicyId" in body else foreign.pk,
    }

    def named(value: Any) -> Any:
        if isinstance(value, list):
            return [named(each) for each in value]
        return str(ids[value]) if isinstance(value, str) and value in ids else value

    before = number_of_licenses(world)
    sent = {"productId": str(world.orbit.pk)} | {key: named(each) for key, each in body.items()}
    response = program.create(PATH, sent)
    assert (response.status_code, says in response.json()["message"]) == (status, True), (
        response.content
    )
    assert number_of_licenses(world) == before
    if "productId" in body:
        return
    one = f"{PATH}/{world.ada_license.pk}"
    unchanged = program.get(one).json()
    if body.get("key") != "ADA111-ACME-ORBIT-0001" and "type" not in body:
        refused = program.change(f"{PATH}/{world.grace_license.pk}", sent)
        assert refused.status_code == (200 if "licensePolicyId" in body else status)
    assert program.get(one).json() == unchanged


@pytest.mark.parametrize("names", [20_000, 1])
@pytest.mark.parametrize("member", ["metadata", "meterAttributes"])
def test_too_many_values_are_refused_before_one_is_written(
    world: World, program: Program, member: str, names: int, django_assert_max_num_queries: Any
) -> None:
    name = "key" if member == "metadata" else "name"
    many = [{name: str(n % names)} for n in range(20_000)]
    one = f"{PATH}/{world.ada_license.pk}"
    with django_assert_max_num_queries(30):
        assert program.change(one, {member: many}).status_code == 400
    assert program.get(one).json()[member] == []


def test_a_policy_gets_what_it_requires(world: World, program: Program) -> None:
    terms = policy(world, required_metadata_keys=["Room"], required_meter_attributes=["renders"])
    body = {"productId": str(world.orbit.pk), "licensePolicyId": str(terms.pk)}
    refused = program.create(PATH, body | {"metadata": [{"key": "Room", "value": "7"}]})
    assert (refused.status_code, refused.json()["code"]) == (400, "REQUIRED_MISSING")
    assert "renders" in refused.json()["message"]
    both = {"metadata": [{"key": "Room"}], "meterAttributes": [{"name": "renders"}]}
    assert program.create(PATH, body | both).status_code == 201


def test_a_licence_changes_as_far_as_is_said(world: World, program: Program) -> None:
    one = f"{PATH}/{world.ada_license.pk}"
    first = {
        "metadata": [{"key": "a", "value": "1", "visible": True}, {"key": "b", "value": "2"}],
        "meterAttributes": [{"name": "renders", "allowedUses": 5, "floating": True}],
        "additionalUserIds": [str(world.grace.pk)],
        "tags": ["red"],
        "notes": "New",
        "allowedCountries": ["de"],
    }
    before = program.change(one, first).json()
    assert (before["notes"], before["allowedCountries"]) == ("New", ["DE"])
    changed = program.change(
        one,
        {
            "notes": None,
            "metadata": [{"key": "a", "value": "3"}],
            "meterAttributes": [{"name": "renders", "allowedUses": 9}],
            "additionalUserIds": [],
            "tags": ["blue"],
            "type": "hosted-floating",
            "expirationStrategy": "rolling",
            "subscriptionInterval": "P1M",
            "allowedActivations": 9,
        },
    ).json()
    told = {each["key"]: (each["value"], each["visible"]) for each in changed["metadata"]}
    assert told == {"a": ("3", True), "b": ("2", False)}
    [meter] = changed["meterAttributes"]
    assert (meter["allowedUses"], meter["floating"]) == (9, True)
    assert (changed["additionalUserIds"], changed["tags"]) == ([], ["blue"])
    assert (changed["notes"], changed["allowedActivations"]) == ("New", 9)
    # What a licence began as stays; a new interval counts from the next renewal on.
    assert (changed["type"], changed["expirationStrategy"]) == ("node-locked", "immediate")
    assert (changed["subscriptionInterval"], changed["expiresAt"]) == ("P1M", None)
    # The whole of it, sent back, changes nothing.
    assert program.change(one, changed).json() == changed
    keyed = program.change(one, {"key": "ANOTHER-KEY-0001", "userId": ""}).json()
    assert "user" not in keyed
    assert program.get(f"{PATH}?key=anotherkey0001").json()[0]["id"] == keyed["id"]
    assert program.get(f"{PATH}?query=another").json()[0]["id"] == keyed["id"]


def test_suspending_and_revoking_go_by_their_verbs(world: World, program: Program) -> None:
    one = f"{PATH}/{world.ada_license.pk}"
    for body in ({"suspended": True}, {"suspended": False, "revoked": True}, {"revoked": False}):
        changed = program.change(one, body).json()
        assert {name: changed[name] for name in body} == body
        program.change(one, body)
    with inside(world.acme):
        about = AuditEntry.objects.filter(license_id=world.ada_license.pk)
        actions = list(about.order_by("-sequence").values_list("action", flat=True)[:4])
    assert actions == ["unrevoked", "revoked", "unsuspended", "suspended"]


def test_a_licence_is_renewed_extended_and_given_an_end(world: World, program: Program) -> None:
    terms = policy(world, subscription_interval="P1M")
    body = {"productId": str(world.orbit.pk), "licensePolicyId": str(terms.pk)}
    one = f"{PATH}/{program.create(PATH, body).json()['id']}"
    assert program.create(f"{one}/renew").json()["expiresAt"] == "2027-01-24T23:59:59Z"
    extended = program.create(f"{one}/extend", {"extensionLength": str(2 * 86400)})
    assert (extended.status_code, extended.json()["expiresAt"]) == (200, "2027-01-26T23:59:59Z")
    at = program.change(f"{one}/expires-at", {"expiresAt": "2028-05-01T12:00:00+02:00"})
    assert at.json()["expiresAt"] == "2028-05-01T10:00:00Z"
    day = program.change(f"{one}/expires-at", {"expiresAt": "2028-05-31T23:59:59"})
    assert day.json()["expiresAt"] == "2028-05-31T23:59:59Z"
    # That is a day, so the next month ends with one.
    assert program.create(f"{one}/renew").json()["expiresAt"] == "2028-06-30T23:59:59Z"
    for path, bad in (
        ("extend", {}),
        ("extend", {"extensionLength": 0}),
        ("extend", {"extensionLength": "a day"}),
        ("expires-at", {"expiresAt": None}),
        ("expires-at", {"expiresAt": "soon"}),
        ("expires-at", {"expiresAt": "0001-01-01T00:00:00+14:00"}),
    ):
        method = "PATCH" if path == "expires-at" else "POST"
        assert program.send(method, f"{one}/{path}", bad).status_code == 400, bad
    perpetual = program.create(f"{PATH}/{world.ada_license.pk}/renew")
    assert (perpetual.status_code, perpetual.json()["code"]) == (409, "LICENSE_NOT_RENEWABLE")
    far = program.change(f"{one}/expires-at", {"expiresAt": "9999-12-31T23:59:59-10:00"})
    assert far.status_code == 400


def test_meters_and_values_are_reset_and_removed(world: World, program: Program) -> None:
    one = f"{PATH}/{world.ada_license.pk}"
    body = {"metadata": [{"key": "a"}], "meterAttributes": [{"name": "renders", "allowedUses": 5}]}
    told = program.change(one, body).json()
    with inside(world.acme):
        world.ada_license.meter_attributes.update(total_uses=4, gross_uses=9)
    meter = f"{PATH}/meter-attributes/{told['meterAttributes'][0]['id']}"
    reset = program.create(f"{meter}/reset").json()["meterAttributes"][0]
    assert (reset["totalUses"], reset["grossUses"]) == (0, 9)
    assert program.remove(meter).status_code == 204
    assert program.remove(f"{PATH}/metadata/{told['metadata'][0]['id']}").status_code == 204
    left = program.get(one).json()
    assert (left["metadata"], left["meterAttributes"]) == ([], [])
    assert program.remove(meter).status_code == 404


def test_a_licence_goes_with_its_machines_and_stays_in_the_trail(
    world: World, program: Program
) -> None:
    one = f"{PATH}/{world.ada_license.pk}"
    program.change(
        one, {"metadata": [{"key": "a"}], "tags": ["x"], "meterAttributes": [{"name": "m"}]}
    )
    assert program.remove(one).status_code == 204
    assert program.remove(one).status_code == 404
    with inside(world.acme):
        assert not License.objects.filter(pk=world.ada_license.pk).exists()
        assert not Activation.objects.filter(pk=world.ada_machine.pk).exists()
        entries = AuditEntry.objects.filter(license_id=world.ada_license.pk)
        last, before = entries.order_by("-sequence")[:2]
    assert (last.action, last.changes["key"][0]) == ("deleted", world.ada_license.key)
    assert (before.action, before.details["hostname"]) == ("deactivated", "ada-laptop")


def test_a_product_goes_that_no_machine_trusts(world: World, program: Program) -> None:
    with inside(world.acme):
        create_license(product=world.spectra, user=world.ada, key="SPECTRA-KEY-0000001")
    spectra = f"/v3/products/{world.spectra.pk}"
    refused = program.remove(spectra)
    assert (refused.status_code, refused.json()["code"]) == (409, "PRODUCT_IN_USE")
    [license] = program.get(f"{PATH}?productId={world.spectra.pk}").json()
    assert program.remove(f"{PATH}/{license['id']}").status_code == 204
    assert program.remove(spectra).status_code == 204
    with inside(world.acme):
        assert not SigningKey.objects.filter(product=world.spectra.pk).exists()
        comet = Product.objects.create(vendor=world.acme, name="Comet")
        used = create_license(product=comet, user=world.ada, key="COMET-KEY-000000001")
        activate(used, machine("comet-host"))
    assert program.remove(f"{PATH}/{used.pk}").status_code == 204
    assert program.remove(f"/v3/products/{comet.pk}").status_code == 409
    assert program.remove(f"/v3/products/{world.orbit.pk}").status_code == 409


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "ada grace spectra"),
        ("productId={spectra}", "spectra"),
        ("productId[ne]={spectra}", "ada grace"),
        ("userId={ada}", "ada"),
        ("user.email=ADA@Example.com", "ada"),
        ("email=grace@example.com", "grace"),
        ("user.email[sw]=gra", "grace"),
        ("user.company=Analytical", "ada"),
        ("key=ada111acmeorbit0001", "ada"),
        ("key=ADA111-ACME-ORBIT-0001", "ada"),
        ("licenseKey=ada111 acme orbit 0001", "ada"),
        ("key[in][]=ada111-acme-orbit-0001&key[in][]=SPECTRA-KEY-0000001", "ada spectra"),
        ("key[sw]=GRACE1", "grace"),
        ("key=", ""),
        ("revoked=True", ""),
        ("revoked=false&suspended=true", "grace"),
        ("type=hosted-floating", "spectra"),
        ("type[in]=hosted-floating&type[in]=node-locked", "ada grace spectra"),
        ("validity=2592000", "spectra"),
        ("validity[gt]=0", "spectra"),
        ("validity[lte]=0", "ada grace"),
        ("subscriptionInterval=P1M", "spectra"),
        ("allowedActivations[gte]=3", "ada grace"),
        ("allowedDeactivations=-1", "ada grace spectra"),
        ("totalActivations=1", "ada grace"),
        ("totalDeactivations=0&allowVmActivation=true&userLocked=false", "ada grace spectra"),
        ("expired=true", "spectra"),
        ("expired=False", "ada grace"),
        ("expirationStrategy=immediate", "ada grace spectra"),
        ("createdAt[gte]=2026-11-24&createdAt[lt]=2100-01-01T00:00:00Z", "ada grace spectra"),
        ("expiresAt[lt]=2026-11-24T00:00:00Z", "spectra"),
        ("tag=vip", "grace"),
        ("tag=vip,old", "grace"),
        ("metadata.key=room", "ada grace"),
        ("metadata.key=room&metadata.value=7", "ada"),
        ("metadataKey=room&metadataValue=8", "grace"),
        ("metadata.value=7", "ada"),
        ("resellerId={ada}", ""),
        ("productVersionId={ada}", ""),
        ("query=Lovelace", "ada"),
        ("search=grace-lap", "grace"),
        ("sort=-key&limit=2", "spectra grace"),
        ("sort=key&limit=1&page=3", "spectra"),
        ("id=nobody", ""),
    ],
)
def test_licences_are_found(world: World, program: Program, query: str, found: str) -> None:
    with inside(world.acme):
        User.objects.filter(pk=world.ada.pk).update(company="Analytical")
        spectra = create_license(
            product=world.spectra,
            user=None,
            key="SPECTRA-KEY-0000001",
            type="hosted-floating",
            subscription_interval="P1M",
        )
        License.objects.filter(pk=spectra.pk).update(expires_at="2026-01-01T00:00:00Z")
        suspend(world.grace_license)
    for license, room in ((world.ada_license, "7"), (world.grace_license, "8")):
        tags = ["vip"] if room == "8" else []
        entry = {"key": "room", "value": room}
        program.change(f"{PATH}/{license.pk}", {"metadata": [entry], "tags": tags})
    names = {
        world.ada_license.key: "ada",
        world.grace_license.key: "grace",
        spectra.key: "spectra",
    }
    asked = query.format(spectra=world.spectra.pk, ada=world.ada.pk)
    response = program.get(f"{PATH}?{asked}")
    assert response.status_code == 200, response.content
    told = [names[each["key"]] for each in response.json()]
    assert (told if "sort" in query else sorted(told)) == found.split()


@pytest.mark.parametrize(
    "query",
    [
        "organizationId=x",
        "key[gt]=a",
        "expired=perhaps",
        "expired[gt]=true",
        "validity=long",
        "validity[in]=1",
        "tag[ne]=x",
        "sort=notes",
        "createdAt=yesterday",
        "notes=x",
    ],
)
def test_what_the_list_does_not_know_is_refused(program: Program, query: str) -> None:
    for path in (PATH, f"{PATH}/export"):
        assert program.get(f"{path}?{query}").status_code == 400


def test_who_may_not_read_or_write_a_part_does_not(world: World) -> None:
    claims = ["licenses.view_license", "licenses.change_license"]
    with inside(world.acme):
        Role.objects.create(vendor=world.acme, name="Clerk", claims=claims)
        clerk = user(world.acme, "clerk@acme.example", role="Clerk")
    one = f"{PATH}/{world.ada_license.pk}"
    program = program_of(clerk)
    assert {"user", "metadata", "additionalUserIds", "tags"}.isdisjoint(program.get(one).json())
    assert b"ada@example.com" not in program.get(PATH).content
    for body in (
        {"metadata": [{"key": "a"}]},
        {"additionalUserIds": [str(world.grace.pk)]},
    ):
        assert program.change(one, body).json()["code"] == "NO_RIGHT"
    assert program.change(one, {"notes": "Clerk's"}).json()["notes"] == "Clerk's"


def test_the_export_is_that_of_the_back_office(world: World, program: Program) -> None:
    program.change(f"{PATH}/{world.ada_license.pk}", {"notes": "=1+1"})
    response = program.get(f"{PATH}/export?email=ada@example.com")
    assert response.headers["Content-Type"].startswith("text/csv")
    text = b"".join(response.streaming_content).decode().removeprefix("\ufeff")
    [row] = csv.DictReader(io.StringIO(text))
    assert (row["key"], row["email"]) == (world.ada_license.key, "ada@example.com")
    assert row["notes"] == "'=1+1"


def test_a_page_costs_as_many_queries_with_one_row_as_with_three(
    world: World, program: Program, django_assert_num_queries: Any
) -> None:
    with inside(world.acme):
        create_license(product=world.orbit, user=world.ada, key="THIRD-KEY-00000001")
    for license in (world.ada_license, world.grace_license):
        body = {
            "metadata": [{"key": "a"}],
            "meterAttributes": [{"name": "m"}],
            "tags": ["x"],
            "additionalUserIds": [str(world.ada.pk), str(world.grace.pk)],
        }
        program.change(f"{PATH}/{license.pk}", body)
    for limit in (1, 3):
        with django_assert_num_queries(9):
            assert len(program.get(f"{PATH}?limit={limit}&sort=key").json()) == limit
    with django_assert_num_queries(8):
        program.get(f"{PATH}/{world.ada_license.pk}")
