"""The list of licences, a licence's page, and deactivating with a click."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from licenses.models import Activation, License, LicenseMetadata, LicenseUser
from licenses.verbs.activations import MachineKey, activate
from licenses.verbs.details import add_metadata
from licenses.verbs.licenses import create_license, suspend
from tenancy.door import inside
from tests.conftest import NOW, ON_POSTGRESQL
from tests.world import Browser, World, machine, product, signed_in

KEY = MachineKey({"kty": "OKP", "crv": "Ed25519", "x": "A" * 43}, "T" * 43)


def keys_on(response: Any) -> list[str]:
    """The keys of the rows, in order."""
    return [row.key for row in response.context["rows"]]


def listed(browser: Browser, query: str = "") -> list[str]:
    response = browser.get(f"/licenses/?{query}")
    assert response.status_code == 200
    return keys_on(response)


@pytest.fixture
def many(world: World) -> World:
    """Ada with four more licences that differ in everything one can search by."""
    with inside(world.acme):
        soon = create_license(
            product=world.spectra,
            user=world.ada,
            key="SOON00-0000-0000",
            subscription_interval="P10D",
            allowed_activations=9,
            notes="Rented 100% of the time",
        )
        create_license(product=world.orbit, user=world.ada, key="OLD000-0000-0000", expires_at=NOW)
        create_license(
            product=world.orbit,
            user=world.ada,
            key="YEAR00-0000-0000",
            subscription_interval="P80D",
        )
        paused = create_license(product=world.orbit, user=world.ada, key="PAUSED-0000-0000")
        suspend(paused)
        activate(soon, machine("a"))
        activate(soon, machine("b"))
        for key, value, visible in (("Order", "PO-118", True), ("Margin", "Secret-7", False)):
            add_metadata(
                LicenseMetadata(
                    vendor=world.acme, license=soon, key=key, value=value, visible=visible
                )
            )
    return world


ADA = "ADA111-ACME-ORBIT-0001"
SOON, OLD, YEAR, PAUSED = (f"{name}-0000-0000" for name in ("SOON00", "OLD000", "YEAR00", "PAUSED"))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {ADA, SOON, OLD, YEAR, PAUSED}),
        ("q=soon", {SOON}),
        ("q=spectra", {SOON}),
        ("q=PO-118", {SOON}),
        ("q=order", {SOON}),
        ("q=secret-7", set()),  # metadata that is not visible can't be found either
        ("q=margin", set()),
        ("q=rented", {SOON}),
        ("q=100%25", {SOON}),
        ("q=%25", set()),
        ("q=Grace", set()),
        ("q=Globex", set()),
        ("status=active", {ADA, YEAR}),
        ("status=expiring-soon", {SOON}),
        ("status=expired", {OLD}),
        ("status=suspended", {PAUSED}),
        ("status=revoked", set()),
        ("expiry=30", {SOON}),
        ("expiry=90", {SOON, YEAR}),
        ("expiry=never", {ADA, PAUSED}),
        ("status=suspended&q=paused", {PAUSED}),
        ("status=nonsense", {ADA, SOON, OLD, YEAR, PAUSED}),
        ("status=nonsense&q=soon", {SOON}),
        ("q=a%00b", {ADA, SOON, OLD, YEAR, PAUSED}),
        ("sort=nonsense&page=999", {ADA, SOON, OLD, YEAR, PAUSED}),
    ],
)
def test_search_and_filters(many: World, query: str, found: set[str]) -> None:
    assert set(listed(signed_in(many.ada), query)) == found


def test_the_product_filter_offers_own_products_only(many: World) -> None:
    browser = signed_in(many.ada)
    assert listed(browser, f"product={many.spectra.pk}") == [SOON]
    page = browser.get("/licenses/").content.decode()
    assert "Spectra" in page
    assert "Quill" not in page
    with inside(many.acme):
        product(many.acme, "Hidden")
    assert "Hidden" not in browser.get("/licenses/").content.decode()


@pytest.mark.parametrize(
    ("sort", "first", "last"),
    [
        ("expires", OLD, None),
        ("-expires", YEAR, None),
        ("seats", None, SOON),
        ("-seats", SOON, None),
        ("-product", SOON, None),
        ("product", None, SOON),
        ("-status", PAUSED, None),
        ("status", None, PAUSED),
    ],
)
def test_sorting(many: World, sort: str, first: str | None, last: str | None) -> None:
    order = listed(signed_in(many.ada), f"sort={sort}")
    assert len(order) == 5
    assert first is None or order[0] == first
    assert last is None or order[-1] == last


def test_totals_count_everything_whatever_is_searched(many: World) -> None:
    response = signed_in(many.ada).get("/licenses/?q=soon")
    totals = response.context["totals"]
    assert (totals.all, totals.active, totals.expiring_soon, totals.expired) == (5, 3, 1, 1)


def test_pages_of_25(world: World) -> None:
    with inside(world.acme):
        for number in range(30):
            create_license(product=world.orbit, user=world.ada, key=f"MANY00-{number:010}")
    browser = signed_in(world.ada)
    first, second = listed(browser), listed(browser, "page=2")
    assert (len(first), len(second)) == (25, 6)
    assert not set(first) & set(second)


def test_a_customer_without_licences_is_told_what_to_do(world: World) -> None:
    with inside(world.acme):
        License.objects.filter(pk=world.grace_license.pk).update(user=world.ada)
    page = signed_in(world.grace).get("/licenses/").content.decode()
    assert "No licences yet" in page
    assert "grace@example.com" in page


def test_additional_users_see_the_licence_others_do_not(world: World) -> None:
    browser = signed_in(world.grace)
    path = f"/licenses/{world.ada_license.pk}/"
    assert browser.get(path).status_code == 404
    with inside(world.acme):
        LicenseUser.objects.create(vendor=world.acme, license=world.ada_license, user=world.grace)
    assert set(listed(browser)) == {ADA, "GRACE1-ACME-ORBIT-0002"}
    page = browser.get(path).content.decode()
    assert "Ada Lovelace, who shares it with you" in page


def test_the_licence_page_shows_what_a_customer_may_know(many: World) -> None:
    with inside(many.acme):
        soon = License.objects.get(key=SOON)
        activate(soon, machine("offline-lab"), key=KEY)
    page = signed_in(many.ada).get(f"/licenses/{soon.pk}/").content.decode()
    for text in (
        SOON,
        "Spectra",
        "Expires soon",
        "This licence is valid until 4 December 2026.",
        "3 of 9",
        "PO-118",
        "Rented 100% of the time",
        "offline-lab",
        "Activated offline",
        "10 days from its creation",
        "0 deactivations used, no limit",
        "Machine activated",
        "This machine was activated offline",
    ):
        assert text in page, text
    assert "Secret-7" not in page
    assert "Margin" not in page


@pytest.mark.unfound
def test_names_are_escaped(world: World) -> None:
    with inside(world.acme):
        License.objects.filter(pk=world.ada_license.pk).update(notes="<script>alert(1)</script>")
        Activation.objects.filter(pk=world.ada_machine.pk).update(hostname='"><img src=x>')
    page = signed_in(world.ada).get(f"/licenses/{world.ada_license.pk}/").content.decode()
    assert "<script>alert" not in page
    assert "<img" not in page


def deactivate_path(license: License, activation: Activation) -> str:
    return f"/licenses/{license.pk}/activations/{activation.pk}/deactivate/"


def test_deactivating_asks_once_and_frees_the_seat(world: World) -> None:
    browser, path = signed_in(world.ada), deactivate_path(world.ada_license, world.ada_machine)
    asked = browser.get(path)
    assert "Deactivate ada-laptop?" in asked.content.decode()
    assert world.ada_license.total_activations == 0  # as it was created
    response = browser.post(path)
    assert response.status_code == 302
    assert response["Location"] == f"/licenses/{world.ada_license.pk}/"
    page = browser.get(response["Location"]).content.decode()
    assert "ada-laptop is deactivated and its seat is free." in page
    assert "0 of 3" in page
    assert browser.post(path).status_code == 302  # to the licence, which says what became of it


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ("limit", "All deactivations that this licence allows have been used"),
        ("product", "can be deactivated by support only"),
        ("offline", "This machine was activated offline"),
    ],
)
def test_a_limit_explains_itself_and_nothing_changes(world: World, change: str, text: str) -> None:
    with inside(world.acme):
        if change == "limit":
            License.objects.filter(pk=world.ada_license.pk).update(allowed_deactivations=0)
        elif change == "product":
            world.orbit.customers_may_deactivate = False
            world.orbit.save()
        else:
            activate(world.ada_license, machine("ada-laptop"), key=KEY)
    browser = signed_in(world.ada)
    licence = f"/licenses/{world.ada_license.pk}/"
    assert text in browser.get(licence).content.decode()
    response = browser.post(deactivate_path(world.ada_license, world.ada_machine))
    assert response.status_code == 302
    assert text in browser.get(licence).content.decode()
    with inside(world.acme):
        assert Activation.objects.filter(pk=world.ada_machine.pk).exists()


def test_a_machine_is_found_on_its_own_licence_only(world: World) -> None:
    browser = signed_in(world.ada)
    with inside(world.acme):
        other = create_license(product=world.orbit, user=world.ada)
    assert browser.post(deactivate_path(other, world.ada_machine)).status_code == 404
    assert browser.post(deactivate_path(world.bob_license, world.bob_machine)).status_code == 404
    assert browser.post(deactivate_path(world.ada_license, world.bob_machine)).status_code == 404


@pytest.mark.parametrize("page", ["deactivate", "release"])
def test_a_machine_that_is_gone_leads_to_its_licence_and_says_so(world: World, page: str) -> None:
    browser = signed_in(world.ada)
    path = deactivate_path(world.ada_license, world.ada_machine)
    browser.post(path)
    browser.get(f"/licenses/{world.ada_license.pk}/")  # which says that it is done
    path = path.replace("deactivate", page)
    for ask in (browser.get, browser.post):
        answer = ask(path)
        assert answer["Location"] == f"/licenses/{world.ada_license.pk}/"
        told = browser.get(answer["Location"]).content.decode()
        assert "ada-laptop: machine deactivated on 24 November 2026." in told
        assert "nothing left to do" in told
    assert signed_in(world.grace).get(path).status_code == 404


def queries(browser: Browser, path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert browser.get(path).status_code == 200
    return len(captured)


def test_lists_cost_the_same_for_one_row_and_for_three(world: World) -> None:
    browser = signed_in(world.ada)
    licence = f"/licenses/{world.ada_license.pk}/"
    browser.get("/licenses/")  # the first page of a while moves `last seen`
    one = (queries(browser, "/licenses/"), queries(browser, licence))
    with inside(world.acme):
        for number in range(2):
            extra = create_license(product=world.spectra, user=world.ada)
            activate(extra, machine(f"extra-{number}"))
            activate(world.ada_license, machine(f"more-{number}"))
            add_metadata(
                LicenseMetadata(
                    vendor=world.acme, license=world.ada_license, key=f"k{number}", visible=True
                )
            )
    three = (queries(browser, "/licenses/"), queries(browser, licence))
    assert one == three == ((3, 5) if ON_POSTGRESQL else (5, 13))


def test_relative_dates_read_well(world: World, frozen_time: Any) -> None:
    with inside(world.acme):
        License.objects.filter(pk=world.ada_license.pk).update(expires_at=NOW + timedelta(days=23))
    assert "in 23 days" in signed_in(world.ada).get("/licenses/").content.decode()
