"""The lists of the back office: pages that nobody counts, in an order that an index has; and what
filters and forms offer, however many rows there are."""

import gc
import re
import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from itertools import chain
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.options import ShowFacets
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from accounts.admin.people import UsersAdmin
from accounts.models import Role, User
from audit.models import AuditEntry
from backoffice import lists, pages
from backoffice.lists import MOST_OFFERED, ListAdmin
from backoffice.pages import Place, Walk, columns_of
from licenses.models import Activation, License, LicensePolicy, MaintenancePolicy, Product
from mail.models import OutgoingEmail
from tenancy.door import inside
from tenancy.models import Vendor
from tenancy.rows import TenantRow
from tests.conftest import NOW, ON_POSTGRESQL
from tests.licenses.test_backoffice import new
from tests.many import copy, filling, rows_read, scans
from tests.tenancy.test_wall_at_size import plan
from tests.world import PARENT, Browser, World, fingerprint, signed_in, user

SITE = admin.site
LICENSES = "/licenses/license/"
INDEXES = {
    "created_at": "license_newest",
    "key": "license_by_key",
    "expires_at": "license_by_end",
}
# What a count may look like: of rows that were limited before they are counted.
BOUNDED = re.compile(r"COUNT\(\*\) FROM \(SELECT .* LIMIT \d+\) subquery", re.IGNORECASE)


@pytest.fixture
def office(world: World) -> Browser:
    return signed_in(world.acme_admin)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of three rows."""
    monkeypatch.setattr(ListAdmin, "list_per_page", 3)


def add_licenses(world: World, number: int, **fields: Any) -> list[License]:
    """Licences with ties and gaps in every column that they can be sorted by but the key."""
    ends = [NOW + timedelta(days=n % 3) if n % 4 else None for n in range(number)]
    with inside(world.acme):
        made = License.objects.bulk_create(
            License(
                vendor=world.acme, product=world.orbit, user=world.ada, key=f"KEY-{n:04}",
                expires_at=end, **fields,
            )
            for n, end in enumerate(ends)
        )  # fmt: skip
        for n, each in enumerate(made):
            moment = NOW - timedelta(days=n // 3)
            License.objects.filter(pk=each.pk).update(created_at=moment)
    return made


def new_licenses(world: World, number: int) -> None:
    License.objects.bulk_create(
        License(vendor=world.acme, product=world.orbit, user=world.ada, key=f"NEW-{number}-{n}")
        for n in range(number)
    )


def new_people(world: World, number: int) -> None:
    User.objects.bulk_create(
        User(vendor=world.acme, email=f"new{number}-{n}@example.com") for n in range(number)
    )


def add_rows(world: World) -> None:
    """Rows with ties in what they can be sorted by."""
    add_licenses(world, 9)
    with inside(world.acme):
        people = (
            User(vendor=world.acme, email=f"p{n}@example.com", company="ABCÄ"[n % 4])
            for n in range(9)
        )
        User.objects.bulk_create(people)
        Activation.objects.bulk_create(
            Activation(
                vendor=world.acme, license=world.ada_license, fingerprint=fingerprint(f"f{n}"),
                os="linux", hostname=("", "host", "Host")[n % 3], last_synced_at=NOW,
            )
            for n in range(9)
        )  # fmt: skip
        OutgoingEmail.objects.bulk_create(
            OutgoingEmail(vendor=world.acme, kind="invitation", recipient="a@example.com")
            for n in range(8)
        )
        LicensePolicy.objects.bulk_create(
            LicensePolicy(vendor=world.acme, name=f"Policy {n}") for n in range(7)
        )


def leads_to(response: Any, relation: str) -> str:
    """Where a page's link leads; empty when it has none."""
    found = [each.url for each in response.context["cl"].pager if each.relation == relation]
    return found[0] if found else ""


def walk(office: Browser, path: str, query: str, step: str) -> list[list[Any]]:
    """The ids of the rows of each page, from the one that the query asks for."""
    found = []
    while query:
        response = office.get(f"{path}{query}")
        assert response.status_code == 200
        found.append([row.pk for row in response.context["cl"].result_list])
        query = leads_to(response, step)
    return found


SORTED = [
    ("/licenses/license/", License, "", 11),
    ("/licenses/license/", License, "key", 11),
    ("/licenses/license/", License, "expires", 11),
    ("/licenses/activation/", Activation, "", 11),
    ("/licenses/activation/", Activation, "hostname", 11),
    ("/licenses/licensepolicy/", LicensePolicy, "name", 7),
    ("/accounts/user/", User, "email", 13),
    ("/accounts/user/", User, "company", 13),
    ("/mail/outgoingemail/", OutgoingEmail, "created_at", 8),
    ("/audit/auditentry/", AuditEntry, "at", 0),
]


def column(office: Browser, path: str, name: str) -> str:
    """The number of a column, as the list's heads name it."""
    names = office.get(path).context["cl"].list_display
    return str(names.index(name if name in names else f"{name}_shown"))


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("minus", ["", "-"])
@pytest.mark.parametrize("sorted_list", SORTED, ids=lambda each: f"{each[0]}{each[2]}")
def test_a_walk_there_and_back_meets_every_row_once(
    world: World, office: Browser, sorted_list: tuple[str, Any, str, int], minus: str
) -> None:
    path, model, name, number = sorted_list
    add_rows(world)
    query = f"?o={minus}{column(office, path, name)}" if name else "?"
    order = office.get(f"{path}{query}").context["cl"].order
    if name:
        assert order.descending == (minus == "-")
    with inside(world.acme):
        expected = list(model.objects.order_by(*order.terms).values_list("pk", flat=True))
    assert len(expected) == number or model is AuditEntry
    assert len(set(expected)) == len(expected) > 6

    there = walk(office, path, query, "next")
    assert list(chain(*there)) == expected
    assert {len(each) for each in there[:-1]} == {3}
    last = leads_to(office.get(f"{path}{query}"), "last")
    back = walk(office, path, last, "prev")
    assert list(chain(*reversed(back))) == expected
    assert {len(each) for each in back[:-1]} == {3}


@pytest.mark.usefixtures("short")
def test_operators_walk_through_vendors(world: World) -> None:
    operator = signed_in(world.operator)
    for n in range(4):
        form = {"company_id": f"v{n}", "name": "Same", "status": "active", "support_email": ""}
        more = {"support_url": "", "website": "", "admin_email": f"a{n}@example.com"}
        assert operator.post("/tenancy/vendor/add/", form | more).status_code == 302
    for query in ("?", "?o=1", "?o=-1", "?o=2", "?o=-2"):
        found = walk(operator, "/tenancy/vendor/", query, "next")
        assert [len(each) for each in found] == [3, 3], query
        assert len(set(chain(*found))) == 6, query


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("size", [1, 2, 5])
def test_rows_without_a_value_stand_where_the_database_has_them(
    world: World, descending: bool, size: int
) -> None:
    add_licenses(world, 12)
    order = columns_of(License)["expires_at"].ordered(descending=descending)
    with inside(world.acme):
        rows = License.objects.filter(key__startswith="KEY")
        expected = list(rows.order_by(*order.terms))
        steps = Walk.through(rows, order, owner="acme", size=size)
        found, place = [], ""
        while True:
            page = steps.page(place)
            found += page.rows
            place = page.next
            if not place:
                break
        assert found == expected
        place, found = pages.LAST, []
        while place:
            page = steps.page(place)
            found = page.rows + found
            place = page.previous
        assert found == expected


# --- Filters, search, and what happens meanwhile --------------------------------------------------


@pytest.mark.usefixtures("short")
def test_pages_keep_filter_search_and_order(world: World, office: Browser) -> None:
    add_licenses(world, 9)
    number = column(office, LICENSES, "key")
    query = f"?q=KEY&suspended__exact=0&o=-{number}"
    with inside(world.acme):
        keys = dict(License.objects.values_list("pk", "key"))
    there = walk(office, LICENSES, query, "next")
    assert [keys[pk] for pk in list(chain(*there))] == [f"KEY-{n:04}" for n in range(8, -1, -1)]
    response = office.get(LICENSES + query)
    for part in ("q=KEY", "suspended__exact=0", f"o=-{number}"):
        assert part in leads_to(response, "next")
    # A head or a filter that is chosen next begins again at the first page.
    second = office.get(LICENSES + leads_to(response, "next")).content.decode()
    places = re.findall(r'<a[^>]*href="\?[^"]*\bp=[^"]*"[^>]*>([^<]+)</a>', second)
    assert places == ["Previous", "Next", "Last"]


@pytest.mark.usefixtures("short")
def test_what_comes_and_goes_meanwhile_does_no_harm(world: World, office: Browser) -> None:
    add_licenses(world, 9)
    query = f"?o={column(office, LICENSES, 'key')}&q=KEY"
    first = office.get(LICENSES + query)
    shown = [row.key for row in first.context["cl"].result_list]
    assert shown == ["KEY-0000", "KEY-0001", "KEY-0002"]
    with inside(world.acme):
        License.objects.filter(key__in=["KEY-0002", "KEY-0003"]).delete()
        License.objects.create(
            vendor=world.acme, product=world.orbit, user=world.ada, key="KEY-0000-NEW"
        )
    second = office.get(LICENSES + leads_to(first, "next"))
    assert [row.key for row in second.context["cl"].result_list] == [
        "KEY-0004", "KEY-0005", "KEY-0006",
    ]  # fmt: skip
    before = office.get(LICENSES + leads_to(second, "prev"))
    assert [row.key for row in before.context["cl"].result_list] == [
        "KEY-0000", "KEY-0000-NEW", "KEY-0001",
    ]  # fmt: skip
    # Where nothing is left, the nearest page is shown.
    with inside(world.acme):
        License.objects.filter(key__gt="KEY-0006").delete()
    end = office.get(LICENSES + leads_to(second, "next"))
    assert [row.key for row in end.context["cl"].result_list] == [
        "KEY-0004", "KEY-0005", "KEY-0006",
    ]  # fmt: skip
    assert leads_to(end, "next") == ""
    with inside(world.acme):
        License.objects.filter(key__startswith="KEY", key__lt="KEY-0004").delete()
    begin = office.get(LICENSES + leads_to(second, "prev"))
    assert [row.key for row in begin.context["cl"].result_list] == [
        "KEY-0004", "KEY-0005", "KEY-0006",
    ]  # fmt: skip
    assert leads_to(begin, "prev") == ""


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(
    "place", ["", "7", "-1", "made up", "WyJhIl0:x", "last ", "é" * 3000, "\0"]
)
def test_a_place_that_is_none_is_the_first_page(world: World, office: Browser, place: str) -> None:
    add_licenses(world, 9)
    first = [row.pk for row in office.get(LICENSES).context["cl"].result_list]
    response = office.get(LICENSES, {"p": place})
    if "\0" in place or len(place) >= 3000:
        assert response.status_code in {200, 400}
        return
    assert [row.pk for row in response.context["cl"].result_list] == first


@pytest.mark.usefixtures("short")
def test_places_of_another_vendor_list_or_order_are_none(world: World, office: Browser) -> None:
    add_rows(world)
    with inside(world.globex):
        License.objects.bulk_create(
            License(vendor=world.globex, product=world.quill, key=f"KEY-{n:04}") for n in range(9)
        )
    own = signed_in(world.globex_admin).get(LICENSES)
    foreign = leads_to(own, "next")
    assert foreign
    first = [row.pk for row in office.get(LICENSES).context["cl"].result_list]
    there = office.get(LICENSES + foreign)
    assert [row.pk for row in there.context["cl"].result_list] == first
    place = leads_to(office.get("/licenses/activation/"), "next")
    there = office.get(LICENSES + place)
    assert [row.pk for row in there.context["cl"].result_list] == first
    place = leads_to(office.get(LICENSES), "next")
    by_key = f"&o={column(office, LICENSES, 'key')}"
    there = office.get(LICENSES + place + by_key)
    assert there.context["cl"].result_list[0].key == world.ada_license.key


@pytest.mark.usefixtures("short")
def test_a_row_s_page_can_be_opened_from_any_place(world: World, office: Browser) -> None:
    add_licenses(world, 2)
    with inside(world.acme):
        for n in range(6):
            License.objects.create(
                vendor=world.acme, product=world.orbit, user=world.ada, key=f"{n}" + "Ä" * 255
            )
    query = f"?o={column(office, LICENSES, 'key')}"
    second = office.get(LICENSES + leads_to(office.get(LICENSES + query), "next"))
    opened = re.findall(r'href="([0-9a-f-]{36}/change/)"', second.content.decode())
    assert len(opened) == 3
    place = f"http://app.{PARENT}{second.request['PATH_INFO']}?{second.request['QUERY_STRING']}"
    for each in opened:
        page = office.get(f"{LICENSES}{each}", headers={"Referer": place}).content.decode()
        change = re.search(r'href="([?]_changelist_filters[^"]+&amp;change=yes)"', page)
        assert change
        asked = LICENSES + each + change[1].replace("&amp;", "&")
        assert office.get(asked).status_code == 200


# --- Nobody counts --------------------------------------------------------------------------------


def listed() -> list[type[models.Model]]:
    """The models that have a list; branding, settings and texts have pages of their own."""
    tenants = [model for model in SITE._registry if issubclass(model, TenantRow | User)]
    others = {"branding", "portalsettings", "owntext"}
    return [each for each in tenants if each._meta.model_name not in others]


def counts_in(captured: Any) -> list[str]:
    """The statements that count without a limit."""
    counting = [query["sql"] for query in captured if "COUNT(" in query["sql"].upper()]
    # Files and downloads of the rows on one page of releases, in subqueries of each.
    return [sql for sql in counting if not BOUNDED.search(sql) and "U0" not in sql]


@pytest.mark.parametrize("model", listed(), ids=lambda model: model._meta.label)
def test_no_list_counts_its_table(
    filled: World, monkeypatch: pytest.MonkeyPatch, model: type[models.Model]
) -> None:
    monkeypatch.setattr(ListAdmin, "list_per_page", 1)
    office = signed_in(filled.acme_admin)
    path = f"/{model._meta.app_label}/{model._meta.model_name}/"
    with CaptureQueriesContext(connection) as captured:
        assert office.get(path).status_code == 200
        for query in ("?q=a", "?all=", "?_facets=True", "?p=last", "?e=1", "?o=1.2"):
            office.get(path + query, follow=True)
        with inside(filled.acme):
            row: Any = model._default_manager.all()[:1].get()
        for page in ("history/", "delete/"):
            office.get(f"{path}{row.pk}/{page}")
        chosen = {"action": "delete_selected", "_selected_action": [str(row.pk)], "index": "0"}
        office.post(path, {**chosen, "select_across": "1"})
    assert len(captured) > 5
    assert counts_in(captured) == []


def test_the_choices_of_a_field_are_not_counted(world: World, office: Browser) -> None:
    path = "/autocomplete/?app_label=licenses&model_name=license&field_name=user&term="
    with CaptureQueriesContext(connection) as captured:
        assert "grace@example.com" in office.get(path).content.decode()
    assert any("COUNT(" in query["sql"] for query in captured)
    assert counts_in(captured) == []


def test_no_list_has_what_would_count() -> None:
    for model, each in SITE._registry.items():
        if issubclass(model, TenantRow | User | Vendor):
            assert isinstance(each, ListAdmin), model
            assert each.date_hierarchy is None, model
            assert each.show_facets is ShowFacets.NEVER, model
            assert not each.show_full_result_count, model


@pytest.mark.usefixtures("short")
def test_how_many_there_are_is_said_up_to_a_limit(
    world: World, office: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "2 licences" in office.get(LICENSES).content.decode()
    assert "1 licence<" in office.get(f"{LICENSES}?q=ada").content.decode().replace(" (", "<")
    add_licenses(world, 4)
    assert "6 licences" in office.get(LICENSES).content.decode()
    for module in (pages, lists):
        monkeypatch.setattr(module, "MOST_COUNTED", 5)
    page = office.get(f"{LICENSES}?q=orbit").content.decode()
    assert "More than 5 licences" in page
    assert "6 licences" not in page


@pytest.mark.parametrize(
    ("path", "add"),
    [
        (LICENSES, new_licenses),
        ("/accounts/user/", new_people),
    ],
)
def test_a_list_costs_the_same_with_one_row_and_three(
    world: World, office: Browser, path: str, add: Callable[[World, int], Any]
) -> None:
    def asked(query: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert office.get(f"{path}{query}").status_code == 200
        return len(captured)

    office.get(path)
    with inside(world.acme):
        add(world, 1)
    once = asked("?q=new"), asked("?")
    with inside(world.acme):
        add(world, 3)
    assert (asked("?q=new"), asked("?")) == once


@pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite tells less of its plans")
@pytest.mark.parametrize("name", ["created_at", "key", "expires_at"])
@pytest.mark.parametrize("descending", [False, True])
def test_a_page_reads_its_rows_and_no_others(world: World, name: str, descending: bool) -> None:
    with filling(License):
        # A minute older each, every fourth without an end.
        copy(
            world.ada_license,
            20_000,
            key="'KEY-' || n",
            created_at="one.created_at - n * interval '1 minute'",
            expires_at="CASE n % 4 WHEN 0 THEN NULL ELSE now() + n / 3 * interval '1 hour' END",
        )
    order = columns_of(License)[name].ordered(descending=descending)
    with inside(world.acme):
        rows = License.objects.select_related("product", "user")
        middle = rows.filter(expires_at__isnull=False).order_by(*order.terms)[10_000]
        place = Place(getattr(middle, name), middle.pk, back=False)
        parts = [rows.order_by(*order.terms), rows.order_by(*order.reverse.terms)]
        for part in [*parts, *pages.parts_behind(rows, order, place)]:
            done = plan(part[:26])
            [read] = [
                each for each in scans(done) if each.get("Relation Name") == "licenses_license"
            ]
            # Where many have no value, PostgreSQL may as well go by the ids and leave out the rest.
            by_ids = read["Index Name"] == "license_vendor_pair"
            assert by_ids or read["Index Name"] == INDEXES[name], done
            assert rows_read(read) <= (200 if by_ids else 26), done


# --- Orders ---------------------------------------------------------------------------------------


def test_only_columns_with_an_index_can_be_sorted_by(world: World, office: Browser) -> None:
    page = office.get(LICENSES)
    cl = page.context["cl"]
    assert cl.sortable_by == ["key_shown", "expires"]
    usual = [row.pk for row in cl.result_list]
    for query in ("?o=2", "?o=-3", "?o=99", "?o=x", "?o=--1", "?o=0", "?o="):
        again = office.get(LICENSES + query).context["cl"]
        assert [row.pk for row in again.result_list] == usual, query
        assert again.order == cl.order, query
    # Two at once: the first counts.
    assert office.get(f"{LICENSES}?o=-1.6").context["cl"].order.column.name == "key"


def test_every_list_s_own_order_has_an_index() -> None:
    for model in [*listed(), Vendor]:
        usual: Any = SITE._registry[model].ordering or model._meta.ordering
        assert usual[0].removeprefix("-") in columns_of(model), model


def test_a_head_that_is_clicked_turns_the_order(world: World, office: Browser) -> None:
    number = column(office, LICENSES, "key")
    page = office.get(f"{LICENSES}?o={number}").content.decode()
    assert f'href="?o=-{number}"' in page
    assert "sorted ascending" in page
    other = column(office, LICENSES, "expires")
    assert f'href="?o={other}"' in page


# --- Actions --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("short")
def test_an_action_works_on_a_later_page(world: World, office: Browser) -> None:
    add_licenses(world, 9)
    second = leads_to(office.get(LICENSES), "next")
    row = office.get(LICENSES + second).context["cl"].result_list[0]
    form = {"action": "suspend", "_selected_action": [str(row.pk)], "index": "0"}
    page = office.post(LICENSES + second, form).content.decode()
    assert row.key in page
    assert "1 licence will change" in page


@pytest.mark.usefixtures("short")
def test_all_of_a_list_are_taken_only_if_they_are_not_too_many(
    world: World, office: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As the list of vendors is, and those of policies.
    monkeypatch.setattr(UsersAdmin, "takes_any_number", False)
    with inside(world.acme):
        people = [user(world.acme, f"w{n}@example.com") for n in range(5)]
        User.objects.filter(pk__in=[each.pk for each in people]).update(password="!none")
    path = "/accounts/user/?q=w"
    assert "Select all 5 people" in office.get(path).content.decode()
    form = {"action": "send_invitation", "_selected_action": [str(people[0].pk)]}
    form |= {"select_across": "1", "index": "0"}
    monkeypatch.setattr(lists, "MOST_AT_ONCE", 4)
    assert "Select all 5" not in office.get(path).content.decode()
    assert "At most 4 at a time" in office.get(path).content.decode()
    page = office.post(path, form, follow=True).content.decode()
    assert "choose at most 4 people" in page
    with inside(world.acme):
        assert not OutgoingEmail.objects.exists()
    monkeypatch.setattr(lists, "MOST_AT_ONCE", 5)
    page = office.post(path, form, follow=True).content.decode()
    assert "5 invitations are on their way." in page


# --- What is offered ------------------------------------------------------------------------------


@pytest.fixture
def plenty(filled: World) -> World:
    """More products, policies, people and roles than a select offers."""
    number = range(MOST_OFFERED + 20)
    with inside(filled.acme):
        for model in (Product, LicensePolicy, MaintenancePolicy, Role):
            manager: Any = model._default_manager
            manager.bulk_create(model(vendor=filled.acme, name=f"Many {n:03}") for n in number)
        User.objects.bulk_create(
            User(vendor=filled.acme, email=f"many{n}@example.com") for n in number
        )
        License.objects.bulk_create(
            License(vendor=filled.acme, product=filled.orbit, key=f"MANY-{n:04}") for n in number
        )
    return filled


def offered_in(page: str) -> list[int]:
    """How many options each select has."""
    selects = re.findall(r"(?s)<select[^>]*>.*?</select>", page)
    return [len(re.findall(r'<option value="[^"]', each)) for each in selects]


@pytest.mark.parametrize("model", listed(), ids=lambda model: model._meta.label)
def test_no_form_and_no_filter_offers_more_than_100_rows(
    plenty: World, model: type[models.Model]
) -> None:
    office = signed_in(plenty.acme_admin)
    path = f"/{model._meta.app_label}/{model._meta.model_name}/"
    with inside(plenty.acme):
        row: Any = model._default_manager.all()[:1].get()
    for page in ("", "add/", f"{row.pk}/change/"):
        response = office.get(path + page)
        assert response.status_code in {200, 302, 403}, page
        assert max([0, *offered_in(response.content.decode())]) <= MOST_OFFERED, page
    changelist = office.get(path).context["cl"]
    for spec in changelist.filter_specs:
        assert len(list(spec.choices(changelist))) <= MOST_OFFERED + 1, spec.title


def test_what_is_not_offered_is_searched_and_can_be_chosen(plenty: World) -> None:
    office = signed_in(plenty.acme_admin)
    with inside(plenty.acme):
        last = Product.objects.get(name="Many 119")
        policy = LicensePolicy.objects.get(name="Many 118")
    page = office.get("/licenses/license/add/").content.decode()
    assert "<searched-select " in page
    assert str(last.pk) not in page
    asked = "/autocomplete/?app_label=licenses&model_name=license&field_name=product&term=119"
    assert str(last.pk) in office.get(asked).content.decode()
    form = new(plenty, policy, product=str(last.pk))
    assert office.post("/licenses/license/add/", form).status_code == 302
    with inside(plenty.acme):
        made = License.objects.get(user__email="mary@example.com")
        assert (made.product, made.policy) == (last, policy)
    assert "Select a valid choice" in office.post(
        "/licenses/license/add/", new(plenty, policy, product=str(plenty.quill.pk))
    ).content.decode()  # fmt: skip


def test_a_filter_offers_what_has_the_name_that_is_typed(plenty: World) -> None:
    office = signed_in(plenty.acme_admin)
    with inside(plenty.acme):
        last = Product.objects.get(name="Many 119")
    assert str(last.pk) not in office.get(LICENSES).content.decode()
    page = office.get(f"{LICENSES}?product__named=119&type__exact=node-locked").content.decode()
    assert f'name="product__id__exact" value="{last.pk}"' in page
    assert '<input type="hidden" name="type__exact" value="node-locked">' in page
    # The name narrows what is offered and not the list; what is chosen stays offered.
    assert office.get(f"{LICENSES}?product__named=119").context["cl"].result_count > 25
    page = office.get(f"{LICENSES}?product__id__exact={last.pk}").content.decode()
    assert re.search(rf'name="product__id__exact" value="{last.pk}"\s+aria-current="true"', page)
    with inside(plenty.globex):
        foreign = Product.objects.get(name="Quill")
    page = office.get(f"{LICENSES}?product__named=Quill&product__id__exact={foreign.pk}")
    assert page.context["cl"].result_list == []


def test_the_name_of_a_role_is_typed_where_there_are_many(plenty: World) -> None:
    office = signed_in(plenty.acme_admin)
    form = {
        "email": "role@example.com", "first_name": "", "last_name": "", "company": "",
        "is_active": "on", "allow_customer_portal_access": "on", "metadata": "[]",
    }  # fmt: skip
    path = "/accounts/user/add/"
    assert "There is no such role." in office.post(path, form | {"role": "No"}).content.decode()
    assert office.post(path, form | {"role": "Many 119"}).status_code == 302
    with inside(plenty.acme):
        assert User.objects.get(email="role@example.com").role == "Many 119"


# --- Exports --------------------------------------------------------------------------------------


@pytest.mark.in_full
def test_a_longer_export_needs_no_more_memory(world: World, office: Browser, request: Any) -> None:
    # What refers to itself is collected as often as in a server, which the suite doesn't do.
    request.addfinalizer(partial(gc.set_threshold, *gc.get_threshold()))
    gc.set_threshold(700, 10, 10)

    def peak(query: str) -> tuple[int, int]:
        response = office.get(f"{LICENSES}export.csv{query}")
        tracemalloc.start()
        lines = sum(part.count(b"\n") for part in response.streaming_content)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return lines, most

    with inside(world.acme):
        License.objects.bulk_create(
            License(
                vendor=world.acme, product=world.orbit, user=world.ada, key=f"{n:06}",
                suspended=n % 5 == 0,
            )
            for n in range(10_000)
        )  # fmt: skip
    peak("?suspended__exact=1")
    few, short = peak("?suspended__exact=1")
    many, long = peak("?")
    assert (few, many) == (2_001, 10_003)
    assert long < short + 1_500_000
