"""One day reads as that day everywhere, and a moment in each visitor's own zone."""

import re
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from demo.ids import demo_id
from tests.e2e.conftest import Visitor

pytestmark = [pytest.mark.e2e, pytest.mark.takes_turns]

LICENSE = demo_id("acme", "license", "lab")
ZONES = ["Pacific/Auckland", "Europe/Berlin", "America/Los_Angeles"]
DAY = "31 December 2027"


def office(visitor: Visitor) -> Page:
    page = visitor.page
    page.goto(visitor.portal.url("app", f"/licenses/license/{LICENSE}/change/"))
    page.get_by_label("Company id").fill("acme")
    page.get_by_label("E-mail").fill("admin@acme.example")
    page.get_by_label("Password").fill("demo-acme-admin")
    page.get_by_role("button", name="Sign in").click()
    return page


def test_one_day_in_seven_places_for_visitors_in_three_zones(
    visitor: Callable[..., Visitor],
) -> None:
    staff = visitor(timezone_id="Asia/Tokyo")
    page = office(staff)
    page.get_by_role("button", name="Set the last day").click()
    page.get_by_label("Valid until").fill("2027-12-31")
    page.get_by_role("button", name="Show what will change").click()
    expect(page.locator("ins")).to_have_text(DAY)
    page.get_by_role("button", name=re.compile("Set the last day")).click()
    expect(page.get_by_text("1 licence is changed.")).to_be_visible()
    # The back office: the licence's page and the list.
    expect(page.locator(".licence-state")).to_contain_text(f"until {DAY};")
    expect(page.get_by_text("Times are those of Europe/Berlin.")).to_be_visible()
    page.get_by_role("button", name="Send it by e-mail").click()
    expect(page.get_by_text("is on its way to its customer")).to_be_visible()
    with page.expect_download() as export:
        page.goto(staff.portal.url("app", "/licenses/license/"))
        page.get_by_role("link", name=re.compile("CSV")).click()
    assert '"2027-12-31"' in export.value.path().read_text()
    expect(page.locator("#result_list td[data-label=Expires]").filter(has_text=DAY)).to_have_count(
        1
    )
    # The e-mail.
    assert staff.portal.emails_to("ada@example.com", telling=f"until {DAY}")
    for zone in ZONES:
        ada = visitor(timezone_id=zone)
        ada.sign_in("ada@example.com")
        look(ada, zone)


def look(ada: Visitor, zone: str) -> None:
    """The list, the sentence, the table and the history, on the screen and on paper."""
    page = ada.page
    for medium in ("screen", "print"):
        page.emulate_media(media=medium)
        page.goto(ada.portal.url("acme", "/licenses/"))
        row = page.locator("tr", has=page.locator(f'a[href="/licenses/{LICENSE}/"]'))
        expect(row.locator("time")).to_have_text(DAY)
        page.goto(ada.portal.url("acme", f"/licenses/{LICENSE}/"))
        expect(page.locator(".status-line p")).to_have_text(f"This licence is valid until {DAY}.")
        expect(page.locator("dl.facts time").first).to_have_text(DAY)
        expect(page.locator("ol.history li", has_text="Last day set")).to_contain_text(DAY)
        assert "1 January 2028" not in page.inner_text("body"), zone
        assert "30 December 2027" not in page.inner_text("body"), zone


@pytest.mark.parametrize("zone", ZONES)
def test_moments_are_in_the_visitors_zone_in_text_and_title(
    visitor: Callable[..., Visitor], zone: str
) -> None:
    ada = visitor(timezone_id=zone)
    ada.sign_in("ada@example.com")
    ada.page.goto(ada.portal.url("acme", f"/licenses/{LICENSE}/"))
    moments = ada.page.locator("time[data-moment]")
    kinds = set()
    for moment in moments.all():
        there = datetime.fromisoformat(moment.get_attribute("datetime") or "").astimezone(
            ZoneInfo(zone)
        )
        day, clock = f"{there.day} {there:%B %Y}", f"{there:%H:%M}"
        kind, text = moment.get_attribute("data-moment"), moment.inner_text()
        title = moment.get_attribute("title") or text
        kinds.add(kind)
        assert day in title
        assert clock in title
        assert "UTC" not in title
        assert kind == "away" or text.startswith(day)
    assert kinds == {"date", "full", "away"}
    ada.look_closely()


def test_without_scripts_moments_say_utc(visitor: Callable[..., Visitor]) -> None:
    ada = visitor(timezone_id="Pacific/Auckland", java_script_enabled=False)
    ada.sign_in("ada@example.com")
    ada.page.goto(ada.portal.url("acme", f"/licenses/{LICENSE}/"))
    for moment in ada.page.locator('time[data-moment="full"]').all():
        assert moment.inner_text().endswith("UTC")
