"""Passkeys in Chromium with its virtual authenticator, over https behind Caddy: at the host of our
zone, at a vendor's own domain, and in the back office."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, CDPSession, Page, expect

from tests.served import PATIENCE, Portal

pytestmark = pytest.mark.proxies

OURS, DOMAIN = "https://acme.portal.localhost", "https://licenses.acme.example"
GRACE, WORDS = "grace@example.com", "demo-acme-grace"
TO_THE_DOMAIN = """
from tenancy.door import inside
from tenancy.models import Vendor
from tenancy.table import vendor_by_company_id
from tenancy.verbs import serve
acme = vendor_by_company_id("acme")
serve(acme.pk, "licenses.acme.example")
with inside(acme):
    Vendor.objects.filter(pk=acme.pk).update(canonical_domain="licenses.acme.example")
"""
AND_BACK = """
from tenancy.door import inside
from tenancy.models import Vendor
from tenancy.table import vendor_by_company_id
from tenancy.verbs import serve_no_more
acme = vendor_by_company_id("acme")
serve_no_more(acme.pk, "licenses.acme.example")
with inside(acme):
    Vendor.objects.filter(pk=acme.pk).update(canonical_domain="")
"""

# The authenticator, which asks nobody, would choose at once what a browser only offers.
OFFERS_NOTHING = """
if (window.PublicKeyCredential && !localStorage.offers)
  PublicKeyCredential.isConditionalMediationAvailable = async () => false;
"""


@dataclass
class Visitor:
    """A page, and an authenticator beside it, which asks nobody."""

    page: Page
    wire: CDPSession
    device: str

    def credentials(self) -> list[dict[str, Any]]:
        asked = {"authenticatorId": self.device}
        found: list[dict[str, Any]] = self.wire.send("WebAuthn.getCredentials", asked)[
            "credentials"
        ]
        return found

    def sign_in_by_password(self, host: str) -> None:
        self.page.goto(f"{host}/login/")
        self.page.get_by_label("E-mail").fill(GRACE)
        self.page.get_by_label("Password").fill(WORDS)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        expect(self.page.get_by_role("heading", name="Licences")).to_be_visible()

    def sign_in_by_passkey(self, host: str) -> None:
        self.page.goto(f"{host}/login/")
        self.page.get_by_role("button", name="Use a passkey").click()
        expect(self.page.get_by_role("heading", name="Licences")).to_be_visible()

    def sign_out(self) -> None:
        self.page.get_by_role("button", name="Sign out").click()
        expect(self.page.get_by_text("You are signed out.")).to_be_visible()

    def look_closely(self) -> None:
        """axe finds nothing, and nothing scrolls sideways."""
        results = Axe().run(self.page)
        assert results.violations_count == 0, results.generate_report()
        wide = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0


@pytest.fixture
def grace(secure_browser: Browser) -> Iterator[Visitor]:
    context = secure_browser.new_context(
        ignore_https_errors=True, viewport={"width": 360, "height": 800}
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.add_init_script(OFFERS_NOTHING)
    wire = context.new_cdp_session(page)
    wire.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    device = wire.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    yield Visitor(page, wire, device["authenticatorId"])
    context.close()


@pytest.mark.takes_turns
def test_a_passkey_at_both_hosts_while_a_domain_comes_and_goes(
    secure_portal: Portal, grace: Visitor
) -> None:
    served, page = secure_portal, grace.page
    grace.sign_in_by_password(OURS)
    page.goto(f"{OURS}/profile/")
    page.get_by_role("link", name="Show passkeys").click()
    grace.look_closely()
    page.get_by_role("link", name="Add a passkey").click()
    grace.look_closely()
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_text("The passkey is there.")).to_be_visible()
    grace.look_closely()
    [made] = grace.credentials()
    assert made["rpId"] == "acme.portal.localhost"
    served.emails_to(GRACE, telling="has a new passkey")
    grace.sign_out()
    grace.look_closely()
    grace.sign_in_by_passkey(OURS)
    grace.sign_out()

    # The domain comes; the browser asks our host whether the passkey may be used there.
    served.manage("shell", "-c", TO_THE_DOMAIN)
    grace.sign_in_by_passkey(DOMAIN)
    assert page.url.startswith(DOMAIN)
    grace.sign_out()

    # Where the e-mail is typed it is offered, too, without a button.
    page.evaluate("localStorage.offers = 'yes'")
    page.goto(f"{DOMAIN}/login/")
    expect(page.get_by_role("heading", name="Licences")).to_be_visible()

    # The domain goes.
    served.manage("shell", "-c", AND_BACK)
    grace.sign_in_by_passkey(OURS)
    page.goto(f"{OURS}/profile/passkeys/")
    page.get_by_role("link", name="Delete").click()
    grace.look_closely()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("The passkey is deleted.")).to_be_visible()
    served.emails_to(GRACE, telling="nobody signs in with it any more")


WITHOUT_RELATED_ORIGINS = """
const others = PublicKeyCredential.getClientCapabilities;
PublicKeyCredential.getClientCapabilities = async () => ({ ...await others(), relatedOrigins: false });
"""


@pytest.mark.takes_turns
@pytest.mark.parametrize(
    "script", [WITHOUT_RELATED_ORIGINS, "delete window.PublicKeyCredential"], ids=["here", "at all"]
)
def test_a_browser_that_can_not_is_told_and_signs_in_otherwise(
    secure_portal: Portal, grace: Visitor, script: str
) -> None:
    secure_portal.manage("shell", "-c", TO_THE_DOMAIN)
    try:
        grace.page.add_init_script(script)
        grace.page.goto(f"{DOMAIN}/login/")
        expect(grace.page.get_by_text("This browser can’t use passkeys at this")).to_be_visible()
        expect(grace.page.get_by_role("button", name="passkey")).to_have_count(0)
        grace.look_closely()
        grace.sign_in_by_password(DOMAIN)
    finally:
        secure_portal.manage("shell", "-c", AND_BACK)
