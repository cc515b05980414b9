"""Accounts in Chromium over https, behind Caddy: a second factor from its first code to the day when
the phone is lost, and a person from the first sign-in by a provider to being erased."""

import time
from base64 import b32decode
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from accounts.second_factor import codes
from tests.accounts.identity_provider import ADA, CLIENT_ID, CLIENT_SECRET, FakeProvider, serving
from tests.served import PATIENCE, Portal

pytestmark = pytest.mark.proxies

OURS, OFFICE = "https://acme.portal.localhost", "https://app.portal.localhost"
GRACE, NORA = "grace@example.com", "nora@example.com"
REASON = "She called back from the number that we have."


@pytest.fixture
def page_of_somebody(secure_browser: Browser) -> Iterator[Callable[[], Page]]:
    """Makes pages, each in a browser of its own."""
    contexts: list[BrowserContext] = []

    def make() -> Page:
        context = secure_browser.new_context(ignore_https_errors=True)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        return context.new_page()

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with serving() as provider:
        provider.who = ADA | {"sub": "nora", "email": NORA, "given_name": "Nora"}
        yield provider


def sign_in(page: Page, host: str, email: str, password: str, company_id: str = "") -> None:
    page.goto(f"{host}/login/")
    if company_id:
        page.get_by_label("Company id").fill(company_id)
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def second_step(page: Page, label: str, typed: str) -> None:
    page.get_by_label(label).fill(typed)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Licences")).to_be_visible()


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Sign out").first.click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()


def code(secret: bytes, later: int = 0) -> str:
    return codes.code_at(secret, codes.step_of(time.time()) + later)


def is_of_this_host_by_https_alone(page: Page, name: str) -> bool:
    """Whether the page's cookie of this name goes nowhere else, and by no http."""
    [cookie] = [each for each in page.context.cookies(OURS) if each.get("name") == f"__Host-{name}"]
    return bool(cookie.get("secure")) and cookie.get("domain") == "acme.portal.localhost"


@pytest.mark.takes_turns
def test_a_second_factor_from_its_first_code_to_the_lost_phone(
    secure_portal: Portal, page_of_somebody: Callable[[], Page]
) -> None:
    grace, password = page_of_somebody(), "demo-acme-grace"
    sign_in(grace, OURS, GRACE, password)
    grace.goto(f"{OURS}/profile/second-factor/")
    grace.get_by_role("link", name="Set up").click()
    expect(grace.get_by_role("img", name="QR code")).to_be_visible()
    secret = b32decode((grace.locator("#secret").text_content() or "").replace(" ", ""))
    grace.get_by_label("Code from your app").fill(code(secret))
    grace.get_by_role("button", name="Switch on").click()
    expect(grace.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    paper = grace.locator(".codes code").all_text_contents()
    assert len(paper) == 10
    secure_portal.emails_to(GRACE, telling="now asks for a code from an app")
    sign_out(grace)

    # The password alone opens nothing; the code beside it does, and so does one from the paper.
    sign_in(grace, OURS, GRACE, password)
    expect(grace.get_by_label("Code from your app")).to_be_visible()
    grace.goto(f"{OURS}/licenses/")
    expect(grace.get_by_label("Password")).to_be_visible()
    sign_in(grace, OURS, GRACE, password)
    second_step(grace, "Code from your app", code(secret, later=1))
    assert is_of_this_host_by_https_alone(grace, "session")
    sign_out(grace)
    sign_in(grace, OURS, GRACE, password)
    grace.get_by_role("link", name="Use a recovery code instead").click()
    second_step(grace, "Recovery code", paper[0])
    secure_portal.emails_to(GRACE, telling="How many are left: 9")

    # Phone and paper are lost: support takes it off, for a reason that she reads.
    support = page_of_somebody()
    sign_in(support, OFFICE, "support@acme.example", "demo-acme-support", "acme")
    support.goto(f"{OFFICE}/accounts/user/?q={GRACE}")
    support.get_by_role("link", name=GRACE, exact=True).click()
    support.get_by_role("link", name="Take off the second factor").click()
    support.get_by_role("button", name="Take it off").click()
    expect(support.get_by_text("This field is required.").first).to_be_visible()
    support.get_by_label("Reason").fill(REASON)
    support.get_by_role("button", name="Take it off").click()
    expect(support.get_by_text(f"The second factor of {GRACE} is off")).to_be_visible()
    secure_portal.emails_to(GRACE, telling=f"The reason: {REASON}")

    # What was open is signed out, and the password is enough.
    grace.reload()
    expect(grace.get_by_label("Password")).to_be_visible()
    sign_in(grace, OURS, GRACE, password)
    expect(grace.get_by_role("heading", name="Licences")).to_be_visible()


@pytest.mark.takes_turns
def test_a_person_from_the_first_sign_in_by_a_provider_to_being_erased(
    page_of_somebody: Callable[[], Page], provider: FakeProvider
) -> None:
    admin = page_of_somebody()
    sign_in(admin, OFFICE, "admin@acme.example", "demo-acme-admin", "acme")
    admin.goto(f"{OFFICE}/accounts/identityprovider/add/")
    admin.get_by_label("Name", exact=True).fill("Example ID")
    admin.get_by_label("Issuer").fill(provider.issuer)
    admin.get_by_label("Client id").fill(CLIENT_ID)
    admin.get_by_label("Client secret").fill(CLIENT_SECRET)
    admin.get_by_label("Adds people").check()
    admin.get_by_label("On", exact=True).check()
    admin.get_by_role("button", name="Save and stay here").click()
    admin.get_by_role("button", name="Try it").click()
    expect(admin.get_by_text("shows keys that are safe, and knows us")).to_be_visible()

    nora = page_of_somebody()
    nora.goto(f"{OURS}/profile/")
    nora.get_by_role("link", name="Sign in with Example ID").click()
    expect(nora.get_by_label("First name")).to_have_value("Nora")
    assert nora.url == f"{OURS}/profile/"
    assert is_of_this_host_by_https_alone(nora, "session")

    admin.goto(f"{OFFICE}/accounts/user/?q={NORA}")
    admin.get_by_role("link", name=NORA, exact=True).click()
    admin.get_by_role("link", name="Erase").click()
    admin.get_by_label("E-mail of the person").fill(NORA)
    admin.get_by_role("button", name="Erase the person").click()
    expect(admin.get_by_text("The person is erased.")).to_be_visible()
    admin.goto(f"{OFFICE}/accounts/user/?q={NORA}")
    expect(admin.get_by_role("link", name=NORA, exact=True)).to_have_count(0)

    # Her session is over. Whom the provider brings now is somebody new.
    nora.reload()
    nora.get_by_role("link", name="Sign in with Example ID").click()
    expect(nora.get_by_label("First name")).to_have_value("Nora")
    nora.goto(f"{OURS}/profile/activity/")
    expect(nora.get_by_text("Signed in")).to_have_count(1)
