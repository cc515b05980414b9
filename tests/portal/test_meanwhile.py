"""Somebody who was quicker: the same was added after it was looked for."""

from typing import Any

import pytest

from licenses.models import Product
from tenancy.door import inside
from tests.api.program import program_of
from tests.posted import form_of
from tests.world import World, signed_in

pytestmark = pytest.mark.by_database


@pytest.fixture
def unlooked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks at no other row before a product is written: the other one comes just after that."""

    def nothing(_product: Product, *_args: Any, **_more: Any) -> None: ...

    for look in ("full_clean", "validate_unique", "validate_constraints"):
        monkeypatch.setattr(Product, look, nothing)


@pytest.mark.usefixtures("unlooked")
def test_a_product_that_was_added_meanwhile(world: World) -> None:
    admin, path = signed_in(world.acme_admin), "/licenses/product/add/"
    form = form_of(admin.get(path).content.decode(), having="name")
    response = admin.post(path, {**form, "name": "Orbit"})
    assert response.status_code == 409
    assert "Somebody has just added the same" in response.content.decode()
    answer = program_of(world.acme_admin).create("/v3/products", {"name": "Orbit"})
    assert (answer.status_code, answer.json()["code"]) == (409, "TAKEN_MEANWHILE")
    with inside(world.acme):
        assert Product.objects.filter(name="Orbit").count() == 1
