"""Duplicating a policy or a licence: a form that is filled in, and nothing before it is saved."""

import re
from typing import Any

import pytest

from licenses.models import License, LicenseMetadata, LicensePolicy, LicenseUser, MaintenancePolicy
from licenses.verbs.details import add_metadata, share
from tenancy.door import inside
from tests.posted import form_of
from tests.world import Browser, World, signed_in


@pytest.fixture
def rows(world: World) -> dict[str, Any]:
    with inside(world.acme):
        policy = LicensePolicy.objects.create(
            vendor=world.acme,
            name="Yearly",
            allowed_activations=7,
            subscription_interval="P18M",
            server_sync_interval=7200,
            allow_vm_activation=False,
        )
        upkeep = MaintenancePolicy.objects.create(
            vendor=world.acme, name="Upkeep", allow_major_version_updates=False
        )
        License.objects.filter(pk=world.ada_license.pk).update(
            policy=policy,
            maintenance_policy=upkeep,
            subscription_interval="P2Y",
            max_allowed_release_version="4.2",
            order_number="PO-1",
            internal_notes="Pays late",
            name="Laboratory",
        )
        license = License.objects.get(pk=world.ada_license.pk)
        share(LicenseUser(vendor=world.acme, license=license, user=world.grace))
        add_metadata(
            LicenseMetadata(
                vendor=world.acme, license=license, key="Centre", value="4711", visible=True
            )
        )
    return {"licensepolicy": policy, "maintenancepolicy": upkeep, "license": license}


def duplicate(browser: Browser, model: str, row: Any) -> tuple[str, dict[str, Any]]:
    """Where the button on a row's page leads, and the form there."""
    page = browser.get(f"/licenses/{model}/{row.pk}/change/").content.decode()
    [path] = re.findall(rf'href="(/licenses/{model}/add/\?copy=[^"]+)"', page)
    form = form_of(browser.get(path).content.decode())
    return path, {name: values[0] for name, values in form.items() if values}


@pytest.mark.parametrize("model", ["licensepolicy", "maintenancepolicy"])
def test_a_policys_duplicate_differs_by_its_name_alone(
    world: World, rows: dict[str, Any], model: str
) -> None:
    admin, row = signed_in(world.acme_admin), rows[model]
    path, form = duplicate(admin, model, row)
    with inside(world.acme):
        assert type(row).objects.count() == 1
    assert form["name"] == f"Copy of {row.name}"
    assert admin.post(path, form).status_code == 302
    with inside(world.acme):
        made = type(row).objects.get(name=f"Copy of {row.name}")
    own = {"id", "name", "created_at", "updated_at", "_state"}
    assert {k: v for k, v in vars(made).items() if k not in own} == {
        k: v for k, v in vars(row).items() if k not in own
    }


def test_a_licences_duplicate_has_all_but_key_end_and_name(
    world: World, rows: dict[str, Any]
) -> None:
    admin = signed_in(world.acme_admin)
    path, form = duplicate(admin, "license", rows["license"])
    assert (form["email"], form["key"], form["expires_on"]) == ("ada@example.com", "", "")
    assert (form["validity"], form["allowed_activations"]) == ("2 years", "3")
    with inside(world.acme):
        before = set(License.objects.values_list("pk", flat=True))
    assert admin.post(path, form).status_code == 302
    with inside(world.acme):
        made = License.objects.exclude(pk__in=before).get()
        kept = (
            "product_id", "user_id", "policy_id", "maintenance_policy_id", "notes",
            "subscription_interval", "max_allowed_release_version", "order_number",
            "internal_notes", "allowed_activations",
        )  # fmt: skip
        assert [getattr(made, name) for name in kept] == [
            getattr(rows["license"], name) for name in kept
        ]
        assert made.name == ""
        assert made.key != rows["license"].key
        assert [each.user_id for each in made.license_users.all()] == [world.grace.pk]
        assert list(made.metadata.values_list("key", "value", "visible")) == [
            ("Centre", "4711", True)
        ]


def test_who_may_not_add_has_no_button_and_another_vendors_row_fills_in_nothing(
    world: World, rows: dict[str, Any]
) -> None:
    support, other = signed_in(world.acme_support), signed_in(world.globex_admin)
    for model, row in rows.items():
        page = support.get(f"/licenses/{model}/{row.pk}/change/").content.decode()
        assert "?copy=" not in page
        assert support.get(f"/licenses/{model}/add/?copy={row.pk}").status_code == 403
        for named in (row.pk, "nonsense", ""):
            page = other.get(f"/licenses/{model}/add/?copy={named}").content.decode()
            assert "Copy of" not in page
            assert "PO-1" not in page
