"""The back office's first page in Chromium, in light and dark, on a phone and on a desk."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Visitor

pytestmark = [pytest.mark.e2e, pytest.mark.takes_turns]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_staff_see_charts_and_their_tables(
    visitor: Callable[..., Visitor], scheme: str, width: int
) -> None:
    someone = visitor(color_scheme=scheme, viewport={"width": width, "height": 900})
    page = someone.page
    page.goto(someone.portal.url("app"))
    page.get_by_label("Company ID").fill("acme")
    page.get_by_label("E-mail").fill("support@acme.example")
    page.get_by_label("Password").fill("demo-acme-support")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    expect(page.get_by_role("img", name="Machines online and offline")).to_be_visible()
    someone.look_closely()
    page.get_by_text("Show as a table").first.click()
    expect(page.get_by_role("table", name="Licences by status")).to_be_visible()
    for summary in page.locator("summary").all()[1:]:
        summary.click()
    someone.look_closely()
