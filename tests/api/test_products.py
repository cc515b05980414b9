"""Products of the Web API."""

import pytest

from licenses.models import LicensePolicy
from tenancy.door import inside
from tests.api.program import program_of
from tests.world import World


def test_products_are_listed_with_what_they_have(world: World) -> None:
    response = program_of(world.acme_admin).get("/v3/products")
    assert response.status_code == 200
    names = {each["name"]: each for each in response.json()}
    assert set(names) == {"Orbit", "Spectra"}
    assert names["Orbit"]["totalLicenses"] == 2
    assert names["Orbit"]["totalReleases"] == 1
    assert names["Orbit"]["publicKey"].startswith("-----BEGIN PUBLIC KEY-----")
    assert "licensePolicy" not in names["Orbit"]
    assert response.headers["Pagination-Count"] == "2"
    assert response.headers["X-Rate-Limit-Limit"] == "600"


def test_a_product_is_made_and_changed(world: World) -> None:
    with inside(world.acme):
        policy = LicensePolicy.objects.create(vendor=world.acme, name="Standard")
    program = program_of(world.acme_admin)
    made = program.create(
        "/v3/products",
        {
            "name": "Comet",
            "displayName": "Comet 2",
            "description": None,
            "licenseTemplateId": str(policy.pk),
            "metadata": [{"key": "line", "value": "b", "visible": "true"}],
            "emailTemplates": ["ignored"],
        },
    )
    assert made.status_code == 201
    body = made.json()
    assert body["licensePolicy"]["name"] == "Standard"
    changed = program.change(
        f"/v3/products/{body['id']}", {"metadata": [{"key": "line", "value": "c"}]}
    )
    assert changed.json()["metadata"][0]["value"] == "c"
    assert changed.json()["displayName"] == "Comet 2"
    assert program.get(f"/v3/products/{body['id']}/product.dat").json()["name"] == "Comet"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "name:"),
        (b"null", "name:"),
        (b"{", "no JSON"),
        (b"[]", "no JSON object"),
        (b'{"name": "Orbit"}', "already"),
        (b'{"name": {"a": 1}}', "name:"),
        (b'{"name": "x", "licensePolicyId": "no"}', "no policy"),
        (b'{"name": "x", "metadata": [{"value": "no key"}]}', "metadata.0.key:"),
    ],
)
def test_what_can_not_be_read_is_said(world: World, body: bytes, says: str) -> None:
    response = program_of(world.acme_admin).create("/v3/products", body)
    assert response.status_code in {400, 404}, response.content
    assert says in response.json()["message"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("name=Orbit", ["Orbit"]),
        ("name[eq]=Orbit", ["Orbit"]),
        ("name[ne]=Orbit", ["Spectra"]),
        ("name[sw]=spec", ["Spectra"]),
        ("name[in]=Orbit&name[in]=Spectra&sort=-name", ["Spectra", "Orbit"]),
        ("name[in][]=Orbit&name[in][]=Spectra&sort=name", ["Orbit", "Spectra"]),
        ("name[nin][]=Orbit", ["Spectra"]),
        ("createdAt[gte]=2000-01-01&limit=1&sort=name", ["Orbit"]),
        ("limit=1&page=2&sort=name", ["Spectra"]),
        ("page=9", []),
        ("query=pectr", ["Spectra"]),
        ("id=nobody", []),
    ],
)
def test_lists_are_narrowed_and_in_order(world: World, query: str, names: list[str]) -> None:
    response = program_of(world.acme_admin).get(f"/v3/products?{query}")
    assert [each["name"] for each in response.json()] == names


@pytest.mark.parametrize(
    "query",
    ["nmae=Orbit", "name[is]=Orbit", "sort=color", "limit=0", "limit=101", "page=x", "name[gt]=a"],
)
def test_what_a_list_does_not_know_is_refused(world: World, query: str) -> None:
    assert program_of(world.acme_admin).get(f"/v3/products?{query}").status_code == 400


def test_another_vendors_product_is_not_there(world: World) -> None:
    program = program_of(world.acme_admin)
    for path in ("", "/product.dat"):
        assert program.get(f"/v3/products/{world.quill.pk}{path}").status_code == 404
    assert program.change(f"/v3/products/{world.quill.pk}", {"name": "x"}).status_code == 404
    assert program.get("/v3/products/nobody").status_code == 404


def test_a_page_costs_as_many_queries_with_one_row_as_with_all(
    world: World, django_assert_num_queries: object
) -> None:
    program = program_of(world.acme_admin)
    program.get("/v3/products")
    for limit in (1, 100):
        with django_assert_num_queries(4):  # type: ignore[operator]
            program.get(f"/v3/products?limit={limit}")
