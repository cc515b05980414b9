"""A second factor in Chromium: set up with the secret as text, used, and the phone lost."""

import time
from base64 import b32decode
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.second_factor import codes
from tests.e2e.conftest import Visitor
from tests.e2e.test_twice import FILLED_IN, NOT_SAVED

pytestmark = pytest.mark.e2e

GRACE = "grace@example.com"
PASSWORD_OF_THE_DEMO = f"""
from accounts.models import User
from tenancy.door import inside
from tenancy.table import vendor_by_company_id
with inside(vendor_by_company_id("acme")):
    grace = User.objects.get(email="{GRACE}")
    grace.set_password("demo-acme-grace")
    User.objects.filter(pk=grace.pk).update(password=grace.password)
"""


def code(secret: bytes, later: int = 0) -> str:
    """As people read it off a phone, in two groups."""
    shown = codes.code_at(secret, codes.step_of(time.time()) + later)
    return f"{shown[:3]} {shown[3:]}"


def second_step(page: Page, label: str, typed: str) -> None:
    page.get_by_label(label).fill(typed)
    page.get_by_role("button", name="Sign in").click()


@pytest.mark.parametrize("javascript", [True, False], ids=["with script", "without script"])
@pytest.mark.takes_turns
def test_a_second_factor_from_the_first_code_to_the_last_way_in(
    visitor: Callable[..., Visitor], javascript: bool
) -> None:
    grace = visitor(java_script_enabled=javascript)
    page, url = grace.page, grace.portal.url
    # Another test has given her another password.
    grace.portal.manage("shell", "-c", PASSWORD_OF_THE_DEMO)
    grace.sign_in(GRACE)
    expect(page.get_by_label("Password")).to_have_count(0)
    page.goto(url("acme", "/profile/"))
    page.get_by_role("region", name="Second factor").get_by_role("link").click()
    grace.look_closely()
    page.get_by_role("link", name="Set up").click()
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    secret = b32decode((page.locator("#secret").text_content() or "").replace(" ", ""))
    grace.look_closely()
    page.get_by_label("Code from your app").fill(code(secret))
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    grace.look_closely()
    paper = page.locator(".codes code").all_text_contents()
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("10 recovery codes left.")).to_be_visible()

    # What is typed while the session is over goes with her over both steps.
    page.goto(url("acme", "/profile/"))
    page.get_by_label("Company").fill("Compilers")
    page.context.clear_cookies(name="session")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text(NOT_SAVED)).to_be_visible()
    page.get_by_label("E-mail").fill(GRACE)
    page.get_by_label("Password").fill("demo-acme-grace")
    page.get_by_role("button", name="Sign in").click()
    grace.look_closely()
    second_step(page, "Code from your app", code(secret, later=1))
    expect(page.get_by_role("heading", name="Profile")).to_be_visible()
    if javascript:
        expect(page.get_by_text(FILLED_IN)).to_be_visible()
        expect(page.get_by_label("Company")).to_have_value("Compilers")

    # The phone is lost.
    page.get_by_role("button", name="Sign out").click()
    grace.sign_in(GRACE)
    page.get_by_role("link", name="Use a recovery code instead").click()
    grace.look_closely()
    second_step(page, "Recovery code", paper[0])
    expect(page.get_by_role("heading", name="Licences")).to_be_visible()
    grace.portal.emails_to(GRACE, telling="How many are left: 9")
    page.goto(url("acme", "/profile/second-factor/"))
    expect(page.get_by_text("9 recovery codes left.")).to_be_visible()
    page.get_by_role("link", name="Switch off").click()
    page.get_by_label("Current password").fill("demo-acme-grace")
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_text("The second factor is off.")).to_be_visible()
