"""A list without rows says what it is for and has one button, for who may press it."""

import re

import pytest
from django.contrib import admin
from django.urls import reverse

from accounts.models import User
from accounts.verbs.vendors import begin_vendor
from backoffice.lists import ListAdmin
from portal.office.navigation import VENDORS
from tenancy.door import inside
from tenancy.models import Vendor
from tests.world import Browser, World, signed_in, user

# A new vendor has an administrator and support, and what they did is in the trail.
FILLED = {"team", "trail", "branding", "settings", "overview", "texts"}
LISTS = {
    entry.name: reverse(f"admin:{entry.route}", urlconf="portal.urls.backoffice", query=entry.query)
    for group in VENDORS
    for entry in group.entries
}
BUTTON = re.compile(r'<a class="button primary" href="([^"]+)">([^<]+)</a>')


@pytest.fixture
def new(world: World) -> Vendor:
    return begin_vendor(Vendor(company_id="new", name="New"))


def colleague(vendor: Vendor, role: str) -> User:
    with inside(vendor):
        return user(vendor, f"{role}@new.example", role=role)


def empty_part(browser: Browser, url: str) -> str:
    page = browser.get(url).content.decode()
    assert 'class="panel empty"' in page, url
    return page.partition('class="panel empty"')[2].partition("</div>")[0]


def test_every_list_without_rows_says_what_it_is_for(new: Vendor) -> None:
    browser = signed_in(colleague(new, "admin"))
    texts, buttons = set(), {}
    for name in LISTS.keys() - FILLED:
        part = empty_part(browser, LISTS[name])
        assert re.search(r"<h2>No .+ yet</h2>", part), name
        texts.add(re.findall(r"<p>(.+?)</p>", part)[0])
        [(buttons[name], _text)] = BUTTON.findall(part)
    assert len(texts) == len(buttons) > 10
    for name, url in buttons.items():
        assert browser.get(url).status_code in {200, 302}, name
    assert buttons["licenses"] == "/licenses/license/add/"
    assert buttons["machines"] == "/licenses/license/"


def test_who_may_add_nothing_sees_no_button(new: Vendor) -> None:
    browser = signed_in(colleague(new, "support"))
    for name in ("customers", "licenses", "products", "releases", "policies", "maintenance"):
        assert BUTTON.findall(empty_part(browser, LISTS[name])) == [], name
    # What leads to another list is for all who may see that.
    assert BUTTON.findall(empty_part(browser, LISTS["machines"])) != []


def test_what_a_search_does_not_find_leads_back_to_all(world: World) -> None:
    browser = signed_in(world.acme_admin)
    part = empty_part(browser, "/licenses/license/?q=nothing-like-this")
    assert "Nothing has all of that" in part
    assert '<a class="button" href="?">Show all</a>' in part
    part = empty_part(browser, "/accounts/user/?kind=customers&q=nothing-like-this")
    assert "Nothing has all of that" in part


def test_every_list_has_a_text_of_its_own() -> None:
    usual = str(ListAdmin.empty.text)
    named = {
        model._meta.label: str(each.empty.text)
        for model, each in admin.site._registry.items()
        if isinstance(each, ListAdmin)
    }
    pages = {"accounts.PortalSettings", "branding.Branding", "mail.OwnText"}  # no lists
    pages.add("accounts.User")  # two
    assert {label for label, text in named.items() if text == usual} == pages
