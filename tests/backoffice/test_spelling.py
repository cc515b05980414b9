"""Every list finds what people called things, whatever the case and however it is composed."""

from io import BytesIO
from unicodedata import normalize

import pytest

from accounts.models import User
from accounts.verbs.people import change_person
from audit.acting import acting_as
from imports.verbs import files
from licenses.models import LicenseMetadata, LicensePolicy, MaintenancePolicy, Product
from licenses.verbs.activations import activate
from licenses.verbs.defaults import Choice
from licenses.verbs.details import add_metadata
from licenses.verbs.issuing import issue
from licenses.verbs.licenses import create_license
from licenses.verbs.products import create_product
from releases.files.shelf import shelf_for
from releases.models import Release
from releases.verbs import publishing
from tenancy.door import inside
from tests.world import World, machine, set_vendor, signed_in

pytestmark = pytest.mark.by_database
NAMES = ["Özlem", "MÜLLER", "École", "Привет", "Straße", "İstanbul"]


def spellings(name: str) -> list[str]:
    """As people type it: small, capital, composed and decomposed."""
    return [
        each
        for form in ("NFC", "NFD")
        for each in (normalize(form, name.lower()), normalize(form, name.upper()))
    ]


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest, world: World) -> str:
    """What a person, a company, a product and everything else of acme is called."""
    called = str(request.param)
    with inside(world.acme), acting_as(world.acme_admin):
        person = User.objects.get(pk=world.grace.pk)
        person.last_name, person.company = called, f"Firma {called}"
        change_person(person=person, fields=["last_name", "company"])
        product = create_product(Product(vendor=world.acme, name=called))
        LicensePolicy(vendor=world.acme, name=called).save()
        MaintenancePolicy(vendor=world.acme, name=called).save()
        key, none = "NAMED1-IN-OTHER-LETTERS", Choice.NONE
        license = issue(product=product, email="grace@example.com", key=key, policy=none)
        add_metadata(LicenseMetadata(vendor=world.acme, license=license, key="k", value=called))
        activate(license, machine("named", hostname=f"{called}-laptop"))
        draft = Release(vendor=world.acme, product=product, version="1.0", name=called)
        draft.platforms = ["linux"]
        with shelf_for(world.acme.pk) as shelf:
            publishing.save_draft(draft)
            publishing.add_files(draft, [("a.bin", shelf.store(BytesIO(b"a")))])
            publishing.publish(draft)
        data = b"email\na@b.example\n"
        files.start(
            vendor=world.acme, kind="customers", file_name=f"{called}.csv", data=data, options={}
        )
    set_vendor(world.globex, name=called)
    return called


LISTS = {
    "/accounts/user/": "grace@example.com",
    "/licenses/license/": "NAMED1-IN-OTHER-LETTERS",
    "/licenses/activation/": "-laptop",
    "/licenses/product/": "/licenses/product/",
    "/licenses/licensepolicy/": "/licenses/licensepolicy/",
    "/licenses/maintenancepolicy/": "/licenses/maintenancepolicy/",
    "/releases/release/": "1.0",
    "/imports/dataimport/": ".csv",
    "/audit/auditentry/": "field-subject",
}


def test_staff_find_it_in_every_list(world: World, name: str) -> None:
    support = signed_in(world.acme_admin)
    for path in LISTS:
        for typed in spellings(name):
            page = support.get(path, {"q": typed}).content.decode()
            assert name in page.partition('id="result_list"')[2], (path, typed)
            assert "ada-laptop" not in page, (path, typed)


def test_staff_find_it_by_the_field_at_the_top(world: World, name: str) -> None:
    support = signed_in(world.acme_support)
    for typed in spellings(name):
        page = support.get("/find/", {"q": typed}).content.decode()
        assert f"Grace {name}" in page, typed
        assert "NAMED1-IN-OTHER-LETTERS" in page, typed
        assert f"{name}-laptop" in page, typed


def test_the_customer_finds_it(world: World, name: str) -> None:
    grace = signed_in(world.grace)
    for typed in spellings(name):
        page = grace.get("/licenses/", {"q": typed}).content.decode()
        assert "NAMED1-IN-OTHER-LETTERS" in page, typed
        assert world.grace_license.key not in page, typed


def test_an_operator_finds_the_vendor(world: World, name: str) -> None:
    operator = signed_in(world.operator)
    for typed in spellings(name):
        page = operator.get("/tenancy/vendor/", {"q": typed}).content.decode()
        assert "globex" in page.partition('id="result_list"')[2], typed
        assert "acme" not in page.partition('id="result_list"')[2], typed


def test_where_somebody_is_chosen_he_is_found(world: World, name: str) -> None:
    admin = signed_in(world.acme_admin)
    asked = {"app_label": "licenses", "model_name": "license", "field_name": "user"}
    for typed in spellings(name):
        found = admin.get("/autocomplete/", {**asked, "term": typed}).json()["results"]
        assert [each["text"] for each in found] == ["grace@example.com"], typed


@pytest.mark.parametrize("name", [each for each in NAMES if each.upper().lower() == each.lower()])
def test_the_trail_finds_what_is_no_person(world: World, name: str) -> None:
    with inside(world.acme):
        create_product(Product(vendor=world.acme, name=name))
    admin = signed_in(world.acme_admin)
    for typed in (name, *spellings(name)):
        page = admin.get("/audit/auditentry/", {"q": typed}).content.decode()
        assert name in page.partition('id="result_list"')[2], typed


@pytest.mark.parametrize(
    "typed", ["DAYK0B 17AC40 0Z2G61", "DAYKOB I7AC4O OZ2G6I", "daykob l7ac40 0z2g61", "D4YK0B"]
)
def test_a_misread_key_in_groups_is_found_by_its_customer(world: World, typed: str) -> None:
    with inside(world.acme):
        create_license(product=world.orbit, user=world.grace, key="DAYK0B-17AC40-0Z2G61")
    found = signed_in(world.grace).get("/licenses/", {"q": typed}).content.decode()
    assert ("DAYK0B-17AC40-0Z2G61" in found) == (typed != "D4YK0B")
    other = signed_in(world.ada).get("/licenses/", {"q": typed}).content.decode()
    assert "DAYK0B-17AC40-0Z2G61" not in other
