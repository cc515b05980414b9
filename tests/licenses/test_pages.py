"""The list of licences, a licence's page, and deactivating with a click."""

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEntry
from licenses.models import Activation, License, LicenseMetadata, LicenseUser, Product
from licenses.verbs.activations import MachineKey, activate
from licenses.verbs.details import add_metadata, share
from licenses.verbs.licenses import change_license, create_license, revoke, suspend
from tenancy.door import inside
from tests.conftest import NOW, ON_POSTGRESQL
from tests.portal.test_view_as import viewing
from tests.world import Browser, World, machine, product, set_vendor, signed_in

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
    tiles = {each.name: each.count for each in response.context["tiles"]}
    assert tiles == {"All": 5, "Active": 2, "Expires soon": 1, "Expired": 1, "Suspended": 1}


def test_tiles_are_filters_and_add_up(many: World) -> None:
    ada = signed_in(many.ada)
    everything, *tiles = ada.get("/licenses/").context["tiles"]
    assert (everything.count, everything.current) == (5, True)
    assert sum(tile.count for tile in tiles) == everything.count
    for tile in tiles:
        response = ada.get(f"/licenses/{tile.url}")
        assert len(keys_on(response)) == tile.count
        assert [each.name for each in response.context["tiles"] if each.current] == [tile.name]


def test_what_needs_attention_comes_first(many: World) -> None:
    with inside(many.acme):
        full = create_license(product=many.orbit, user=many.ada, key="FULL00-0000-0000")
        License.objects.filter(pk=full.pk).update(allowed_activations=1, total_activations=1)
        revoke(create_license(product=many.orbit, user=many.ada, key="GONE00-0000-0000"))
    keys = listed(signed_in(many.ada))
    assert keys[:4] == [SOON, OLD, "FULL00-0000-0000", PAUSED]
    assert keys[-1] == "GONE00-0000-0000"


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"name": "Clean room", "order_number": "PO-1"}, "Clean room"),
        ({"order_number": "PO-1", "notes": "A note"}, "PO-1"),
        ({"notes": "A note"}, "A note"),
        ({"notes": "x" * 500}, "x" * 80),
        ({"notes": ""}, ""),
    ],
)
@pytest.mark.unfound
def test_a_row_is_told_apart(world: World, fields: dict[str, str], shown: str) -> None:
    with inside(world.acme):
        License.objects.filter(pk=world.ada_license.pk).update(**fields)
    [row] = signed_in(world.ada).get("/licenses/").context["rows"]
    assert row.name == shown


def test_an_owner_names_a_licence_for_all_who_see_it(many: World) -> None:
    ada, path = signed_in(many.ada), f"/licenses/{many.ada_license.pk}/name/"
    with inside(many.acme):
        share(LicenseUser(vendor=many.acme, license=many.ada_license, user=many.grace))
    assert ada.post(path, {"name": "Clean room, rack 3"}).status_code == 302
    for query in ("", "q=rack", "q=clean+room"):
        page = ada.get(f"/licenses/?{query}")
        assert ADA in keys_on(page)
        assert "Clean room, rack 3" in page.content.decode()
    page = ada.get(f"/licenses/{many.ada_license.pk}/").content.decode()
    assert "Name: none → Clean room, rack 3" in page  # in its history
    grace = signed_in(many.grace)
    assert "Clean room, rack 3" in grace.get("/licenses/").content.decode()
    assert "Clean room, rack 3" in grace.get(f"/licenses/{many.ada_license.pk}/").content.decode()
    assert grace.get(path).status_code == grace.post(path, {"name": "Mine"}).status_code == 403
    staff = signed_in(many.acme_support)
    for page in ("?q=rack", f"{many.ada_license.pk}/change/"):
        told = staff.get(f"/licenses/license/{page}", follow=True).content.decode()
        assert many.ada_license.key in told
    assert "Clean room, rack 3" in told
    ada.post(path, {"name": ""})
    assert "rack" not in ada.get("/licenses/").content.decode()


def test_a_new_owner_does_not_read_the_earlier_owners_name(world: World) -> None:
    signed_in(world.ada).post(f"/licenses/{world.ada_license.pk}/name/", {"name": "Kitchen"})
    with inside(world.acme):
        license = License.objects.get(pk=world.ada_license.pk)
        license.user = world.grace
        change_license(license, fields=["user"])
    page = signed_in(world.grace).get(f"/licenses/{license.pk}/").content.decode()
    assert "Kitchen" not in page
    assert "Kitchen" not in signed_in(world.grace).get("/licenses/").content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("ada-laptop", ADA),
        ("laptop", ADA),
        ("ada111acmeorbit0001", ADA),
        ("ACMEORBIT", ADA),
        ("orbit0001", ADA),
        ("0001", ADA),
        ("ada of acme only", ADA),
        ("PO-2026/7", ADA),
        ("po20267", ADA),
        ("grace-laptop", ""),
    ],
)
def test_a_customer_finds_by_what_he_knows(world: World, query: str, found: str) -> None:
    with inside(world.acme):
        license = License.objects.get(pk=world.ada_license.pk)
        license.order_number = "PO-2026/7"
        change_license(license, fields=["order_number"])
    assert listed(signed_in(world.ada), f"q={query}") == ([found] if found else [])


def test_the_next_step_is_a_link_that_does_it(many: World) -> None:
    with inside(many.acme):
        full = create_license(product=many.orbit, user=many.ada, key="FULL00-0000-0000")
        License.objects.filter(pk=full.pk).update(allowed_activations=1, total_activations=1)
        License.objects.filter(key=SOON).update(renewal_url="https://shop.example.com/renew")
    steps = {row.key: row for row in signed_in(many.ada).get("/licenses/").context["rows"]}
    assert steps[SOON].next_url == "https://shop.example.com/renew"
    assert steps[OLD].next_url == f"mailto:support@acme.example?subject={OLD}"
    assert (steps[PAUSED].next_step, steps[PAUSED].next_url) == (
        "Ask support",
        f"mailto:support@acme.example?subject={PAUSED}",
    )
    assert steps["FULL00-0000-0000"].next_url == f"/licenses/{full.pk}/#machines"
    assert steps[ADA].next_step == ""
    set_vendor(many.acme, support_url="https://acme.example/help")
    steps = {row.key: row for row in signed_in(many.ada).get("/licenses/").context["rows"]}
    assert steps[OLD].next_url == "https://acme.example/help"
    set_vendor(many.acme, support_url="", support_email="")
    steps = {row.key: row for row in signed_in(many.ada).get("/licenses/").context["rows"]}
    assert steps[OLD].next_url == steps[OLD].url


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


def test_who_looks_for_a_machine_reads_on_which_licence_it_is(world: World) -> None:
    with inside(world.acme):
        lab = create_license(product=world.orbit, user=world.ada, allowed_activations=9)
        for number in range(5):
            activate(lab, machine(f"ada-lab-{number}"))
    ada = signed_in(world.ada)
    page = ada.get("/licenses/?q=ADA-LA").content.decode()
    on = re.findall(r'class="by-machine">([^<]*)<', page)
    assert sorted(on) == ["On ada-lab-0, ada-lab-1, ada-lab-2, …", "On ada-laptop"]
    assert "by-machine" not in ada.get("/licenses/?q=ADA111").content.decode()
    assert "by-machine" not in ada.get("/licenses/").content.decode()


def test_machines_cost_a_search_one_query_for_one_licence_and_for_three(world: World) -> None:
    ada = signed_in(world.ada)
    ada.get("/licenses/?q=ada")
    one = queries(ada, "/licenses/?q=ada")
    with inside(world.acme):
        for n in range(2):
            activate(create_license(product=world.spectra, user=world.ada), machine(f"ada-{n}"))
    assert queries(ada, "/licenses/?q=ada") == one


def test_nothing_is_offered_where_no_machine_can_be_chosen(world: World) -> None:
    ada, button = signed_in(world.ada), "Deactivate those that are chosen"
    assert button in ada.get("/licenses/machines/").content.decode()
    with inside(world.acme):
        Product.objects.update(customers_may_deactivate=False)
    page = ada.get("/licenses/machines/").content.decode()
    assert "ada-laptop" in page
    assert button not in page


def test_relative_dates_read_well(world: World, frozen_time: Any) -> None:
    with inside(world.acme):
        License.objects.filter(pk=world.ada_license.pk).update(expires_at=NOW + timedelta(days=23))
    assert "in 23 days" in signed_in(world.ada).get("/licenses/").content.decode()


# --- Pages, the export, many machines -----------------------------------------------------------


def add_many(world: World, number: int) -> None:
    with inside(world.acme):
        for n in range(number):
            create_license(product=world.orbit, user=world.ada, key=f"MANY00-{n:010}")


@pytest.mark.takes_turns
def test_pages_say_their_number_and_lead_to_the_last(world: World) -> None:
    add_many(world, 74)
    ada = signed_in(world.ada)
    first = ada.get("/licenses/").content.decode()
    assert "1 to 25 of 75" in " ".join(first.split())
    assert "page 1 of 3" in first
    for text, number in (("Next", 2), ("Last", 3)):
        assert re.search(rf'href="\?[^"]*page={number}"[^>]*>\s*{text}\s*<', first)
    last = ada.get("/licenses/?page=3").content.decode()
    assert "page 3 of 3" in last
    for text, number in (("Previous", 2), ("First", 1)):
        assert re.search(rf'href="\?[^"]*page={number}"[^>]*>\s*{text}\s*<', last)
    assert "Last" not in last


def exported(browser: Browser, query: str = "") -> list[dict[str, str]]:
    answer = browser.get(f"/licenses/export.csv?{query}")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    text = answer.getvalue().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_the_export_has_what_the_list_has(many: World) -> None:
    ada = signed_in(many.ada)
    for query in ("", "status=suspended", "q=soon", f"product={many.spectra.pk}", "sort=-seats"):
        assert [row["key"] for row in exported(ada, query)] == listed(ada, query)
    [row] = exported(ada, "q=soon")
    assert row["product"] == "Spectra"
    assert (row["status"], row["seats_used"], row["seats"]) == ("Expires soon", "2", "9")
    assert row["expires"] == "2026-12-04"
    assert "Secret-7" not in str(exported(ada))


def test_the_export_runs_no_formula_and_is_recorded(world: World) -> None:
    ada = signed_in(world.ada)
    with inside(world.acme):
        before = AuditEntry.objects.filter(action="exported").count()
    ada.post(f"/licenses/{world.ada_license.pk}/name/", {"name": "=HYPERLINK(0)"})
    [row] = exported(ada)
    assert row["name"] == "'=HYPERLINK(0)"
    with inside(world.acme):
        entries = AuditEntry.objects.filter(action="exported")
        assert entries.count() == before + 1
        assert entries.latest("sequence").actor_id == world.ada.pk
    assert "<strong>Licences exported</strong>" in ada.get("/profile/activity/").content.decode()


def test_nothing_is_exported_while_viewing_as(world: World) -> None:
    browser = viewing(world)
    assert browser.get("/licenses/export.csv").status_code == 403


MANY = "/licenses/machines/deactivate/"


@pytest.fixture
def fleet(world: World) -> tuple[World, list[Activation]]:
    """Machines of Ada's on two licences: of the second one alone may be deactivated."""
    with inside(world.acme):
        second = create_license(
            product=world.spectra, user=world.ada, key="SECOND-0000-0001",
            allowed_activations=9, allowed_deactivations=1,
        )  # fmt: skip
        machines = [activate(second, machine(f"second-{n}")) for n in range(2)]
        machines.append(activate(world.ada_license, machine("offline-one"), key=KEY))
    return world, [world.ada_machine, *machines]


def test_who_goes_back_to_what_was_done_to_many_finds_the_machines(world: World) -> None:
    assert signed_in(world.ada).get(MANY)["Location"] == "/licenses/machines/"


def test_all_machines_stand_on_one_page_and_are_found(
    fleet: tuple[World, list[Activation]],
) -> None:
    world, machines = fleet
    ada = signed_in(world.ada)
    page = ada.get("/licenses/machines/").content.decode()
    assert page.count('type="checkbox"') == 3  # one has no network
    for each in machines:
        assert each.hostname in page
    assert "grace-laptop" not in page
    for query, found in (
        ("second", {"second-0", "second-1"}),
        ("spectra", {"second-0", "second-1"}),
        ("SECOND0000", {"second-0", "second-1"}),
        ("ada-laptop", {"ada-laptop"}),
        ("offline", {"offline-one"}),
        ("grace", set()),
        ("%00", {each.hostname for each in machines}),
    ):
        rows = ada.get(f"/licenses/machines/?q={query}").context["rows"]
        assert {machine.name for machine, *_licence in rows} == found, query


def test_many_machines_are_freed_once_seen(fleet: tuple[World, list[Activation]]) -> None:
    world, machines = fleet
    ada = signed_in(world.ada)
    chosen = {"machine": [str(each.pk) for each in machines]}
    preview = ada.post(MANY, chosen)
    assert preview.status_code == 200
    page = " ".join(preview.content.decode().split())
    assert "Deactivate 2 machines?" in page
    assert page.count("Gives its seat back") == 2
    assert page.count("Keeps its seat") == 2
    for reason in ("All deactivations that this licence allows", "was activated offline"):
        assert reason in page
    with inside(world.acme):
        before = Activation.objects.count()
    done = ada.post(MANY, {**chosen, "confirm": "yes"}, follow=True).content.decode()
    assert "2 machines are deactivated and their seats are free." in done
    assert "2 machines keep their seats: " in done
    with inside(world.acme):
        assert Activation.objects.count() == before - 2
        assert License.objects.get(key="SECOND-0000-0001").total_deactivations == 1
    # Sent again it finds no more to do.
    again = ada.post(MANY, {**chosen, "confirm": "yes"}, follow=True).content.decode()
    assert "keep their seats" in again
    with inside(world.acme):
        assert Activation.objects.count() == before - 2


@pytest.mark.parametrize("machine", ["", "nonsense", "grace", "bob"])
def test_nobody_elses_machines_are_freed(world: World, machine: str) -> None:
    with inside(world.acme):
        of_grace = Activation.objects.get(license=world.grace_license)
    ids = {"grace": of_grace.pk, "bob": world.bob_machine.pk}
    form = {"machine": str(ids.get(machine, machine)), "confirm": "yes"}
    page = signed_in(world.ada).post(MANY, form, follow=True).content.decode()
    assert "Choose at least one machine" in page
    with inside(world.acme):
        assert Activation.objects.filter(pk=of_grace.pk).exists()
    with inside(world.globex):
        assert Activation.objects.filter(pk=world.bob_machine.pk).exists()


def test_the_list_of_machines_costs_the_same_for_one_and_for_three(world: World) -> None:
    ada = signed_in(world.ada)
    ada.get("/licenses/machines/")
    one = queries(ada, "/licenses/machines/")
    with inside(world.acme):
        for n in range(2):
            extra = create_license(product=world.spectra, user=world.ada)
            activate(extra, machine(f"extra-{n}"))
    assert queries(ada, "/licenses/machines/") == one
