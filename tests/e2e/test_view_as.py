"""Support opens the portal as a customer sees it, looks around, and stops."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from demo.ids import demo_id
from tests.e2e.conftest import Visitor, weighed
from tests.e2e.test_pages import SIZES

pytestmark = [pytest.mark.e2e, pytest.mark.takes_turns]

ADA = demo_id("acme", "user", "ada@example.com")
BANNER = "You are viewing the portal as Ada Lovelace, read-only, until"


def open_as_ada(visitor: Visitor) -> Page:
    """Signs support in, presses the button on Ada's page and gives the tab that it opens."""
    page = visitor.page
    page.goto(visitor.portal.url("app", f"/accounts/user/{ADA}/story/"))
    page.get_by_label("Company id").fill("acme")
    page.get_by_label("E-mail").fill("support@acme.example")
    page.get_by_label("Password").fill("demo-acme-support")
    page.get_by_role("button", name="Sign in").click()
    with page.expect_popup() as opened:
        page.get_by_role("button", name="View as Ada Lovelace in a new tab").click()
    assert visitor.errors == []
    tab = opened.value
    tab.get_by_role("button", name="View as Ada Lovelace").click()
    tab.wait_for_url("**/licenses/")
    return tab


def test_support_looks_at_adas_portal_and_adas_own_session_goes_on(
    visitor: Callable[..., Visitor],
) -> None:
    both = visitor()
    both.sign_in("ada@example.com")
    expect(both.page.get_by_role("button", name="Sign out")).to_be_visible()
    tab = open_as_ada(both)
    banner = tab.get_by_role("region", name="Viewing as a customer")
    expect(banner).to_contain_text(BANNER)
    expect(tab.get_by_role("button", name="Sign out")).to_have_count(0)
    expect(tab.get_by_role("heading", name="Licences")).to_be_visible()

    tab.get_by_role("link", name="Profile").click()
    tab.get_by_label("First name").fill("Somebody")
    tab.get_by_role("button", name="Save").click()
    expect(tab.get_by_text("You are only viewing: nothing can be changed or sent.")).to_be_visible()
    expect(banner).to_be_visible()

    banner.get_by_role("button", name="Stop").focus()
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("heading", name="The view has ended")).to_be_visible()
    back = tab.get_by_role("link", name="Back to the customer")
    assert (back.get_attribute("href") or "").endswith(f"/accounts/user/{ADA}/story/")

    tab.goto(both.portal.url("acme", "/profile/"))
    expect(banner).to_have_count(0)
    expect(tab.get_by_role("button", name="Sign out")).to_be_visible()
    expect(tab.get_by_label("First name")).to_have_value("Ada")
    tab.get_by_role("link", name="Show activity").click()
    expect(tab.get_by_text("Support looked at your portal").first).to_be_visible()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_with_the_banner_stand_a_close_look(
    visitor: Callable[..., Visitor], size: str, scheme: str
) -> None:
    support = visitor(viewport=SIZES[size], color_scheme=scheme)
    support.page = open_as_ada(support)
    license = demo_id("acme", "license", "lab")
    for path in ("/licenses/", f"/licenses/{license}/", "/profile/", "/profile/activity/"):
        support.page.goto(support.portal.url("acme", path))
        expect(support.page.get_by_text(BANNER)).to_be_visible()
        support.look_closely()
    support.page.goto(support.portal.url("acme", "/nothing-here/"))
    support.look_closely()
    support.page.get_by_role("button", name="Stop").click()
    support.look_closely()


def test_a_page_with_the_banner_is_light(visitor: Callable[..., Visitor]) -> None:
    """HTML, CSS and scripts of the heaviest pages together: under 60 kB."""
    support = visitor()
    page = open_as_ada(support)
    sizes = weighed(page)
    for path in ("/licenses/", f"/licenses/{demo_id('acme', 'license', 'lab')}/", "/releases/"):
        sizes.clear()
        page.goto(support.portal.url("acme", path))
        page.wait_for_load_state("networkidle")
        assert (
            0
            < sum(size for url, size in sizes.items() if not url.endswith((".png", ".svg")))
            < 60_000
        )
