"""Single sign-on in Chromium: a provider is set up, and a new customer comes by it and goes."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.accounts.identity_provider import ADA, CLIENT_ID, CLIENT_SECRET, FakeProvider, serving
from tests.e2e.conftest import Visitor

pytestmark = [pytest.mark.e2e, pytest.mark.takes_turns]


@pytest.fixture
def at() -> Iterator[FakeProvider]:
    with serving() as provider:
        provider.who = ADA | {"sub": "nora", "email": "nora@example.com", "given_name": "Nora"}
        yield provider


def test_from_setting_up_a_provider_to_a_first_sign_in(
    visitor: Callable[..., Visitor], at: FakeProvider
) -> None:
    admin = visitor()
    page, url = admin.page, admin.portal.url
    page.goto(url("app", "/login/"))
    page.get_by_label("Company id").fill("acme")
    page.get_by_label("E-mail").fill("admin@acme.example")
    page.get_by_label("Password").fill("demo-acme-admin")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Single sign-on").last.click()
    page.goto(url("app", "/accounts/identityprovider/add/"))
    admin.look_closely()
    page.get_by_label("Name", exact=True).fill("Example ID")
    page.get_by_label("Issuer").fill(f"{at.issuer}/wrong")
    page.get_by_role("button", name="Save and stay here").click()
    admin.look_closely()
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_text("answers with 404")).to_be_visible()
    page.get_by_label("Issuer").fill(at.issuer)
    page.get_by_label("Client id").fill(CLIENT_ID)
    page.get_by_label("Client secret").fill(CLIENT_SECRET)
    page.get_by_label("Adds people").check()
    page.get_by_label("On", exact=True).check()
    page.get_by_role("button", name="Save and stay here").click()
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_text("shows keys that are safe, and knows us")).to_be_visible()

    nora = visitor()
    nora.page.goto(url("acme", "/profile/"))
    nora.look_closely()
    nora.page.get_by_role("link", name="Sign in with Example ID").click()
    expect(nora.page.get_by_text("nora@example.com")).to_be_visible()
    expect(nora.page.get_by_label("First name")).to_have_value("Nora")
    nora.page.goto(url("acme", "/profile/single-sign-on/"))
    expect(nora.page.get_by_role("heading", name="Example ID")).to_be_visible()
    nora.look_closely()
    nora.page.get_by_role("button", name="Sign out").first.click()
    expect(nora.page.get_by_role("link", name="Sign out at Example ID, too")).to_be_visible()
    nora.look_closely()

    # An account that is there is asked for its own password first.
    at.who = ADA | {"sub": "ada"}
    ada = visitor()
    ada.page.goto(url("acme", "/login/"))
    ada.page.get_by_role("link", name="Sign in with Example ID").click()
    expect(ada.page.get_by_role("heading", name="Is this your account?")).to_be_visible()
    ada.look_closely()

    page.get_by_label("On", exact=True).uncheck()
    page.get_by_role("button", name="Save and stay here").click()
    expect(page.get_by_label("On", exact=True)).not_to_be_checked()
