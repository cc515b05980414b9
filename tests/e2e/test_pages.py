"""Every page as people see it: axe, no sideways scrolling, light and dark, wide and narrow."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from demo.ids import demo_id
from tests.e2e.conftest import Visitor, weighed
from tests.served import Portal

pytestmark = pytest.mark.e2e

SIZES = {"wide": {"width": 1280, "height": 900}, "narrow": {"width": 320, "height": 640}}
LICENSE = demo_id("acme", "license", "lab")
PAGES = [
    "/licenses/",
    "/licenses/?q=nothing-like-this",
    f"/licenses/{LICENSE}/",
    "/licenses/machines/",
    f"/licenses/{LICENSE}/name/",
    "/offline/",
    f"/offline/?license={LICENSE}",
    "/releases/?platform=&channel=",
    "/releases/?channel=beta&platform=android",
    f"/releases/{demo_id('acme', 'release', 'Spectra', '3.0.2', 'linux', 'macos', 'windows')}/",
    "/profile/",
    "/profile/activity/",
    "/profile/password/",
    "/profile/email/",
    "/profile/passkeys/",
    "/profile/passkeys/add/",
    "/profile/tokens/",
    "/profile/tokens/make/",
    "/profile/second-factor/",
    "/profile/second-factor/set-up/",
    "/profile/single-sign-on/",
    "/profile/sessions/",
    "/profile/data/",
    "/profile/prove/",
    "/nothing-here/",
]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_stand_a_close_look(visitor: Callable[..., Visitor], size: str, scheme: str) -> None:
    ada = visitor(viewport=SIZES[size], color_scheme=scheme)
    ada.sign_in("ada@example.com")
    for path in PAGES:
        ada.page.goto(ada.portal.url("acme", path))
        ada.look_closely()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_for_visitors_stand_a_close_look(
    visitor: Callable[..., Visitor], scheme: str
) -> None:
    someone = visitor(viewport=SIZES["narrow"], color_scheme=scheme)
    for label, path in [
        ("acme", "/login/"),
        ("acme", "/password-reset/"),
        ("acme", "/password-reset/sent/"),
        ("acme", "/login/link/"),
        ("acme", "/login/link/sent/"),
        ("acme", "/login/keys/"),
        ("acme", "/login/keys/sent/"),
        ("app", "/login/"),
    ]:
        someone.page.goto(someone.portal.url(label, path))
        someone.look_closely()


def test_the_landing_page_leads_to_a_portal(
    visitor: Callable[..., Visitor], portal: Portal
) -> None:
    someone = visitor()
    someone.page.goto(f"http://portal.localhost:{portal.port}/")
    someone.look_closely()
    someone.page.get_by_label("Company id").fill("ACME")
    someone.page.get_by_role("button", name="Go to the portal").click()
    expect(someone.page).to_have_title("Sign in · Acme Instruments")
    assert someone.errors == []


@pytest.mark.takes_turns
def test_a_page_is_light(visitor: Callable[..., Visitor]) -> None:
    """HTML, CSS and scripts of each page together: under 60 kB."""
    ada = visitor()
    ada.sign_in("ada@example.com")
    expect(ada.page.get_by_role("heading", name="Licences")).to_be_visible()
    sizes = weighed(ada.page)
    for path in PAGES:
        sizes.clear()
        ada.page.goto(ada.portal.url("acme", path))
        ada.page.wait_for_load_state("networkidle")
        assert all("acme.portal.localhost" in url for url in sizes)
        pictures = {url: size for url, size in sizes.items() if url.endswith((".png", ".svg"))}
        assert 0 < sum(sizes.values()) - sum(pictures.values()) < 60_000
        assert sum(pictures.values()) < 40_000  # the vendor's logo and icon


def test_a_forgotten_password_is_set_anew(visitor: Callable[..., Visitor]) -> None:
    grace = visitor()
    page = grace.page
    page.goto(grace.portal.url("acme", "/login/"))
    page.get_by_role("link", name="Set a new password").click()
    page.get_by_label("E-mail").fill("grace@example.com")
    page.get_by_role("button", name="Send the link").click()
    emails = grace.portal.emails_to("grace@example.com", telling="/password-reset/")
    said = "".join(emails).replace("=\n", "").replace("=3D", "=")
    link = re.findall(r"http://acme\.portal\.localhost:\d+/password-reset/[\w:-]+/", said)[-1]
    page.goto(link)
    page.get_by_label("New password", exact=True).fill("a longer new password")
    page.get_by_label("New password again").fill("a longer new password")
    grace.look_closely()
    page.get_by_role("button", name="Set the password").click()
    page.get_by_label("E-mail").fill("grace@example.com")
    page.get_by_label("Password").fill("a longer new password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Licences")).to_be_visible()
    page.goto(link)
    expect(page.get_by_role("heading", name="This link can’t be used")).to_be_visible()


def test_the_back_office_opens(visitor: Callable[..., Visitor]) -> None:
    admin = visitor()
    admin.page.goto(admin.portal.url("app"))
    admin.page.get_by_label("Company id").fill("acme")
    admin.page.get_by_label("E-mail").fill("admin@acme.example")
    admin.page.get_by_label("Password").fill("demo-acme-admin")
    admin.page.get_by_role("button", name="Sign in").click()
    expect(admin.page.get_by_role("link", name="Licence policies")).to_be_visible()
    assert admin.errors == []
