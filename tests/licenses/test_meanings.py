"""Policies and products in the back office say what they mean."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from licenses.admin import product_page
from licenses.admin.meanings import of_maintenance, of_policy
from licenses.models import LicensePolicy, MaintenancePolicy, Product
from licenses.verbs.licenses import create_license, suspend
from tenancy.door import inside
from tests.accounts.test_roles import person
from tests.world import World, release, signed_in


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Licences made with this policy never end, on 1 machine."),
        (
            {
                "subscription_interval": "P1Y",
                "expiration_strategy": "delayed",
                "allowed_activations": 5,
            },
            "Licences made with this policy last 1 year from their first activation, on 5 machines.",
        ),
        (
            {"subscription_interval": "P18M", "allowed_activations": 0},
            "Licences made with this policy last 18 months from their creation, on any number of "
            "machines.",
        ),
        (
            {
                "subscription_interval": "P30D",
                "expiration_strategy": "rolling",
                "type": "hosted-floating",
                "allowed_activations": 3,
            },
            "Licences made with this policy last 30 days on each machine, from its activation, on 3 "
            "machines at a time.",
        ),
    ],
)
def test_a_policy_is_one_sentence(fields: dict[str, Any], sentence: str) -> None:
    assert of_policy(LicensePolicy(**fields)) == sentence


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Licences with this maintenance get every new version without an end."),
        (
            {"subscription_interval": "P1Y", "allow_major_version_updates": False},
            "Licences with this maintenance get new minor versions for 1 year from their creation.",
        ),
        (
            {
                "subscription_interval": "P2Y",
                "expiration_strategy": "delayed",
                "allow_minor_version_updates": False,
            },
            "Licences with this maintenance get new major versions for 2 years from their first "
            "activation.",
        ),
        (
            {"allow_major_version_updates": False, "allow_minor_version_updates": False},
            "Licences with this maintenance get corrections alone without an end.",
        ),
    ],
)
def test_maintenance_is_one_sentence(fields: dict[str, Any], sentence: str) -> None:
    assert of_maintenance(MaintenancePolicy(**fields)) == sentence


def page(world: World, who: User, path: str) -> str:
    text = signed_in(who).get(path).content.decode()
    body = text[text.index("<main") :]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def test_a_policys_page_says_what_it_means_and_whose_it_is(world: World) -> None:
    with inside(world.acme):
        policy = LicensePolicy(vendor=world.acme, name="Yearly", subscription_interval="P1Y")
        policy.save(force_insert=True)
        upkeep = MaintenancePolicy(vendor=world.acme, name="Updates")
        upkeep.save(force_insert=True)
        create_license(
            product=world.orbit, user=world.ada, policy=policy, maintenance_policy=upkeep
        )
    for who in (world.acme_admin, world.acme_support):
        text = page(world, who, f"/licenses/licensepolicy/{policy.pk}/change/")
        assert "last 1 year from their creation, on 1 machine." in text
        assert "1 licence is on it. Licences keep the terms that they began on." in text
        text = page(world, who, f"/licenses/maintenancepolicy/{upkeep.pk}/change/")
        assert "get every new version without an end." in text
        assert (
            "A change of the versions counts for licences that are on it, too; their end stays."
            in text
        )


def test_a_products_page_begins_with_what_there_is_of_it(world: World) -> None:
    with inside(world.acme):
        policy = LicensePolicy(vendor=world.acme, name="Yearly", subscription_interval="P1Y")
        policy.save(force_insert=True)
        Product.objects.filter(pk=world.orbit.pk).update(default_policy=policy)
        suspend(world.grace_license)
        release(world.orbit, "1.3.0")
    path = f"/licenses/product/{world.orbit.pk}/change/"
    for who in (world.acme_admin, world.acme_support):
        text = page(world, who, path)
        for told in (
            "2 licences Active 1 Suspended 1",
            "Yearly Licences made with this policy last 1 year from their creation, on 1 machine.",
            "Orbit 1.3.0 Linux · stable · 24 November 2026",
            "Orbit 1.2.0 Linux · stable · 24 November 2026",
            "product.json What the program ships with",
            "since 24 November 2026.",
        ):
            assert told in text, told
    listed = f"/licenses/license/?product__id__exact={world.orbit.pk}"
    html = signed_in(world.acme_admin).get(path).content.decode()
    assert f'href="{listed}&amp;status=suspended"' in html
    found = page(world, world.acme_admin, f"{listed}&status=suspended")
    assert "GRACE1-ACME-ORBIT-0002" in found
    assert "ADA111-ACME-ORBIT-0001" not in found


def test_a_release_stands_there_once_for_all_its_platforms(world: World) -> None:
    with inside(world.acme):
        rows = [
            release(world.orbit, "4.2.1", platforms=[word]) for word in ("linux", "macos", "win64")
        ]
        for minor in range(6):
            release(world.orbit, f"3.{minor}", platforms=["linux"])
    path = f"/licenses/product/{world.orbit.pk}/change/"
    text = page(world, world.acme_support, path)
    assert text.count("Orbit 3.") == 4
    told = "Orbit 4.2.1: Linux · macOS · Windows, 64 bit · stable · 24 November 2026"
    assert text.count(told) == text.count("Orbit 4.2.1") == 1
    html = signed_in(world.acme_support).get(path).content.decode()
    for row in rows:
        assert f'href="/releases/release/{row.pk}/change/"' in html


def test_very_many_licences_are_not_counted_by_status(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(product_page, "MOST_COUNTED", 1)
    text = page(world, world.acme_admin, f"/licenses/product/{world.orbit.pk}/change/")
    assert "More than 1 licences" in text


def test_a_products_page_shows_no_more_than_may_be_seen(world: World) -> None:
    clerk = person(world.acme, "clerk", "licenses.view_product")
    text = page(world, clerk, f"/licenses/product/{world.orbit.pk}/change/")
    assert "product.json" in text
    for hidden in ("2 licences", "Orbit 1.2.0", "All releases"):
        assert hidden not in text, hidden


@pytest.mark.parametrize("rows", [1, 3])
def test_a_products_page_takes_the_same_queries(world: World, rows: int) -> None:
    with inside(world.acme):
        for number in range(rows):
            release(world.orbit, f"2.{number}")
            create_license(product=world.orbit, user=world.ada)
    support, path = signed_in(world.acme_support), f"/licenses/product/{world.orbit.pk}/change/"
    support.get(path)
    with CaptureQueriesContext(connection) as captured:
        support.get(path)
    # session, vendor, product; licences twice, releases, key
    assert len(captured) == 7
