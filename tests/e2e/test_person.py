"""Passwords that are shown and judged, what is kept of a customer, and a person who is erased."""

import io
import re
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Visitor

pytestmark = [pytest.mark.e2e, pytest.mark.takes_turns]

ORDINARY = {"viewport": {"width": 1280, "height": 900}}
PHONE = {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"}


def test_a_password_is_shown_and_judged(visitor: Callable[..., Visitor]) -> None:
    ada = visitor(**PHONE)
    ada.page.goto(ada.portal.url("acme"))
    typed = ada.page.get_by_label("Password", exact=True)
    typed.fill("something")
    button = ada.page.get_by_role("button", name="Show password")
    expect(button).to_have_attribute("aria-pressed", "false")
    button.focus()
    ada.page.keyboard.press("Space")
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(typed).to_have_attribute("type", "text")
    ada.look_closely()
    ada.page.keyboard.press("Enter")
    expect(typed).to_have_attribute("type", "password")
    ada.sign_in("ada@example.com")
    ada.page.goto(ada.portal.url("acme", "/profile/password/"))
    new, told = ada.page.get_by_label("New password", exact=True), ada.page.locator(".strength")
    expect(told).to_have_attribute("aria-live", "polite")
    for password, word in (
        ("short", "Too short"),
        ("aaaaaaaaaaaa", "Easy to guess"),
        ("twelve signs", "Long enough"),
        ("several words of hers", "Good and long"),
        ("", ""),
    ):
        new.fill(password)
        expect(told).to_have_text(re.compile(f"^{word}"))
    ada.look_closely()


def test_without_scripts_there_is_no_button_and_the_help_says_it(
    visitor: Callable[..., Visitor],
) -> None:
    ada = visitor(java_script_enabled=False)
    ada.sign_in("ada@example.com")
    ada.page.goto(ada.portal.url("acme", "/profile/password/"))
    assert ada.page.get_by_role("button", name="Show password").count() == 0
    expect(ada.page.get_by_text("at least 10 characters")).to_be_visible()


@pytest.mark.parametrize("screen", [ORDINARY, PHONE], ids=["wide", "narrow"])
def test_a_customer_reads_and_takes_what_is_kept(
    visitor: Callable[..., Visitor], screen: dict[str, object]
) -> None:
    ada = visitor(**screen)
    ada.sign_in("ada@example.com")
    ada.page.goto(ada.portal.url("acme", "/profile/"))
    ada.page.get_by_role("link", name="Show your data").click()
    ada.look_closely()
    with ada.page.expect_download() as loading:
        ada.page.get_by_role("link", name="Download everything").click()
    archive = ZipFile(io.BytesIO(Path(loading.value.path()).read_bytes()))
    assert "machines.json" in archive.namelist()
    for name in ("Machines", "Activity", "E-mails"):
        ada.page.goto(ada.portal.url("acme", "/profile/data/"))
        ada.page.get_by_role("link", name=name, exact=True).click()
        expect(ada.page.get_by_role("heading", level=1)).to_have_text(name)
        ada.look_closely()


def test_an_administrator_erases_a_person(visitor: Callable[..., Visitor]) -> None:
    admin = visitor(**ORDINARY)
    page = admin.page
    page.goto(admin.portal.url("app", "/accounts/user/add/"))
    page.get_by_label("Company id").fill("acme")
    page.get_by_label("E-mail").fill("admin@acme.example")
    page.get_by_label("Password", exact=True).fill("demo-acme-admin")
    page.get_by_role("button", name="Sign in").click()
    page.goto(admin.portal.url("app", "/accounts/user/add/"))
    page.locator("#id_email").fill("leaving@example.com")
    page.get_by_role("button", name="Save", exact=True).click()
    page.goto(admin.portal.url("app", "/accounts/user/?q=leaving"))
    page.get_by_role("link", name="leaving@example.com").click()
    page.get_by_role("link", name="Erase").click()
    admin.look_closely()
    page.get_by_label("E-mail of the person").fill("another@example.com")
    page.get_by_role("button", name="Erase the person").click()
    expect(page.get_by_text("This is not the person's e-mail.").first).to_be_visible()
    page.get_by_label("E-mail of the person").fill("leaving@example.com")
    page.get_by_role("button", name="Erase the person").click()
    expect(page.get_by_text("The person is erased.")).to_be_visible()
    page.goto(admin.portal.url("app", "/accounts/user/?q=leaving"))
    expect(page.get_by_text("leaving@example.com")).to_have_count(0)
