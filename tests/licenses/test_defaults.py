"""What is chosen once: a product's policies, which new licences are on by every door; and what else
a licence goes out with."""

import re
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from licenses.errors import AdditionalUserIsStaff, PolicyIsUsed
from licenses.models import License, LicensePolicy, MaintenancePolicy, Product
from licenses.verbs.defaults import Choice
from licenses.verbs.issuing import issue
from licenses.verbs.licenses import set_highest_version
from licenses.verbs.maintenance import delete_maintenance_policy
from licenses.verbs.policies import delete_policy
from tenancy.door import inside
from tests.conftest import NOW
from tests.world import Browser, World, signed_in

EVE = "eve@example.com"


@pytest.fixture
def policies(world: World) -> tuple[LicensePolicy, MaintenancePolicy]:
    """Defaults of Acme's Orbit."""
    with inside(world.acme):
        yearly = LicensePolicy.objects.create(
            vendor=world.acme, name="Yearly", subscription_interval="P1Y", allowed_activations=7
        )
        updates = MaintenancePolicy.objects.create(
            vendor=world.acme, name="One year", subscription_interval="P1Y"
        )
        Product.objects.filter(pk=world.orbit.pk).update(
            default_policy=yearly, default_maintenance_policy=updates
        )
    return yearly, updates


def by_form(world: World, **typed: Any) -> Any:
    form = {"email": EVE, "product": str(world.orbit.pk), **typed}
    return signed_in(world.acme_admin).post("/licenses/license/add/", form)


def eves(world: World) -> License:
    with inside(world.acme):
        return License.objects.select_related("policy", "maintenance_policy").get(user__email=EVE)


def command(*given: str) -> str:
    out = StringIO()
    call_command("issue_license", "acme", "Orbit", EVE, *given, stdout=out)
    return out.getvalue()


def issue_there(world: World) -> None:
    with inside(world.acme):
        issue(product=Product.objects.get(pk=world.orbit.pk), email=EVE)


# --- A product's policies ------------------------------------------------------------------------


def test_a_products_policies_are_chosen_on_its_page(
    world: World, policies: tuple[LicensePolicy, MaintenancePolicy]
) -> None:
    form = {
        "name": "Spectra",
        "default_policy": str(policies[0].pk),
        "default_maintenance_policy": str(policies[1].pk),
        "offline_response_validity": "30 days",
        "allowed_key_replacements": "3",
    }
    path = f"/licenses/product/{world.spectra.pk}/change/"
    assert signed_in(world.acme_admin).post(path, form).status_code == 302
    with inside(world.acme):
        rows = Product.objects.select_related("default_policy", "default_maintenance_policy")
        spectra = rows.get(pk=world.spectra.pk)
    assert (spectra.default_policy, spectra.default_maintenance_policy) == policies


def test_another_vendors_policy_is_no_default(
    world: World, policies: tuple[LicensePolicy, MaintenancePolicy]
) -> None:
    for name, policy in zip(
        ("default_policy", "default_maintenance_policy"), policies, strict=True
    ):
        with inside(world.globex), pytest.raises(IntegrityError), transaction.atomic():
            Product.objects.filter(pk=world.quill.pk).update(**{f"{name}_id": policy.pk})
            connection.check_constraints()


def test_what_is_a_default_is_kept_and_the_page_says_so(
    world: World, policies: tuple[LicensePolicy, MaintenancePolicy]
) -> None:
    with inside(world.acme):
        with pytest.raises(PolicyIsUsed):
            delete_policy(policies[0])
        with pytest.raises(PolicyIsUsed):
            delete_maintenance_policy(policies[1])
    path = f"/licenses/licensepolicy/{policies[0].pk}/delete/"
    page = signed_in(world.acme_admin).get(path).content.decode()
    assert "<li>Orbit</li>" in page
    assert "Delete it" not in page


# --- New licences --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "door",
    [by_form, lambda _world: command(), issue_there],
    ids=["form", "command", "verb"],
)
def test_without_a_choice_a_licence_is_on_its_products_policies(
    world: World, policies: tuple[LicensePolicy, MaintenancePolicy], door: Any
) -> None:
    door(world)
    license = eves(world)
    assert (license.policy, license.maintenance_policy) == policies
    assert license.allowed_activations == 7
    assert license.expires_on == license.maintenance_expires_on
    assert license.expires_on.isoformat() == "2027-11-24"  # type: ignore[union-attr]


def test_none_is_a_choice(world: World, policies: tuple[LicensePolicy, MaintenancePolicy]) -> None:
    assert by_form(world, policy="none", maintenance_policy="none").status_code == 302
    license = eves(world)
    assert (license.policy, license.maintenance_policy) == (None, None)
    assert (license.allowed_activations, license.expires_at) == (1, None)
    command("--policy", "none", "--maintenance", "One year", "--key", "ANOTHER-KEY-OF-EVES-1")
    with inside(world.acme):
        rows = License.objects.select_related("maintenance_policy")
        other = rows.get(key="ANOTHER-KEY-OF-EVES-1")
    assert (other.policy, other.maintenance_policy) == (None, policies[1])
    dated = ("--maintenance", "One year", "--maintenance-until", "2027-03-31")
    command("--policy", "none", *dated, "--key", "ANOTHER-KEY-OF-EVES-2")
    with inside(world.acme):
        upkeep = License.objects.get(key="ANOTHER-KEY-OF-EVES-2").maintenance_expires_on
    assert str(upkeep) == "2027-03-31"


def test_where_no_policy_is_said_a_licence_is_on_the_terms_of_none(world: World) -> None:
    assert by_form(world, policy="").status_code == 302
    license = eves(world)
    assert (license.policy, license.allowed_activations, license.expires_at) == (None, 1, None)
    assert "No end" in command("--key", "ANOTHER-KEY-OF-EVES-1")


def test_the_form_offers_the_products_policy_first(
    world: World, policies: tuple[LicensePolicy, MaintenancePolicy]
) -> None:
    page = signed_in(world.acme_admin).get("/licenses/license/add/").content.decode()
    for name, none in (
        ("policy", "None: one seat, never expires"),
        ("maintenance_policy", "None: all versions"),
    ):
        select = re.search(rf'<select name="{name}".*?</select>', page, re.DOTALL)
        assert select
        options = re.findall(r'<option value="([^"]*)"( selected)?>([^<]*)<', select[0])
        assert options[0] == ("", " selected", "As the product says")
        assert options[1] == ("none", "", none)


def test_the_form_begins_with_the_only_maintenance_policy_where_no_product_has_one(
    world: World, policies: tuple[LicensePolicy, MaintenancePolicy]
) -> None:
    def begins_with() -> list[str]:
        page = signed_in(world.acme_admin).get("/licenses/license/add/").content.decode()
        select = re.search(r'<select name="maintenance_policy".*?</select>', page, re.DOTALL)
        assert select
        return re.findall(r"<option[^>]* selected>([^<]*)<", select[0])

    with inside(world.acme):
        Product.objects.update(default_policy=None, default_maintenance_policy=None)
    assert begins_with() == ["One year"]
    with inside(world.acme):
        MaintenancePolicy.objects.create(vendor=world.acme, name="Two years")
    assert begins_with() == ["As the product says"]


# --- What else a licence goes out with -----------------------------------------------------------


FULL = {
    "policy": "none",
    "max_allowed_release_version": "v4.2",
    "additional_users": "Grace Hopper <GRACE@example.com>; eve@example.com\nmary@example.com",
    "order_number": "PO-2026-9",
    "internal_notes": "Pays late",
    "notes": "Second floor",
    "metadata-0-key": "Cost centre",
    "metadata-0-value": "4711",
    "metadata-0-visible": "on",
    "metadata-2-key": "Margin",
    "metadata-2-value": "30 %",
}


def test_who_gets_no_e_mail_by_it_is_said(world: World) -> None:
    """Grace has a password, and the owner gets the licence by e-mail."""
    admin = signed_in(world.acme_admin)
    form = {"email": "zoe@example.com", "product": str(world.orbit.pk), "policy": "none"}
    typed = form | {"additional_users": "grace@example.com, mary@example.com"}
    page = admin.post("/licenses/license/add/", typed, follow=True).content.decode()
    assert "these have no password yet: mary@example.com. Their pages send" in page


def test_the_form_sets_all_of_it(world: World) -> None:
    assert by_form(world, **FULL).status_code == 302
    license = eves(world)
    texts = (license.order_number, license.internal_notes, license.notes)
    assert texts == ("PO-2026-9", "Pays late", "Second floor")
    assert license.max_allowed_release_version == "4.2"
    with inside(world.acme):
        shared = {person.email for person in license.additional_users.all()}
        metadata = list(license.metadata.values_list("key", "value", "visible"))
        found = License.objects.filter(words__word="4711").get()
    assert shared == {"grace@example.com", "mary@example.com"}
    assert metadata == [("Cost centre", "4711", True), ("Margin", "30 %", False)]
    assert found == license


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"additional_users": "grace"}, "additional_users", "“grace” is not an e-mail address."),
        (
            {"additional_users": "admin@acme.example"},
            "additional_users",
            "admin@acme.example belongs to a member of your staff.",
        ),
        ({"additional_users": ";".join(f"u{n}@example.com" for n in range(51))},
         "additional_users", "Name at most 50 people at once."),
        ({"max_allowed_release_version": "new"}, "max_allowed_release_version",
         "Use two to four numbers"),
        ({"metadata-1-value": "lost"}, "metadata", "Row 1: This value needs a name."),
        ({"maintenance_policy": "4a63cc4e-8f0d-4b4c-9b1e-000000000000"}, "maintenance_policy",
         "Select a valid choice"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_beside_its_field(
    world: World, typed: dict[str, str], field: str, sentence: str
) -> None:
    page = by_form(world, **({"policy": "none"} | typed))
    assert page.status_code == 200
    assert sentence in re.findall(rf'id="id_{field}_error">(.*?)</ul>', page.content.decode())[0]
    with inside(world.acme):
        assert not License.objects.filter(user__email=EVE).exists()


def test_the_command_sets_it_too(world: World) -> None:
    command(
        "--policy", "none", "--max-version", "4.2", "--order-number", "PO-1",
        "--metadata", "Cost centre=4711", "--additional-user", "grace@example.com",
    )  # fmt: skip
    license = eves(world)
    assert (license.max_allowed_release_version, license.order_number) == ("4.2", "PO-1")
    with inside(world.acme):
        assert [(each.key, each.visible) for each in license.metadata.all()] == [
            ("Cost centre", False)
        ]
        assert [person.email for person in license.additional_users.all()] == ["grace@example.com"]
    with pytest.raises(CommandError, match="no name=value"):
        command("--policy", "none", "--metadata", "4711")
    with inside(world.acme), pytest.raises(AdditionalUserIsStaff):
        issue(
            product=world.orbit,
            email="other@example.com",
            policy=Choice.NONE,
            additional_users=["support@acme.example"],
        )


def test_another_vendors_policies_can_t_be_chosen(
    world: World, policies: tuple[LicensePolicy, MaintenancePolicy]
) -> None:
    browser: Browser = signed_in(world.globex_admin)
    form = {"email": EVE, "product": str(world.quill.pk)}
    for name, policy in zip(("policy", "maintenance_policy"), policies, strict=True):
        page = browser.post("/licenses/license/add/", form | {name: str(policy.pk)})
        assert "Select a valid choice" in page.content.decode()
        assert "Yearly" not in browser.get("/licenses/license/add/").content.decode()


# --- Many licences -------------------------------------------------------------------------------


def test_many_licences_get_a_maintenance_policy_after_a_look(
    world: World, policies: tuple[LicensePolicy, MaintenancePolicy]
) -> None:
    admin = signed_in(world.acme_admin)
    both = [str(world.ada_license.pk), str(world.grace_license.pk)]
    page = admin.post("/licenses/license/", {"action": "set_maintenance", "_selected_action": both})
    html = page.content.decode()
    assert "2 licences are chosen." in html
    assert [text for _value, text in re.findall(r'<option value="([^"]*)"[^>]*>([^<]*)', html)] == [
        "None: all versions",
        "One year",
    ]
    form = {"seen": hidden(html, "seen"), "policy": str(policies[1].pk)}
    look = admin.post("/licenses/license/many/set_maintenance/", form).content.decode()
    for field, value in (("policy", "One year"), ("ends", "24 November 2027")):
        told = rf"Maintenance {field}: <del>[^<]*</del> → <ins>{value}</ins>"
        assert len(re.findall(told, look)) == 2
    form |= {"seen": hidden(look, "seen"), "confirm": "yes"}
    with inside(world.acme):
        assert not License.objects.exclude(maintenance_policy=None).exists()
    assert admin.post("/licenses/license/many/set_maintenance/", form).status_code == 302
    with inside(world.acme):
        assert License.objects.filter(maintenance_policy=policies[1]).count() == 2
    # The same once more changes nothing, and moves no end.
    with time_machine.travel(NOW + timedelta(days=30), tick=False):
        admin = signed_in(world.acme_admin)
        again = admin.post(
            "/licenses/license/", {"action": "set_maintenance", "_selected_action": both}
        ).content.decode()
        form = {"seen": hidden(again, "seen"), "policy": str(policies[1].pk)}
        look = admin.post("/licenses/license/many/set_maintenance/", form).content.decode()
    assert look.count("Nothing: it is like that already.") == 2


@pytest.mark.parametrize(
    ("typed", "told"),
    [("v4.2", "</del> → <ins>4.2</ins>"), ("new", "Use two to four")],
)
def test_many_licences_get_a_highest_version(world: World, typed: str, told: str) -> None:
    admin = signed_in(world.acme_admin)
    chosen = {"action": "set_highest_version", "_selected_action": [str(world.ada_license.pk)]}
    html = admin.post("/licenses/license/", chosen).content.decode()
    form = {"seen": hidden(html, "seen"), "version": typed}
    path = "/licenses/license/many/set_highest_version/"
    look = admin.post(path, form).content.decode()
    assert told in look
    admin.post(path, form | {"confirm": "yes"})
    with inside(world.acme):
        license = License.objects.get(pk=world.ada_license.pk)
    assert license.max_allowed_release_version == ("4.2" if typed == "v4.2" else "")


def test_a_change_in_between_is_left_alone(world: World) -> None:
    """What the preview showed would not be what happens: somebody has set a version meanwhile."""
    admin = signed_in(world.acme_admin)
    chosen = {"action": "set_highest_version", "_selected_action": [str(world.ada_license.pk)]}
    html = admin.post("/licenses/license/", chosen).content.decode()
    with inside(world.acme):
        set_highest_version(world.ada_license, version="3.0")
    form = {"seen": hidden(html, "seen"), "version": "4.2", "confirm": "yes"}
    page = admin.post("/licenses/license/many/set_highest_version/", form, follow=True)
    assert "ADA111-ACME-ORBIT-0001: " in page.content.decode()
    with inside(world.acme):
        license = License.objects.get(pk=world.ada_license.pk)
    assert license.max_allowed_release_version == "3.0"


def hidden(html: str, name: str) -> str:
    return re.findall(rf'name="{name}" value="([^"]*)"', html)[0]
