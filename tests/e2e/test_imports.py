"""Saying what the columns of a file are, in Chromium, by the keyboard alone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Visitor
from tests.imports.workbooks import made

pytestmark = [pytest.mark.e2e, pytest.mark.takes_turns]

SIZES = {"wide": {"width": 1280, "height": 900}, "narrow": {"width": 360, "height": 740}}
LONG = "W" * 70


def at_the_upload(visitor: Callable[..., Visitor], **options: object) -> Visitor:
    admin = visitor(**options)
    admin.page.goto(admin.portal.url("app", "/imports/dataimport/add/"))
    admin.page.get_by_label("Company id").fill("acme")
    admin.page.get_by_label("E-mail").fill("admin@acme.example")
    admin.page.get_by_label("Password").fill("demo-acme-admin")
    admin.page.get_by_role("button", name="Sign in").click()
    expect(admin.page.get_by_role("heading", name="Import a file")).to_be_visible()
    return admin


def upload(admin: Visitor, name: str, data: bytes) -> None:
    file = {"name": name, "mimeType": "application/octet-stream", "buffer": data}
    admin.page.get_by_label("What is in it").select_option(label="Customers")
    admin.page.get_by_label("File", exact=False).set_input_files(file)  # type: ignore[arg-type]
    admin.page.get_by_role("button", name="Upload and check").click()


@pytest.mark.parametrize(("size", "scheme"), [("narrow", "dark"), ("wide", "light")])
def test_letters_and_columns_are_said_by_the_keyboard(
    visitor: Callable[..., Visitor], size: str, scheme: str
) -> None:
    admin = at_the_upload(visitor, viewport=SIZES[size], color_scheme=scheme)
    page, at = admin.page, f"{size}-{scheme}"
    admin.look_closely()
    text = f"E-Mail {at};Nachname;Telefon {at} {LONG}\n{at}@example.com;Łódź;{LONG}\n"
    upload(admin, "people.csv", text.encode("cp1250"))
    expect(page.get_by_role("heading", name="How is people.csv read?")).to_be_visible()
    admin.look_closely()
    page.get_by_label("Letters").focus()
    page.keyboard.type("Central Europe (W")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Łódź").first).to_be_visible()
    first = page.get_by_label(f"E-Mail {at}")
    first.focus()
    page.keyboard.type("email")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Nachname")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    # The browser itself does not send what is not chosen yet, and leads there.
    expect(page.get_by_label("Telefon")).to_be_focused()
    admin.look_closely()
    page.keyboard.type("Leave")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Import 1 customer")).to_be_visible()
    expect(page.get_by_text("“Nachname” is last_name.")).to_be_visible()
    admin.look_closely()


@pytest.mark.parametrize("size", SIZES)
def test_a_sheet_is_chosen(visitor: Callable[..., Visitor], size: str) -> None:
    admin = at_the_upload(visitor, viewport=SIZES[size])
    page = admin.page
    rows = [("email", "company"), (f"{size}@example.com", "Works")]
    upload(admin, "people.xlsx", made([("Read me", ""), ("x", "y")], People=rows, Old=rows))
    expect(page.get_by_role("heading", name="How is people.xlsx read?")).to_be_visible()
    expect(page.get_by_label("Sheet")).to_have_value("People")
    admin.look_closely()
    page.get_by_label("Sheet").select_option("Customers")
    page.get_by_role("button", name="Show it so").click()
    expect(page.get_by_label("Read me")).to_be_visible()
    page.get_by_label("Sheet").select_option("Old")
    page.get_by_role("button", name="Show it so").click()
    expect(page.get_by_label("company")).to_be_visible()
    expect(page.get_by_label("Sheet")).to_have_value("Old")
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_role("button", name="Import 1 customer")).to_be_visible()
    expect(page.get_by_text("The sheet “Old” was read.")).to_be_visible()
    admin.look_closely()
