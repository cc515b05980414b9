"""The back office: what staff and operators do there, limited to their vendor."""

import json
from typing import Any

import pytest
from django.core import mail

from accounts.models import User
from licenses.models import (
    Activation,
    License,
    LicenseMetadata,
    LicensePolicy,
    MaintenancePolicy,
    Product,
)
from licenses.verbs.signing_keys import key_in_use
from tenancy.door import inside
from tenancy.table import vendor_by_company_id
from tests.world import Browser, World, signed_in

NO_ROWS = {"TOTAL_FORMS": "0", "INITIAL_FORMS": "0"}
INLINES = {
    f"{prefix}-{name}": value
    for prefix in ("metadata", "license_users")
    for name, value in NO_ROWS.items()
}
TERMS = {
    "type": "node-locked",
    "allowed_activations": "3",
    "allowed_deactivations": "-1",
    "subscription_interval": "1 day",
    "expiration_strategy": "immediate",
    "fingerprint_matching_strategy": "exact",
    "server_sync_interval": "1 hour",
    "server_sync_grace_period": "0",
    "allowed_clock_offset": "1 hour",
    "lease_duration": "0",
    "leasing_strategy": "per-machine",
    "allowed_floating_clients": "0",
    "allow_vm_activation": "on",
    "allow_container_activation": "on",
    "expiring_soon_event_offset": "30 days",
}


@pytest.fixture
def admin(world: World) -> Browser:
    return signed_in(world.acme_admin)


def license_form(world: World, **changes: Any) -> dict[str, Any]:
    """The form of an existing licence of Ada."""
    return {**TERMS, **INLINES, "user": str(world.ada.pk), "notes": "", **changes}


@pytest.mark.parametrize("field", ["user", "maintenance_policy"])
def test_a_foreign_id_is_refused(world: World, admin: Browser, field: str) -> None:
    with inside(world.globex):
        policy = MaintenancePolicy.objects.create(vendor=world.globex, name="Yearly")
    foreign = {"user": world.bob.pk, "maintenance_policy": policy.pk}[field]
    path = f"/licenses/license/{world.ada_license.pk}/change/"
    response = admin.post(path, license_form(world, **{field: str(foreign)}))
    assert response.status_code == 200
    assert "Select a valid choice" in response.content.decode()
    with inside(world.acme):
        license = License.objects.get(pk=world.ada_license.pk)
        assert (license.user, license.maintenance_policy) == (world.ada, None)


def test_a_foreign_additional_user_is_refused(world: World, admin: Browser) -> None:
    path = f"/licenses/license/{world.ada_license.pk}/change/"
    rows = {"license_users-TOTAL_FORMS": "1", "license_users-0-license": str(world.ada_license.pk)}
    foreign = license_form(world, **rows, **{"license_users-0-user": str(world.bob.pk)})
    assert admin.post(path, foreign).status_code == 200
    own = license_form(world, **rows, **{"license_users-0-user": str(world.grace.pk)})
    assert admin.post(path, own).status_code == 302
    with inside(world.acme):
        license = License.objects.get(pk=world.ada_license.pk)
        assert [user.email for user in license.additional_users.all()] == ["grace@example.com"]


def test_changing_a_licence_leaves_its_counters_alone(world: World, admin: Browser) -> None:
    path = f"/licenses/license/{world.ada_license.pk}/change/"
    page = admin.get(path)
    assert page.status_code == 200
    with inside(world.acme):
        License.objects.filter(pk=world.ada_license.pk).update(total_activations=2)
    rows = {"metadata-TOTAL_FORMS": "1", "metadata-0-key": "Order", "metadata-0-value": "7"}
    form = license_form(world, notes="Changed", allowed_activations="9", **rows)
    assert admin.post(path, form).status_code == 302
    with inside(world.acme):
        license = License.objects.get(pk=world.ada_license.pk)
        assert (license.notes, license.allowed_activations) == ("Changed", 9)
        assert license.total_activations == 2
        assert LicenseMetadata.objects.get(license=license).vendor == world.acme


def test_what_the_vendor_notes_on_a_licence_is_saved(world: World, admin: Browser) -> None:
    path = f"/licenses/license/{world.ada_license.pk}/change/"
    noted = {
        "name": "Lab Zürich",
        "order_number": "PO 2026/4711 – ÄÖ",
        "renewal_url": "shop.example.com/renew?licence=7&x=ü",
        "internal_notes": "Pays late.\r\nCall first.",
        "user": "",
    }
    assert admin.post(path, license_form(world, **noted)).status_code == 302
    with inside(world.acme):
        license = License.objects.get(pk=world.ada_license.pk)
    assert (license.name, license.order_number) == ("Lab Zürich", "PO 2026/4711 – ÄÖ")
    assert license.renewal_url == "https://shop.example.com/renew?licence=7&x=ü"
    assert (license.internal_notes, license.user) == ("Pays late.\r\nCall first.", None)
    refused = license_form(world, renewal_url="javascript:alert(1)", order_number="x" * 101)
    page = admin.post(path, refused).content.decode()
    assert "Enter a valid URL." in page
    assert "at most 100 characters" in page


def test_support_looks_and_changes_nothing(world: World) -> None:
    support = signed_in(world.acme_support)
    path = f"/licenses/license/{world.ada_license.pk}/change/"
    assert world.ada_license.key in support.get(path).content.decode()
    assert support.post(path, license_form(world)).status_code == 403
    chosen = {"action": "revoke", "_selected_action": [str(world.ada_license.pk)]}
    support.post("/licenses/license/", chosen)
    with inside(world.acme):
        assert License.objects.get(pk=world.ada_license.pk).revoked is False


def test_lists_and_searches_stay_inside_the_vendor(world: World, admin: Browser) -> None:
    for path, own, foreign in (
        ("/licenses/license/", world.ada_license.key, world.bob_license.key),
        ("/licenses/license/?q=laptop", world.ada_license.key, world.bob_license.key),
        ("/licenses/activation/", "ada-laptop", "bob-laptop"),
        ("/licenses/product/", "Orbit", "Quill"),
        ("/accounts/user/", "grace@example.com", "bob@example.com"),
        (
            "/autocomplete/?app_label=licenses&model_name=license&field_name=user&term=example",
            "grace@example.com",
            "bob@example.com",
        ),
        ("/licenses/license/add/", "ADD", "Quill"),
    ):
        page = admin.get(path).content.decode()
        assert own in page or own == "ADD", path
        assert foreign not in page, path


def test_a_new_product_has_a_key_and_a_product_file(world: World, admin: Browser) -> None:
    form = {
        "name": "Nova",
        "display_name": "",
        "description": "",
        "customers_may_deactivate": "on",
        "offline_response_validity": "1 hour",
        "allowed_key_replacements": "3",
    }
    assert admin.post("/licenses/product/add/", form).status_code == 302
    with inside(world.acme):
        product = Product.objects.get(name="Nova")
        kid = key_in_use(product).kid
    response = admin.get(f"/licenses/product/{product.pk}/product.json")
    assert json.loads(response.content)["publicKeys"][0]["kid"] == kid
    chosen = {"action": "rotate_key", "_selected_action": [str(product.pk)]}
    admin.post("/licenses/product/", chosen)
    response = admin.get(f"/licenses/product/{product.pk}/product.json")
    kids = [entry["kid"] for entry in json.loads(response.content)["publicKeys"]]
    assert len(kids) == 2
    assert kid in kids


def test_the_same_product_name_twice_is_said(world: World, admin: Browser) -> None:
    form = {
        "name": "Orbit",
        "offline_response_validity": "1 hour",
        "allowed_key_replacements": "3",
    }
    page = admin.post("/licenses/product/add/", form).content.decode()
    assert "There is a product of this name already." in page


def test_a_policy_with_a_pattern_that_makes_no_key_is_refused(world: World, admin: Browser) -> None:
    form = {**TERMS, "name": "Odd", "key_pattern": "[A-Z]{3}"}
    assert admin.post("/licenses/licensepolicy/add/", form).status_code == 200
    assert admin.post("/licenses/licensepolicy/add/", form | {"key_pattern": ""}).status_code == 302
    with inside(world.acme):
        assert LicensePolicy.objects.get().name == "Odd"


def user_form(**changes: str) -> dict[str, str]:
    return {
        "email": "New@Example.com",
        "first_name": "N",
        "last_name": "",
        "company": "",
        "role": "user",
        "is_active": "on",
        "allow_customer_portal_access": "on",
        **changes,
    }


def test_a_new_customer_is_invited(world: World, admin: Browser) -> None:
    assert admin.post("/accounts/user/add/", user_form()).status_code == 302
    assert [message.to for message in mail.outbox] == [["new@example.com"]]
    with inside(world.acme):
        assert User.objects.get(email="new@example.com").vendor == world.acme
    again = admin.post("/accounts/user/add/", user_form(email="NEW@example.com"))
    assert "There is an account with this e-mail already." in again.content.decode()
    assert list(again.context["adminform"].form.errors) == ["email"]
    assert len(mail.outbox) == 1


def test_nobody_makes_an_operator(world: World, admin: Browser) -> None:
    response = admin.post("/accounts/user/add/", user_form(role="operator"))
    assert response.status_code == 200
    path = f"/accounts/user/{world.ada.pk}/change/"
    form = user_form(email="ada@example.com", role="operator")
    assert admin.post(path, form).status_code == 200


def test_an_operator_creates_a_vendor_with_its_administrator(world: World) -> None:
    operator = signed_in(world.operator)
    form = {
        "company_id": "initech",
        "name": "Initech",
        "status": "active",
        "support_email": "",
        "support_url": "",
        "website": "",
        "admin_email": "bill@initech.example",
    }
    assert operator.get("/tenancy/vendor/add/").status_code == 200
    for bad in ("app", "acme", "a.b"):
        response = operator.post("/tenancy/vendor/add/", form | {"company_id": bad})
        assert response.status_code == 200, bad
    assert operator.post("/tenancy/vendor/add/", form).status_code == 302
    assert [message.to for message in mail.outbox] == [["bill@initech.example"]]
    made = vendor_by_company_id("initech")
    assert made is not None
    assert made.name == "Initech"
    assert Browser("initech").get("/login/").status_code == 200


def test_an_operator_changes_the_own_password(world: World) -> None:
    from tests.world import PASSWORD

    operator = signed_in(world.operator)
    new = "an operator's password"
    form = {"current_password": "wrong", "new_password": new, "new_password_again": new}
    assert operator.post("/password_change/", form).status_code == 200
    form["current_password"] = PASSWORD
    assert operator.post("/password_change/", form).headers["Location"] == "/"
    assert operator.get("/").status_code == 200
    Browser("app").sign_in("root@example.com", new, company_id="")


def test_the_current_password_can_not_be_guessed(world: World, admin: Browser) -> None:
    new = "an administrator's password"
    form = {"current_password": "wrong", "new_password": new, "new_password_again": new}
    answers = [admin.post("/password_change/", form).status_code for _ in range(15)]
    assert answers[0] == 200
    assert answers[-1] == 429


def test_machines_can_be_looked_at_only(world: World, admin: Browser) -> None:
    path = f"/licenses/activation/{world.ada_machine.pk}/change/"
    assert admin.get(path).status_code == 200
    assert admin.post(path, {"hostname": "x"}).status_code == 403
    with inside(world.acme):
        assert Activation.objects.get(pk=world.ada_machine.pk).hostname == "ada-laptop"


# --- Operators ------------------------------------------------------------------------------------


def test_an_operator_invites_a_vendors_administrators_again(world: World) -> None:
    operator = signed_in(world.operator)
    chosen = {"action": "invite_administrators", "_selected_action": [str(world.acme.pk)]}
    page = operator.post("/tenancy/vendor/", chosen, follow=True).content.decode()
    assert "0 invitations are on their way." in page
    with inside(world.acme):
        User.objects.filter(pk=world.acme_admin.pk).update(password="!none")
    page = operator.post("/tenancy/vendor/", chosen, follow=True).content.decode()
    assert "1 invitation is on its way." in page
    [message] = mail.outbox
    assert message.to == ["admin@acme.example"]
    assert "your company id, acme," in message.body
    assert "http://app.portal.localhost:8000/login/" in message.body


def set_password_by_link(email: Any) -> tuple[Browser, str]:
    """The browser that followed the e-mail's link, and where it was led to."""
    path = str(email.body).partition("portal.localhost:8000")[2].split()[0]
    new = {"new_password": "a long enough phrase", "new_password_again": "a long enough phrase"}
    browser = Browser("app")
    return browser, browser.post(path, new)["Location"]


def test_an_invitation_leads_straight_into_the_back_office(world: World) -> None:
    with inside(world.acme):
        User.objects.filter(pk=world.acme_support.pk).update(password="!none")
    admin = signed_in(world.acme_admin)
    admin.post(f"/accounts/user/{world.acme_support.pk}/do/invite/")
    support, place = set_password_by_link(mail.outbox[0])
    assert place == "/"
    assert "support@acme.example" in support.get("/").content.decode()


def test_after_a_forgotten_password_the_company_id_is_filled_in(world: World) -> None:
    asked = {"company_id": "acme", "email": "support@acme.example"}
    Browser("app").post("/password-reset/", asked)
    support, place = set_password_by_link(mail.outbox[0])
    assert place == "/login/?company_id=acme"
    assert 'value="acme"' in support.get(place).content.decode()


def test_an_operator_reads_what_was_done_to_a_vendor_and_no_more(world: World) -> None:
    operator = signed_in(world.operator)
    path = f"/tenancy/vendor/{world.acme.pk}"
    form = {
        "name": "Acme Tools",
        "status": "active",
        "support_email": "",
        "support_url": "",
        "website": "",
        "send_expiry_reminders": "on",
        "show_support_views": "on",
    }
    assert operator.post(f"{path}/change/", form).status_code == 302
    page = operator.get(f"{path}/history/").content.decode()
    assert "Acme Instruments" in page
    assert "Acme Tools" in page
    assert "root@example.com" in page
    assert "ada@example.com" not in page
    assert signed_in(world.acme_admin).get(f"{path}/history/").status_code == 403


def test_a_history_tells_of_a_licences_machines(world: World) -> None:
    admin = signed_in(world.acme_admin)
    form = {"reason": "The laptop was stolen"}
    admin.post(f"/licenses/activation/{world.ada_machine.pk}/release/", form)
    page = admin.get(f"/licenses/license/{world.ada_license.pk}/history/").content.decode()
    for told in ("Machine activated", "Machine released by support", "The laptop was stolen"):
        assert told in page
    assert "The laptop was stolen" in admin.get("/audit/auditentry/").content.decode()
