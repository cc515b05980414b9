"""A licence's page in the back office: its state in a sentence, what can be done, and what is to
know."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.verbs.people import change_person
from licenses.admin.license_page import MOST_MACHINES, changes_of, state_of
from licenses.models import (
    License,
    LicenseMetadata,
    LicenseMeterAttribute,
    LicensePolicy,
    LicenseUser,
    MaintenancePolicy,
)
from licenses.verbs.activations import activate
from licenses.verbs.details import add_metadata, share
from licenses.verbs.licenses import create_license, suspend
from tenancy.door import inside
from tests.conftest import NOW
from tests.world import Browser, World, machine, signed_in

TODAY = NOW.date()


def of(**fields: Any) -> License:
    """A licence that is in no database."""
    return License(**{"allowed_activations": 5, "total_activations": 2, **fields})


def until(day: date) -> dict[str, Any]:
    last = datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=UTC)
    return {"expires_on": day, "expires_at": last}


STATES: list[tuple[dict[str, Any], str]] = [
    ({}, "Active without an end; 2 of 5 seats in use."),
    (
        until(date(2027, 11, 25)),
        "Active until 25 November 2027; 2 of 5 seats in use.",
    ),
    (
        {"allowed_activations": 1, "total_activations": 1},
        "Active without an end; 1 of 1 seat in use.",
    ),
    (
        {"allowed_activations": 0},
        "Active without an end; 2 seats in use, of any number.",
    ),
    (
        until(date(2026, 12, 3)),
        "Expires in 9 days: active until 3 December 2026; 2 of 5 seats in use.",
    ),
    (
        until(TODAY),
        "Expires today: active until 24 November 2026; 2 of 5 seats in use.",
    ),
    (
        until(date(2026, 11, 21)),
        "Expired 3 days ago, on 21 November 2026; 2 of 5 seats in use.",
    ),
    (
        {"expires_at": NOW - timedelta(days=400)},
        "Expired 1 year and 1 month ago, on 20 October 2025, 12:00 UTC; 2 of 5 seats in use.",
    ),
    (
        {
            "expiration_strategy": "delayed",
            "subscription_interval": "P1Y",
            "total_activations": 0,
        },
        "Not started: valid for 1 year from the first activation; 0 of 5 seats in use.",
    ),
    (
        {"expiration_strategy": "rolling", "subscription_interval": "P30D"},
        "Active: each machine for 30 days from its activation; 2 of 5 seats in use.",
    ),
    (
        {"suspended": True},
        "Suspended: no machine can be activated; the activated ones stay.",
    ),
    (
        {"suspended": True, "revoked": True},
        "Revoked: no machine can be activated, and programs stop as they next ask the portal.",
    ),
]


@pytest.mark.parametrize(("fields", "sentence"), STATES)
def test_the_state_is_one_sentence(fields: dict[str, Any], sentence: str) -> None:
    assert state_of(of(**fields), today=TODAY) == sentence


SEEN = {"subscription_interval": "P1Y", **until(date(2027, 11, 25))}
OFFERED: list[tuple[dict[str, Any], list[str]]] = [
    (SEEN, ["renew", "extend", "set_last_day", "set_seats", "suspend", "revoke"]),
    (
        SEEN | {"total_activations": 5},
        ["set_seats", "renew", "extend", "set_last_day", "suspend", "revoke"],
    ),
    ({"total_activations": 5}, ["set_seats", "set_last_day", "suspend", "revoke"]),
    (
        SEEN | {"suspended": True},
        ["unsuspend", "renew", "extend", "set_last_day", "set_seats", "revoke"],
    ),
    (
        SEEN | {"revoked": True},
        ["unrevoke", "renew", "extend", "set_last_day", "set_seats", "suspend"],
    ),
]


@pytest.mark.parametrize(("fields", "names"), OFFERED)
def test_what_is_likely_is_offered_first_and_what_is_dangerous_last(
    fields: dict[str, Any], names: list[str]
) -> None:
    assert [name for name, _change in changes_of(of(**fields))] == names


# --- The page -----------------------------------------------------------------------------------


@pytest.fixture
def admin(world: World) -> Browser:
    return signed_in(world.acme_admin)


def page(browser: Browser, license: License) -> str:
    return str(browser.get(f"/licenses/license/{license.pk}/change/").content.decode())


def shown(browser: Browser, license: License) -> str:
    """What stands on the page, without tags."""
    text = page(browser, license)
    body = text[text.index('<div class="licence">') : text.index("</main>")]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def full(world: World) -> License:
    """A licence of Ada's on which there is everything."""
    policy = LicensePolicy(vendor=world.acme, name="Yearly")
    policy.save(force_insert=True)
    upkeep = MaintenancePolicy(
        vendor=world.acme,
        name="Updates",
        subscription_interval="P2Y",
        allow_major_version_updates=False,
    )
    upkeep.save(force_insert=True)
    license = create_license(
        product=world.orbit,
        user=world.ada,
        policy=policy,
        key="FULL-OF-EVERYTHING-1",
        name="Lab Zürich",
        order_number="PO 4711",
        notes="Read this.\nAnd this.",
        internal_notes="Pays late.",
        renewal_url="https://shop.example.com/renew",
        subscription_interval="P1Y",
        allowed_activations=5,
        maintenance_policy=upkeep,
        max_allowed_release_version="4.2",
        allow_vm_activation=False,
        lease_duration=8 * 3600,
    )
    for key, visible in (("Purchase", True), ("Margin", False)):
        entry = LicenseMetadata(vendor=world.acme, license=license, key=key, visible=visible)
        entry.value = f"{key} value"
        add_metadata(entry)
    meter = LicenseMeterAttribute(
        vendor=world.acme, license=license, name="Reports", allowed_uses=9, visible=True
    )
    meter.save(force_insert=True)
    share(LicenseUser(vendor=world.acme, license=license, user=world.grace))
    activate(license, machine("full-laptop", os_version="12"))
    return license


def test_everything_is_told_in_plain_words(world: World, admin: Browser) -> None:
    with inside(world.acme):
        license = full(world)
    text = shown(admin, license)
    for told in (
        "Active until 24 November 2027; 1 of 5 seats in use.",
        "full-laptop Linux 12 online just now 24 November 2026, 12:00 UTC",
        "Ada Lovelace owner",
        "Grace additional user",
        "Name Lab Zürich",
        "Order number PO 4711",
        "Read this. And this.",
        "https://shop.example.com/renew",
        "Purchase Purchase value",
        "Reports 0 of 9 used",
        "Policy Yearly",
        "Validity 1 year from its creation",
        "Maintenance Updates: new minor versions",
        "Maintenance ends Until 24 November 2028",
        "Highest version 4.2",
        "Computers and containers, not on virtual machines",
        "Lease duration 8 hours",
        "Server sync grace period No limit",
        "Machine activated",
    ):
        assert text.count(told) == 1, told
    internal = text[text.index("For your staff alone") :]
    assert "Margin Margin value" in internal
    assert "Pays late." in internal
    assert "3600" not in text
    assert not re.search(r" [-–] ", text)


def test_an_empty_licence_has_no_dashes(world: World, admin: Browser) -> None:
    with inside(world.acme):
        license = create_license(product=world.orbit, user=None, key="EMPTY-AND-NOBODYS-1")
    text = shown(admin, license)
    assert "It has no customer yet: nobody sees it, and its key works." in text
    assert "No machine uses this licence." in text
    assert "View as" not in text
    assert "Send it by e-mail" not in text
    assert "Highest version" not in text


def test_who_suspended_it_is_said(world: World, admin: Browser) -> None:
    path = "/licenses/license/many/suspend/"
    chosen = {"action": "suspend", "_selected_action": [str(world.ada_license.pk)]}
    seen = re.search(
        r'name="seen" value="([^"]+)"', admin.post("/licenses/license/", chosen).content.decode()
    )
    assert seen
    admin.post(path, {"seen": seen[1], "confirm": "yes"})
    told = (
        "Suspended on 24 November 2026 by admin@acme.example (Admin): no machine can be activated; "
        "the activated ones stay."
    )
    assert told in shown(admin, world.ada_license)
    assert told in shown(signed_in(world.acme_support), world.ada_license)


def test_only_what_may_be_pressed_is_there(world: World, admin: Browser) -> None:
    support = page(signed_in(world.acme_support), world.ada_license)
    for hidden in ('name="action"', "?change=yes", "id_internal_notes"):
        assert hidden not in support, hidden
    for offered in ("/do/send/", "/release/", f"/accounts/user/{world.ada.pk}/view-as/"):
        assert offered in support, offered
    with inside(world.acme):
        ada = User.objects.get(pk=world.ada.pk)
        ada.allow_customer_portal_access = False
        change_person(person=ada, fields=["allow_customer_portal_access"])
    assert "/view-as/" not in page(admin, world.ada_license)


def test_view_as_opens_the_licences_page(world: World) -> None:
    support, license = signed_in(world.acme_support), world.ada_license
    text = page(support, license)
    assert f'<input type="hidden" name="next" value="/licenses/{license.pk}/">' in text
    # Its answer leads to another host.
    policy = support.get(f"/licenses/license/{license.pk}/change/")["Content-Security-Policy"]
    assert "form-action 'self' http://acme.portal.localhost:8000" in policy
    path = f"/accounts/user/{world.ada.pk}/view-as/"
    link = support.post(path, {"next": f"/licenses/{license.pk}/"})["Location"]
    opened = Browser("acme").post(link.partition(":8000")[2])
    assert opened["Location"] == f"/licenses/{license.pk}/"
    evil = support.post(path, {"next": "https://evil.example/"})["Location"]
    assert "evil" not in evil
    opened = Browser("acme").post(f"{evil.partition(':8000')[2]}?next=//evil.example/")
    assert opened["Location"] == "/"


def test_the_page_with_an_error_tells_what_is_saved(world: World, admin: Browser) -> None:
    from tests.backoffice.test_base import license_form

    form = license_form(world, allowed_activations="-7")
    path = f"/licenses/license/{world.ada_license.pk}/change/"
    text = admin.post(path, form).content.decode()
    assert "Active without an end; 1 of 3 seats in use." in text
    assert 'id="id_allowed_activations_error"' in text


def test_the_form_stands_on_a_page_of_its_own_for_who_may_use_it(
    world: World, admin: Browser
) -> None:
    path = f"/licenses/license/{world.ada_license.pk}/change/"
    plain = page(admin, world.ada_license)
    assert 'href="?change=yes"' in plain
    assert "id_internal_notes" not in plain
    form = admin.get(f"{path}?change=yes").content.decode()
    assert "Active without an end; 1 of 3 seats in use." in form
    assert "id_internal_notes" in form
    assert f'<a class="crumb" href="{path}">' in form
    support = signed_in(world.acme_support).get(f"{path}?change=yes").content.decode()
    assert "id_internal_notes" not in support
    kept = {"_changelist_filters": "status=active"}
    kept_page = admin.get(path, kept).content.decode()
    assert "?_changelist_filters=status%3Dactive&amp;change=yes" in kept_page


def test_all_machines_are_a_link_away(world: World, admin: Browser) -> None:
    with inside(world.acme):
        license = create_license(product=world.orbit, user=world.ada, allowed_activations=0)
        for number in range(MOST_MACHINES + 1):
            activate(license, machine(f"of-many-{number}"))
    text = page(admin, license)
    assert text.count(">of-many-") == MOST_MACHINES
    link = f"/licenses/activation/?license={license.pk}"
    assert f'<a href="{link}">Show all 26 machines</a>' in text
    listed = admin.get(link).content.decode()
    assert "26 machines" in listed
    assert "ada-laptop" not in listed


@pytest.mark.parametrize("who", ["acme_admin", "acme_support"])
@pytest.mark.parametrize("rows", [1, 3])
def test_the_page_takes_the_same_queries_however_long(world: World, who: str, rows: int) -> None:
    with inside(world.acme):
        license = create_license(product=world.orbit, user=world.ada, allowed_activations=9)
        for number in range(rows):
            activate(license, machine(f"row-{number}"))
            key = f"Key {number}"
            add_metadata(LicenseMetadata(vendor=world.acme, license=license, key=key))
        suspend(license)
    browser = signed_in(getattr(world, who))
    page(browser, license)
    with CaptureQueriesContext(connection) as captured:
        page(browser, license)
    assert len(captured) == {"acme_admin": 14, "acme_support": 10}[who]
