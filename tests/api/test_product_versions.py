"""Product versions and feature flags of the Web API, and what programs are told of them."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEntry
from licenses.models import FeatureFlag, License, ProductVersion, VersionFeature
from tenancy.door import inside
from tests.api.program import Program, program_of
from tests.api.test_activations import MACHINE, body_of, claims_of, spare
from tests.world import World

VERSIONS, FLAGS, LICENSES = "/v3/product-versions", "/v3/feature-flags", "/v3/licenses"
NONE = {"pvn": "", "pvdn": "", "pvff": []}


@pytest.fixture
def program(world: World) -> Program:
    return program_of(world.acme_admin)


def flag_of(world: World, program: Program, name: str = "export", **more: str) -> Any:
    made = program.create(FLAGS, {"name": name, "productId": str(world.orbit.pk), **more})
    assert made.status_code == 201, made.content
    return made.json()


def version_of(world: World, program: Program, name: str = "pro", **more: Any) -> Any:
    made = program.create(VERSIONS, {"name": name, "productId": str(world.orbit.pk), **more})
    assert made.status_code == 201, made.content
    return made.json()


def said(version: Any) -> list[tuple[str, bool, str]]:
    return [(each["name"], each["enabled"], each["data"]) for each in version["featureFlags"]]


def test_a_flag_is_made_read_changed_and_deleted(world: World, program: Program) -> None:
    flag = flag_of(world, program, description="To PDF")
    path = f"{FLAGS}/{flag['id']}"
    assert program.get(path).json() == flag
    assert flag["productId"] == str(world.orbit.pk)
    changed = program.change(path, {"name": "export-pdf", "productId": str(world.orbit.pk)})
    assert (changed.json()["name"], changed.json()["description"]) == ("export-pdf", "To PDF")
    assert program.remove(path).status_code == 204
    assert program.get(path).status_code == 404
    with inside(world.acme):
        told = AuditEntry.objects.filter(subject_id=flag["id"]).order_by("sequence")
        assert [each.action for each in told] == ["created", "changed", "deleted"]


def test_a_version_is_made_read_changed_and_deleted(world: World, program: Program) -> None:
    for name in ("export", "sync"):
        flag_of(world, program, name)
    version = version_of(
        world,
        program,
        displayName="Professional",
        description=None,
        featureFlags=[
            {"name": "sync", "enabled": "true", "data": '{"peers": 3}'},
            {"name": "export"},
        ],
    )
    path = f"{VERSIONS}/{version['id']}"
    assert program.get(path).json() == version
    assert version["displayName"] == "Professional"
    assert said(version) == [("export", False, ""), ("sync", True, '{"peers": 3}')]
    # What is not named stays; a list of flags is all of them.
    changed = program.change(path, {"name": "pro-2"}).json()
    assert (changed["name"], changed["displayName"]) == ("pro-2", "Professional")
    assert changed["featureFlags"] == version["featureFlags"]
    only = program.change(path, {"featureFlags": [{"name": "sync", "enabled": False}]}).json()
    assert said(only) == [("sync", False, '{"peers": 3}')]
    assert only["featureFlags"][0]["id"] == version["featureFlags"][1]["id"]
    assert said(program.change(path, {"featureFlags": []}).json()) == []
    assert program.change(path, {"featureFlags": [{"name": "sync"}]}).status_code == 200
    assert program.remove(path).status_code == 204
    assert program.get(path).status_code == 404
    with inside(world.acme):
        assert not VersionFeature.objects.exists()
        told = AuditEntry.objects.filter(subject_id=version["id"]).order_by("sequence")
        assert [each.action for each in told] == ["created", "changed", "deleted"]


def test_a_name_is_once_in_its_product(world: World, program: Program) -> None:
    flag_of(world, program)
    version_of(world, program)
    for path in (FLAGS, VERSIONS):
        name = "export" if path == FLAGS else "pro"
        again = {"name": name, "productId": str(world.orbit.pk)}
        refused = program.create(path, again)
        assert (refused.status_code, refused.json()["code"]) == (400, "INVALID_REQUEST")
        assert "already" in refused.json()["message"]
        other = program.create(path, {**again, "productId": str(world.spectra.pk)})
        assert other.status_code == 201


@pytest.mark.parametrize("path", [FLAGS, VERSIONS])
def test_what_can_not_be_is_refused(world: World, program: Program, path: str) -> None:
    orbit, spectra = str(world.orbit.pk), str(world.spectra.pk)
    assert program.create(path, {"productId": orbit}).status_code == 400
    assert program.create(path, {"name": "x"}).status_code == 404
    assert program.create(path, {"name": "x", "productId": str(world.quill.pk)}).status_code == 404
    made = program.create(path, {"name": "x", "productId": orbit}).json()
    moved = program.change(f"{path}/{made['id']}", {"productId": spectra})
    assert (moved.status_code, moved.json()["code"]) == (400, "PRODUCT_IS_FIXED")
    assert program.change(f"{path}/{made['id']}", {"name": ""}).status_code == 400
    other = program_of(world.globex_admin)
    assert other.change(f"{path}/{made['id']}", {"name": "y"}).status_code == 404
    assert other.remove(f"{path}/{made['id']}").status_code == 404
    assert other.get(path).json() == []
    support = program_of(world.acme_support)
    assert support.get(f"{path}/{made['id']}").status_code == 200
    assert support.change(f"{path}/{made['id']}", {"name": "y"}).status_code == 403


def test_of_very_much_that_is_wrong_the_first_is_told(program: Program) -> None:
    refused = program.create(VERSIONS, {"featureFlags": [{}] * 50_000})
    assert (refused.status_code, refused.json()["code"]) == (400, "INVALID_REQUEST")
    assert refused.json()["message"].startswith("featureFlags.0.name: Field required.")
    assert len(refused.content) < 2_000


def test_a_version_has_flags_of_its_product_alone(world: World, program: Program) -> None:
    program.create(FLAGS, {"name": "spectral", "productId": str(world.spectra.pk)})
    refused = program.create(
        VERSIONS,
        {
            "name": "pro",
            "productId": str(world.orbit.pk),
            "featureFlags": [{"name": "spectral", "enabled": True}],
        },
    )
    assert refused.status_code == 400
    assert "no feature flag “spectral”" in refused.json()["message"]
    assert program.get(VERSIONS).json() == [], "Nothing is made of what is refused."
    many = [{"name": f"flag-{number}"} for number in range(101)]
    version = version_of(world, program)
    too_many = program.change(f"{VERSIONS}/{version['id']}", {"featureFlags": many})
    assert "at most 100 features" in too_many.json()["message"]


def test_what_is_used_is_kept(world: World, program: Program) -> None:
    flag = flag_of(world, program)
    version = version_of(world, program, featureFlags=[{"name": "export"}])
    refused = program.remove(f"{FLAGS}/{flag['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "FEATURE_FLAG_IN_USE")
    license = f"{LICENSES}/{world.ada_license.pk}"
    assert program.change(license, {"productVersionId": version["id"]}).status_code == 200
    refused = program.remove(f"{VERSIONS}/{version['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "PRODUCT_VERSION_IN_USE")
    assert refused.json()["message"].endswith("give them another one first.")
    assert program.change(license, {"productVersionId": ""}).status_code == 200
    assert program.remove(f"{VERSIONS}/{version['id']}").status_code == 204
    assert program.remove(f"{FLAGS}/{flag['id']}").status_code == 204


def test_a_product_with_versions_or_flags_is_kept(world: World, program: Program) -> None:
    for path in (FLAGS, VERSIONS):
        product = program.create("/v3/products", {"name": f"Comet {path[4:]}"}).json()
        assert (product["totalProductVersions"], product["totalFeatureFlags"]) == (0, 0)
        of_product = f"/v3/products/{product['id']}"
        made = program.create(path, {"name": "x", "productId": product["id"]}).json()
        told = program.get(of_product).json()
        numbers = (told["totalProductVersions"], told["totalFeatureFlags"])
        assert numbers == ((0, 1) if path == FLAGS else (1, 0))
        assert program.remove(of_product).json()["code"] == "PRODUCT_IN_USE"
        program.remove(f"{path}/{made['id']}")
        assert program.remove(of_product).status_code == 204


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("sort=name", "basic pro"),
        ("name=pro", "pro"),
        ("name[cn]=as", "basic"),
        ("query=PRO", "pro"),
        ("productId={orbit}&sort=name", "basic pro"),
        ("productId={spectra}", ""),
        ("sort=-name", "pro basic"),
        ("limit=1&page=2&sort=name", "pro"),
    ],
)
@pytest.mark.parametrize("path", [FLAGS, VERSIONS])
def test_they_are_found(world: World, program: Program, path: str, query: str, names: str) -> None:
    make = flag_of if path == FLAGS else version_of
    for name in ("basic", "pro"):
        make(world, program, name)
    asked = query.format(orbit=world.orbit.pk, spectra=world.spectra.pk)
    found = program.get(f"{path}?{asked}")
    assert [each["name"] for each in found.json()] == names.split()
    assert program.get(f"{path}?nothing=1").json()["code"] == "UNKNOWN_FILTER"


@pytest.mark.parametrize("path", [FLAGS, VERSIONS])
def test_a_list_takes_the_same_queries_however_long(
    world: World, program: Program, path: str
) -> None:
    flag_of(world, program)

    def queries() -> int:
        program.get(path)
        with CaptureQueriesContext(connection) as asked:
            assert program.get(path).status_code == 200
        return len(asked)

    version_of(world, program, "one", featureFlags=[{"name": "export"}])
    with_one = queries()
    for name in ("two", "three"):
        flag_of(world, program, name)
        version_of(world, program, name, featureFlags=[{"name": "export"}, {"name": name}])
    assert queries() == with_one


# --- Licences -----------------------------------------------------------------------------------


def test_a_licence_has_a_version_of_its_product(world: World, program: Program) -> None:
    version = version_of(world, program, displayName="Professional")
    made = program.create(
        LICENSES,
        {
            "productId": str(world.orbit.pk),
            "productVersionId": version["id"],
            "userId": str(world.ada.pk),
        },
    )
    assert made.json()["productVersionId"] == version["id"]
    path = f"{LICENSES}/{made.json()['id']}"
    assert (
        program.change(path, {"notes": "x", "productVersionId": None}).json()["productVersionId"]
        == version["id"]
    )
    for query, number in (("", 1), ("[eq]", 1), ("[in][]", 1), ("[ne]", 2)):
        found = program.get(f"{LICENSES}?productVersionId{query}={version['id']}").json()
        assert len(found) == number
        assert (path[len(LICENSES) + 1 :] in {each["id"] for each in found}) == (query != "[ne]")
    own = program_of(world.ada).get(f"/v3/me/licenses/{made.json()['id']}").json()
    assert own["productVersion"] == {"displayName": "Professional"}
    assert "productVersionId" not in program.change(path, {"productVersionId": ""}).json()
    assert (
        "productVersion"
        not in program_of(world.ada).get(f"/v3/me/licenses/{made.json()['id']}").json()
    )


def test_a_licence_never_has_a_version_of_another_product(world: World, program: Program) -> None:
    spectral = program.create(VERSIONS, {"name": "pro", "productId": str(world.spectra.pk)}).json()[
        "id"
    ]
    with inside(world.globex):
        foreign = str(
            ProductVersion.objects.create(vendor=world.globex, product=world.quill, name="pro").pk
        )
    for id, status in ((spectral, 400), (foreign, 404), ("nobody", 404)):
        body = {"productVersionId": id}
        path = f"{LICENSES}/{world.ada_license.pk}"
        assert program.change(path, body).status_code == status
        new = program.create(LICENSES, {**body, "productId": str(world.orbit.pk)})
        assert new.status_code == status
        if status == 400:
            assert "of another product" in new.json()["message"]
    # Not by code that forgets to ask, either.
    with inside(world.acme), pytest.raises(IntegrityError), transaction.atomic():
        License.objects.filter(pk=world.ada_license.pk).update(product_version=spectral)
        connection.check_constraints()


def test_the_customer_reads_of_a_new_version_in_the_history(world: World, program: Program) -> None:
    version = version_of(world, program)
    program.change(f"{LICENSES}/{world.ada_license.pk}", {"productVersionId": version["id"]})
    with inside(world.acme):
        told = AuditEntry.objects.filter(license_id=world.ada_license.pk, action="changed").first()
        assert told is not None
        assert told.visible
        assert told.changes["product_version"] == [None, "pro"]


# --- Tokens -------------------------------------------------------------------------------------


def test_both_kinds_of_tokens_tell_version_and_features(world: World, program: Program) -> None:
    license = spare(world)
    flag_of(world, program, "export")
    flag_of(world, program, "sync")
    version = version_of(
        world,
        program,
        displayName="Professional",
        featureFlags=[{"name": "sync", "enabled": True, "data": "3"}, {"name": "export"}],
    )

    def told(claims: dict[str, Any]) -> dict[str, Any]:
        return {name: claims[name] for name in NONE}

    made = claims_of(Program().create("/v3/activations", body_of(license, "online")))
    assert told(made) == NONE
    program.change(f"{LICENSES}/{license.pk}", {"productVersionId": version["id"]})
    wanted = {
        "pvn": "pro",
        "pvdn": "Professional",
        "pvff": [
            {"enabled": False, "data": "", "name": "export"},
            {"enabled": True, "data": "3", "name": "sync"},
        ],
    }
    path = f"/v3/activations/{made['aid']}"
    assert told(claims_of(Program().change(path, {}))) == wanted
    request = MACHINE.activation(license.product_id, license.key)
    answered = program.create(
        "/v3/activations/offline-activate",
        {"offlineRequest": request, "responseValidity": 86400, "licenseId": str(license.pk)},
    )
    assert told(claims_of(answered)) == wanted
    # As a machine next asks, it learns of what was switched.
    program.change(f"{VERSIONS}/{version['id']}", {"featureFlags": []})
    assert claims_of(Program().change(path, {}))["pvff"] == []


def test_flags_of_the_other_vendor_are_nobodys_business(world: World, program: Program) -> None:
    with inside(world.globex):
        FeatureFlag.objects.create(vendor=world.globex, product=world.quill, name="export")
    version = version_of(world, program)
    refused = program.change(
        f"{VERSIONS}/{version['id']}", {"featureFlags": [{"name": "export", "enabled": True}]}
    )
    assert refused.status_code == 400
