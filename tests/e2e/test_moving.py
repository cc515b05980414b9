"""Moving in as an administrator sees it in Chromium: the form, the progress, the report."""

import os
from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Visitor
from tests.e2e.test_imports import SIZES
from tests.e2e.test_twice import end
from tests.moving.source import TOKEN, FakeSource, serving

pytestmark = [pytest.mark.e2e, pytest.mark.takes_turns]
SHOTS = os.environ.get("SHOTS", "")  # a folder for looking at it


def shot(visitor: Visitor, name: str) -> None:
    if SHOTS:
        visitor.page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_source_is_named_watched_and_reported_on(
    visitor: Callable[..., Visitor], size: str, scheme: str
) -> None:
    at = f"{size}-{scheme}"
    source = FakeSource()
    source.lists["tags"] = [{"id": str(uuid4()), "name": f"key accounts {at}"}]
    source.lists["users"] = [
        {"id": str(uuid4()), "email": f"{at}@example.com", "firstName": "Ada", "role": "user"},
        {"id": str(uuid4()), "email": f"staff-{at}@example.com", "role": "admin"},
    ]
    refused = str(uuid4())
    source.lists["licenses"] = [
        {"id": refused, "key": "LICENSE-OF-NO-PRODUCT-0001", "productId": str(uuid4())}
    ]
    # At first the source is down, so that one sees it under way.
    source.instead = [(503, {})] * 3
    admin = visitor(viewport=SIZES[size], color_scheme=scheme)
    page = admin.page
    with serving(source):
        page.goto(admin.portal.url("app", "/moving/move/add/"))
        page.get_by_label("Company id").fill("acme")
        page.get_by_label("E-mail").fill("admin@acme.example")
        page.get_by_label("Password").fill("demo-acme-admin")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="Move in")).to_be_visible()
        admin.look_closely()
        shot(admin, f"begin-{at}")
        page.get_by_label("Source").fill(source.address)
        page.get_by_label("Token").fill(TOKEN)
        page.get_by_role("button", name="Move in").click()
        expect(page.get_by_text("Under way")).to_be_visible()
        shot(admin, f"running-{at}")
        expect(page.get_by_text("Done")).to_be_visible()
        admin.look_closely()
        shot(admin, f"done-{at}")
        expect(page.get_by_text("Invite them yourself.")).to_be_visible()
        with page.expect_download() as download:
            page.get_by_role("link", name="Report (CSV)").click()
        assert refused in download.value.path().read_text()
    # A source that takes no token: it stops, and asks for another one.
    source.instead = [(401, {})]
    with serving(source):
        page.goto(admin.portal.url("app", "/moving/move/add/"))
        page.get_by_label("Source").fill(source.address)
        page.get_by_label("Token").fill("wrong")
        page.get_by_role("button", name="Move in").click()
        expect(page.get_by_text("Stopped")).to_be_visible()
        shot(admin, f"stopped-{at}")
        page.get_by_role("link", name="Go on").click()
        admin.look_closely()
        shot(admin, f"go-on-{at}")
        page.get_by_label("Token").fill(TOKEN)
        page.get_by_role("button", name="Go on").click()
        expect(page.get_by_text("Done")).to_be_visible()
    # Whoever has to sign in again finds what was typed, but the token is kept nowhere.
    page.goto(admin.portal.url("app", "/moving/move/add/"))
    page.get_by_label("Source").fill("https://typed.example")
    page.get_by_label("Token").fill(TOKEN)
    cookies = page.context.cookies()
    end(page)
    page.get_by_role("button", name="Move in").click()
    expect(page.get_by_text("nothing was saved")).to_be_visible()
    typed = page.evaluate("sessionStorage.getItem('typed')")
    assert "typed.example" in typed
    assert TOKEN not in typed
    page.context.add_cookies(cookies)
    page.goto(admin.portal.url("app", "/moving/move/"))
    expect(page.get_by_role("link", name="Export everything")).to_be_visible()
    admin.look_closely()
    shot(admin, f"list-{at}")
