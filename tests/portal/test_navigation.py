"""The back office's navigation: what it leads to, for whom, and where it says that one is."""

import re
from pathlib import Path

import pytest
from django.contrib import admin

from accounts.models import Role, User
from accounts.rights import CLAIMS
from portal.office.navigation import OPERATORS, VENDORS
from tenancy.door import inside
from tests.world import Browser, World, signed_in

ENTRIES = [entry for group in (*VENDORS, *OPERATORS) for entry in group.entries]
LINK = re.compile(
    r'<a href="([^"]+)"( aria-current="page")?>\s*<svg[^>]*>.*?</svg>\s*([^<]+?)\s*</a>'
)


def navigation(page: str) -> dict[str, str]:
    """The links of the navigation: what each says and where it leads."""
    inside_it = page.partition('<nav id="navigation"')[2].partition("</nav>")[0]
    return {text: url.replace("&amp;", "&") for url, _current, text in LINK.findall(inside_it)}


def current(browser: Browser, path: str) -> list[str]:
    """What the navigation says where one is."""
    page = browser.get(path).content.decode()
    inside_it = page.partition('<nav id="navigation"')[2].partition("</nav>")[0]
    return [text for _url, is_current, text in LINK.findall(inside_it) if is_current]


def test_every_list_has_an_entry_and_a_name_of_its_own() -> None:
    lists = {
        f"{model._meta.app_label}_{model._meta.model_name}_changelist"
        for model in admin.site._registry
    }
    assert len(lists) > 10
    assert {entry.route for entry in ENTRIES} == lists | {"index", "acts", "how"}
    for groups in (VENDORS, OPERATORS):
        names = [entry.name for group in groups for entry in group.entries]
        assert len(set(names)) == len(names)


def test_every_icon_is_there() -> None:
    icons = set(re.findall(r'symbol id="(\w+)"', Path("static/icons.svg").read_text()))
    assert {entry.icon for entry in ENTRIES} <= icons


@pytest.mark.parametrize("visitor", ["acme_admin", "acme_support", "operator"])
def test_no_entry_is_refused(world: World, visitor: str) -> None:
    browser = signed_in(getattr(world, visitor))
    offered = navigation(browser.get("/").content.decode())
    assert offered["Overview"] == "/"
    for text, url in offered.items():
        assert browser.get(url).status_code == 200, text


@pytest.mark.takes_turns
def test_a_role_with_one_right_is_offered_no_more_than_it_may_see(world: World) -> None:
    """Whatever a vendor's role may look at, it may look at from the navigation."""
    seen: set[str] = set()
    with inside(world.acme):
        role = Role.objects.create(vendor=world.acme, name="one right")
        User.objects.filter(pk=world.acme_support.pk).update(role="one right")
        person = User.objects.select_related("vendor").get(pk=world.acme_support.pk)
    for claim in sorted(CLAIMS):
        with inside(world.acme):
            Role.objects.filter(pk=role.pk).update(claims=[claim])
        browser = signed_in(person)
        offered = navigation(browser.get("/").content.decode())
        seen |= offered.keys()
        for text, url in offered.items():
            assert browser.get(url).status_code == 200, (claim, text)
    assert seen == {str(entry.label) for group in VENDORS for entry in group.entries}


def test_what_people_see_is_their_own(world: World) -> None:
    admins = navigation(signed_in(world.acme_admin).get("/").content.decode())
    assert list(admins)[:9] == [
        "Overview", "Customers", "Licences", "Products", "Releases", "E-mails", "Team", "Branding",
        "Settings",
    ]  # fmt: skip
    support = navigation(signed_in(world.acme_support).get("/").content.decode())
    assert {"Customers", "Licences", "Audit trail"} < support.keys()
    assert not {"Branding", "Settings", "Imports", "Vendors"} & support.keys()
    assert navigation(signed_in(world.operator).get("/").content.decode()) == {
        "Overview": "/",
        "Vendors": "/tenancy/vendor/",
        "How is it": "/how/",
        "What you did": "/acts/",
    }


def test_the_navigation_says_where_one_is(world: World) -> None:
    browser = signed_in(world.acme_admin)
    license, ada, staff = world.ada_license.pk, world.ada.pk, world.acme_support.pk
    for path, place in (
        ("/", "Overview"),
        ("/licenses/license/", "Licences"),
        ("/licenses/license/add/", "Licences"),
        (f"/licenses/license/{license}/change/", "Licences"),
        (f"/licenses/license/{license}/history/", "Licences"),
        ("/licenses/licensepolicy/add/", "Licence policies"),
        ("/accounts/user/?kind=customers", "Customers"),
        ("/accounts/user/?kind=team", "Team"),
        ("/accounts/user/add/?_changelist_filters=kind%3Dteam", "Team"),
        (f"/accounts/user/{ada}/story/", "Customers"),
        (f"/accounts/user/{staff}/story/", "Team"),
        (f"/accounts/user/{staff}/change/", "Team"),
        ("/branding/branding/", "Branding"),
        ("/accounts/portalsettings/", "Settings"),
        ("/imports/dataimport/add/", "Imports"),
    ):
        assert current(browser, path) == [place], path
    assert current(browser, "/find/?q=ada") == []
    assert current(browser, "/accounts/user/") == []  # both lists together
    operator = signed_in(world.operator)
    assert current(operator, f"/tenancy/vendor/{world.acme.pk}/suspend/") == ["Vendors"]
    assert current(operator, "/acts/") == ["What you did"]
    assert current(operator, "/how/") == ["How is it"]


def test_no_two_entries_have_the_same_icon() -> None:
    for groups in (VENDORS, OPERATORS):
        icons = [entry.icon for group in groups for entry in group.entries]
        assert len(set(icons)) == len(icons)


def test_customers_and_team_are_two_lists(world: World) -> None:
    browser = signed_in(world.acme_admin)
    customers = browser.get("/accounts/user/?kind=customers").content.decode()
    assert "ada@example.com" in customers
    assert "support@acme" not in customers.partition("<main")[2]
    team = browser.get("/accounts/user/?kind=team").content.decode().partition("<main")[2]
    assert "support@acme" in team
    assert "ada@example.com" not in team
    both = browser.get("/accounts/user/").content.decode().partition("<main")[2]
    assert "<h1>Customers and team</h1>" in both
    assert ">Customers and team</button>" in both  # of what the list can be narrowed to
    assert ">Everyone<" not in both
    form = browser.get("/accounts/user/add/?_changelist_filters=kind%3Dteam").content.decode()
    assert '<option value="support" selected>' in form


def test_the_lists_of_an_app_have_no_page_of_their_own(world: World) -> None:
    response = signed_in(world.acme_admin).get("/licenses/")
    assert (response.status_code, response["Location"]) == (302, "/")
