"""Whoever gives ids of another vendor's rows to any address of the back office is told nothing of
them, and changes nothing there."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import models
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import User
from backoffice.models import SavedView
from licenses.admin.many import CHANGES
from licenses.admin.seat_requests import SeatRequestAdmin
from licenses.models import License, LicensePolicy, MaintenancePolicy, Product, SeatRequest
from releases.models import ReleaseFile
from tenancy.door import inside
from tenancy.models import Vendor
from tenancy.rows import TenantRow
from tests.backoffice.test_scoped import FOREIGN_WORDS, everything
from tests.roles import everywhere
from tests.world import World, signed_in

# What forms of all kinds ask for.
TYPED = {
    "post": "yes", "confirm": "yes", "reason": "Taken", "answer": "Taken", "do": "release",
    "name": "Taken", "notes": "Taken", "subject": "Taken", "text": "{link}", "delete": "yes",
}  # fmt: skip
REFUSED = {302, 403, 404}


def patterns(found: Any = None, prefix: str = "") -> Iterator[str]:
    """Every address of the back office as it is written, with what stands in it in brackets."""
    for each in (found or get_resolver("portal.urls.backoffice")).url_patterns:
        if isinstance(each, URLResolver):
            yield from patterns(each, prefix + str(each.pattern))
        elif isinstance(each, URLPattern):
            yield prefix + str(each.pattern)


def model_of(pattern: str) -> type[models.Model] | None:
    """Whose rows stand at an address; None where it has no id of a vendor's row in it."""
    if "_id>" not in pattern:
        return None
    if pattern.startswith("views/"):
        return SavedView
    app, name, *_rest = pattern.split("/")
    model = apps.get_model(app, name) if app in apps.app_configs else None
    return model if model and issubclass(model, TenantRow | User) else None


def id_of(model: type[models.Model], vendor: Vendor) -> str:
    with inside(vendor):
        return str(model._default_manager.order_by("pk").values_list("pk", flat=True)[0])


def addresses(vendor: Vendor) -> list[str]:
    """All of them, with the ids of rows of this vendor's and every verb that there is."""
    found = []
    for pattern in patterns():
        model = model_of(pattern)
        if model is None:
            continue
        filled = pattern.replace("<uuid:file_id>", id_of(ReleaseFile, vendor))
        filled = re.sub(r"<\w+:\w+_id>", id_of(model, vendor), filled)
        verbs = getattr(admin.site._registry.get(model), "verbs", None) or ("",)
        found += [f"/{filled.replace('<str:verb>', verb)}" for verb in verbs]
    return sorted(set(found))


def is_clean(answer: Any, place: str) -> None:
    text = answer.getvalue().decode() + answer.headers.get("Location", "")
    for word in FOREIGN_WORDS:
        assert word not in text, (place, word)
    assert "globex" not in text.lower(), place


def all_of(vendor: Vendor) -> dict[str, list[dict[str, Any]]]:
    """Everything in the database that is the vendor's."""
    with everywhere():
        return {
            model._meta.label: sorted(
                model._base_manager.filter(vendor_id=vendor.pk).values(), key=repr
            )
            for model in apps.get_models()
            if any(field.name == "vendor" for field in model._meta.concrete_fields)
        }


def attack(world: World, who: str) -> None:
    browser, theirs = signed_in(getattr(world, who)), all_of(world.globex)
    asked = addresses(world.globex)
    assert len(asked) > 60
    for path in asked:
        for answer in (browser.post(path, TYPED), browser.get(path)):
            assert answer.status_code in REFUSED, (path, answer.status_code)
            is_clean(answer, path)
    assert all_of(world.globex) == theirs


@pytest.mark.parametrize("who", ["acme_admin", "acme_support"])
def test_no_address_reaches_a_row_of_the_other_vendors(filled: World, who: str) -> None:
    attack(filled, who)


@pytest.mark.takes_turns
def test_the_attack_succeeds_on_an_admin_that_forgets_its_vendor(
    filled: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SeatRequestAdmin, "get_queryset", everything(SeatRequest))
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        attack(filled, "acme_support")


def test_no_form_takes_an_id_of_the_other_vendors(filled: World) -> None:
    """Neither in what is typed, nor in a query, nor among what was chosen in a list."""
    browser, theirs = signed_in(filled.acme_admin), all_of(filled.globex)
    of = {model: id_of(model, filled.globex) for model in (
        License, LicensePolicy, MaintenancePolicy, Product, User, SavedView,
    )}  # fmt: skip
    product, person, policy = of[Product], of[User], of[LicensePolicy]
    chosen = {"_selected_action": of[License], "ids": of[License], "license": of[License], **TYPED}
    typed = {
        "product": product, "user": person, "policy": policy, "default_policy": policy,
        "maintenance_policy": of[MaintenancePolicy], "customer": person, "key": "TAKEN-0001",
        "default_maintenance_policy": of[MaintenancePolicy], "view": of[SavedView], **TYPED,
    }  # fmt: skip
    posts: list[tuple[str, dict[str, Any]]] = [
        (f"/licenses/license/many/{name}/", chosen | typed) for name in CHANGES
    ]
    posts += [("/licenses/license/", {"action": name, **chosen}) for name in CHANGES]
    posts += [(path, typed) for path in (
        "/licenses/license/add/", "/licenses/product/add/", "/releases/release/add/",
        "/licenses/licensepolicy/add/", "/views/save/", "/accounts/user/add/",
        f"/licenses/license/{filled.ada_license.pk}/change/",
        f"/licenses/product/{filled.orbit.pk}/change/",
        f"/releases/release/{filled.orbit_release.pk}/files/{id_of(ReleaseFile, filled.globex)}/remove/",
        "/preview/", f"/preview/licenses/{of[License]}/",
    )]  # fmt: skip
    gets = [
        f"/licenses/license/add/?copy={of[License]}", f"/licenses/licensepolicy/add/?copy={policy}",
        f"/licenses/maintenancepolicy/add/?copy={of[MaintenancePolicy]}",
        f"/licenses/license/add/?user={person}&product={product}&policy={policy}",
        f"/licenses/license/?product__id__exact={product}",
        f"/licenses/license/?user__id__exact={person}", f"/licenses/license/?policy__id__exact={policy}",
        f"/releases/release/?product__id__exact={product}",
        f"/audit/auditentry/?customer={person}", f"/licenses/license/export.csv?product__id__exact={product}",
        f"/preview/licenses/{of[License]}/",
    ]  # fmt: skip
    for path, form in posts:
        is_clean(browser.post(path, form), path)
    for path in gets:
        is_clean(browser.get(path, follow=True), path)
    assert all_of(filled.globex) == theirs
    with inside(filled.acme):
        for license in License.objects.select_related("product", "user", "policy"):
            related = (license.product, license.user, license.policy)
            assert {str(each.pk) for each in related if each}.isdisjoint(of.values())
