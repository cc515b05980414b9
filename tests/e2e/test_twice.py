"""Forms in Chromium: pressed twice, gone back to, in two tabs, and after the session is over."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visitor

pytestmark = [pytest.mark.e2e, pytest.mark.takes_turns]

ADD = "/licenses/license/add/"
SENT_BEFORE = "You have sent this before. It counts once, and this is what it led to."
FILLED_IN = "Nothing is saved yet. What you had typed is filled in"
NOT_SAVED = "You were not signed in any more, so nothing was saved."


def staff(visitor: Callable[..., Visitor], **options: Any) -> Visitor:
    someone = visitor(**options)
    someone.page.goto(someone.portal.url("app"))
    sign_in(someone.page, "admin@acme.example", "acme")
    return someone


def sign_in(page: Page, email: str, company_id: str = "") -> None:
    """In the back office of a company, or at Globex's portal."""
    if company_id:
        page.get_by_label("Company ID").fill(company_id)
    page.get_by_label("E-mail").fill(email)
    password = f"demo-{company_id or 'globex'}-{email.partition('@')[0]}"
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def fill_in(page: Page, notes: str) -> None:
    page.get_by_label("Customer's e-mail").fill("newcomer@example.com")
    page.get_by_label("Product", exact=True).select_option("Orbit")
    field = page.get_by_label("Notes", exact=True)
    if not field.is_visible():
        page.get_by_text("Highest version, additional users, key and notes").click()
    field.fill(notes)


def how_many(someone: Visitor, notes: str) -> int:
    text = (
        "from tenancy.door import outside, Way; from licenses.models import License\n"
        "with outside(Way.EMAILS, 'A test counts.'):"
        f" print(License._base_manager.filter(notes={notes!r}).count())"
    )
    return int(someone.portal.manage("shell", "-v", "0", "-c", text))


@pytest.mark.parametrize("javascript", [True, False], ids=["with script", "without script"])
def test_a_double_click_makes_one_licence(
    visitor: Callable[..., Visitor], javascript: bool
) -> None:
    someone = staff(visitor, java_script_enabled=javascript)
    page, notes = someone.page, f"Pressed twice {javascript}"
    page.goto(someone.portal.url("app", ADD))
    fill_in(page, notes)
    page.get_by_role("button", name=re.compile("Create|Add|Save")).dblclick()
    expect(page.get_by_role("heading", name=re.compile("^Licence "))).to_be_visible()
    assert how_many(someone, notes) == 1


def test_going_back_and_sending_again_makes_one_licence(visitor: Callable[..., Visitor]) -> None:
    someone = staff(visitor)
    page, notes = someone.page, "Gone back to"
    page.goto(someone.portal.url("app", ADD))
    for said in (False, True):
        fill_in(page, notes)
        page.get_by_role("button", name=re.compile("Create|Add|Save")).click()
        expect(page.get_by_role("heading", name=re.compile("^Licence "))).to_be_visible()
        expect(page.get_by_text(SENT_BEFORE)).to_be_visible(visible=said)
        place = page.url
        page.go_back()
        expect(page.get_by_label("Customer's e-mail")).to_be_visible()
    assert how_many(someone, notes) == 1
    fill_in(page, f"{notes}, for another one")
    page.get_by_role("button", name=re.compile("Create|Add|Save")).click()
    expect(page.get_by_role("heading", name=re.compile("^Licence "))).to_be_visible()
    assert page.url != place
    assert how_many(someone, f"{notes}, for another one") == 1
    assert someone.errors == []


def test_a_tab_that_was_duplicated_makes_one_licence(visitor: Callable[..., Visitor]) -> None:
    """Chromium copies the page's place in the history, and what is kept with it."""
    someone = staff(visitor)
    first, notes = someone.page, "In two tabs"
    first.goto(someone.portal.url("app", ADD))
    second = first.context.new_page()
    second.goto(someone.portal.url("app", ADD))
    second.evaluate("state => history.replaceState(state, '')", first.evaluate("history.state"))
    second.reload()
    for page in (first, second):
        fill_in(page, notes)
    for page in (first, second):
        page.get_by_role("button", name=re.compile("Create|Add|Save")).click()
        expect(page.get_by_role("heading", name=re.compile("^Licence "))).to_be_visible()
    expect(second.get_by_text(SENT_BEFORE)).to_be_visible()
    assert second.url == first.url
    assert how_many(someone, notes) == 1


def test_the_next_form_at_the_same_address_is_another_one(visitor: Callable[..., Visitor]) -> None:
    """Save and add another leads to the page on which it was pressed."""
    someone = staff(visitor)
    page = someone.page
    page.goto(someone.portal.url("app", "/licenses/licensepolicy/add/"))
    tokens = []
    for number in range(2):
        tokens.append(page.evaluate("history.state.once"))
        page.get_by_label("Name", exact=True).fill(f"Policy {number}")
        page.get_by_role("button", name="Save and add another").click()
        expect(page.get_by_text("was added successfully")).to_be_visible()
    tokens.append(page.evaluate("history.state.once"))
    assert len(set(tokens)) == 3
    expect(page.get_by_text(SENT_BEFORE)).not_to_be_visible()


def test_a_value_that_was_set_otherwise_is_set_again(visitor: Callable[..., Visitor]) -> None:
    someone = visitor()
    someone.sign_in("bob@example.com", "globex")
    page = someone.page
    page.goto(someone.portal.url("globex", "/profile/"))
    for company in ("Looms", "Engines", "Looms"):
        page.get_by_label("Company").fill(company)
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Your profile is saved.")).to_be_visible()
    page.get_by_label("Company").fill("Engines")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your profile is saved.")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Company")).to_have_value("Engines")


def test_both_tabs_of_the_sign_in_page_go_on(visitor: Callable[..., Visitor]) -> None:
    someone = visitor()
    first = someone.page
    first.goto(someone.portal.url("globex", "/login/"))
    second = first.context.new_page()
    second.goto(someone.portal.url("globex", "/offline/"))
    sign_in(first, "ada@example.com")
    expect(first.get_by_role("heading", name="Licences")).to_be_visible()
    sign_in(second, "ada@example.com")
    assert second.url == someone.portal.url("globex", "/offline/")


# --- After the session is over ------------------------------------------------------------------


def end(page: Page) -> None:
    page.context.clear_cookies(name="session")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_signing_in_leads_back_to_what_was_typed(
    visitor: Callable[..., Visitor], scheme: str, width: int
) -> None:
    someone = visitor(color_scheme=scheme, viewport={"width": width, "height": 900})
    someone.sign_in("bob@example.com", "globex")
    page = someone.page
    page.goto(someone.portal.url("globex", "/profile/"))
    page.get_by_label("Company").fill(f"Typed before {scheme} {width}")
    end(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text(NOT_SAVED)).to_be_visible()
    expect(page.get_by_text("is filled in again once you are")).to_be_visible()
    someone.look_closely()
    sign_in(page, "bob@example.com")
    expect(page.get_by_text(FILLED_IN)).to_be_visible()
    expect(page.get_by_label("Company")).to_have_value(f"Typed before {scheme} {width}")
    someone.look_closely()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your profile is saved.")).to_be_visible()
    expect(page.get_by_text(FILLED_IN)).not_to_be_visible()
    page.reload()
    expect(page.get_by_label("Company")).to_have_value(f"Typed before {scheme} {width}")


def test_a_wrong_password_on_the_way_loses_nothing(visitor: Callable[..., Visitor]) -> None:
    someone = visitor()
    someone.sign_in("bob@example.com", "globex")
    page = someone.page
    page.goto(someone.portal.url("globex", "/profile/"))
    page.get_by_label("Company").fill("Typed before")
    end(page)
    page.get_by_role("button", name="Save").click()
    page.get_by_label("E-mail").fill("bob@example.com")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text(NOT_SAVED)).to_be_visible()
    sign_in(page, "bob@example.com")
    expect(page.get_by_label("Company")).to_have_value("Typed before")


def test_another_person_finds_nothing_of_it(visitor: Callable[..., Visitor]) -> None:
    someone = visitor()
    someone.sign_in("bob@example.com", "globex")
    page = someone.page
    page.goto(someone.portal.url("globex", "/profile/"))
    page.get_by_label("Company").fill("Bob's alone")
    end(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text(NOT_SAVED)).to_be_visible()
    sign_in(page, "ada@example.com")
    expect(page.get_by_label("First name")).to_have_value("Ada")
    expect(page.get_by_label("Company")).not_to_have_value("Bob's alone")
    expect(page.get_by_text(FILLED_IN)).not_to_be_visible()
    assert page.evaluate("sessionStorage.length") == 0


def test_no_password_is_kept(visitor: Callable[..., Visitor]) -> None:
    someone = visitor()
    someone.sign_in("bob@example.com", "globex")
    page = someone.page
    page.goto(someone.portal.url("globex", "/profile/email/"))
    page.get_by_label("New e-mail").fill("hopper@example.com")
    page.get_by_label("Current password").fill("demo-globex-bob")
    end(page)
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_text(NOT_SAVED)).to_be_visible()
    kept = page.evaluate("sessionStorage.getItem('typed')")
    assert "hopper@example.com" in kept
    assert "demo-globex" not in kept
    sign_in(page, "bob@example.com")
    expect(page.get_by_label("New e-mail")).to_have_value("hopper@example.com")
    expect(page.get_by_label("Current password")).to_have_value("")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_back_office_leads_back_to_every_kind_of_field(
    visitor: Callable[..., Visitor], scheme: str
) -> None:
    someone = staff(visitor, color_scheme=scheme)
    page, notes = someone.page, f"Typed before {scheme}"
    page.goto(someone.portal.url("app", ADD))
    fill_in(page, notes)
    page.get_by_label("Valid until").fill("2031-12-31")
    page.get_by_label("Send the licence").uncheck()
    end(page)
    page.get_by_role("button", name=re.compile("Create|Add|Save")).click()
    expect(page.get_by_text(NOT_SAVED)).to_be_visible()
    someone.look_closely()
    sign_in(page, "admin@acme.example", "acme")
    expect(page.get_by_text(FILLED_IN)).to_be_visible()
    expect(page.get_by_label("Customer's e-mail")).to_have_value("newcomer@example.com")
    expect(page.get_by_label("Notes", exact=True)).to_have_value(notes)
    expect(page.get_by_label("Valid until")).to_have_value("2031-12-31")
    expect(page.get_by_label("Send the licence")).not_to_be_checked()
    someone.look_closely()
    page.get_by_role("button", name=re.compile("Create|Add|Save")).click()
    expect(page.get_by_role("heading", name=re.compile("^Licence "))).to_be_visible()
    assert how_many(someone, notes) == 1


def test_what_has_no_field_any_more_is_told(visitor: Callable[..., Visitor]) -> None:
    """Rows that a script had added to the form."""
    someone = staff(visitor)
    page = someone.page
    page.goto(someone.portal.url("app", "/licenses/license/"))
    page.locator("#result_list tbody th a").first.click()
    page.get_by_role("link", name="Change", exact=True).click()
    page.get_by_role("button", name="Add a row").first.click()
    page.locator("input[name^=metadata-][name$=-key]:visible").last.fill("Rack")
    page.locator("[name=order_number]").fill("PO-7")
    end(page)
    page.get_by_role("button", name="Save", exact=True).click()
    sign_in(page, "admin@acme.example", "acme")
    expect(page.locator("[name=order_number]")).to_have_value("PO-7")
    expect(page.get_by_text("There is no field here any more for: Rack")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_a_stale_form_leads_back_to_what_was_typed(
    visitor: Callable[..., Visitor], scheme: str, width: int
) -> None:
    """Signed in anew in another tab meanwhile."""
    someone = visitor(color_scheme=scheme, viewport={"width": width, "height": 900})
    someone.sign_in("bob@example.com", "globex")
    page = someone.page
    page.goto(someone.portal.url("globex", "/profile/"))
    page.get_by_label("Company").fill("Typed before")
    end(page)
    other = page.context.new_page()
    other.goto(someone.portal.url("globex"))
    sign_in(other, "bob@example.com")
    expect(other.get_by_role("heading", name="Licences")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="This form has gone stale")).to_be_visible()
    expect(page.get_by_text("What you typed is filled in there")).to_be_visible()
    someone.errors.clear()  # Chromium notes that the page is a 403.
    someone.look_closely()
    page.get_by_role("link", name="Go back to the form").click()
    expect(page.get_by_text(FILLED_IN)).to_be_visible()
    expect(page.get_by_label("Company")).to_have_value("Typed before")


def test_without_a_script_it_is_said_that_nothing_was_saved(
    visitor: Callable[..., Visitor],
) -> None:
    someone = visitor(java_script_enabled=False)
    someone.sign_in("bob@example.com", "globex")
    page = someone.page
    page.goto(someone.portal.url("globex", "/profile/"))
    page.get_by_label("Company").fill("Lost")
    end(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text(NOT_SAVED)).to_be_visible()
    expect(page.get_by_text("is filled in again once you are")).not_to_be_visible()
    sign_in(page, "bob@example.com")
    expect(page.get_by_label("First name")).to_have_value("Bob")
    assert page.url == someone.portal.url("globex", "/profile/")


def test_files_that_are_sent_by_a_script_lead_to_the_sign_in_page(
    visitor: Callable[..., Visitor],
) -> None:
    someone = staff(visitor)
    page = someone.page
    page.goto(someone.portal.url("app", "/releases/release/add/"))
    page.get_by_label("Product", exact=True).select_option("Orbit")
    page.get_by_label("Name", exact=True).fill("Orbit")
    page.get_by_label("Version", exact=True).fill("77.0")
    page.get_by_label("Platforms", exact=True).fill("linux")
    page.get_by_role("button", name="Save, then add files").click()
    files = page.locator("form[data-upload]")
    files.locator("input[type=file]").set_input_files(
        {"name": "a.zip", "mimeType": "application/zip", "buffer": b"x" * 100}
    )
    place = page.url
    end(page)
    files.get_by_role("button", name="Upload").click()
    expect(page.get_by_text(NOT_SAVED)).to_be_visible()
    sign_in(page, "admin@acme.example", "acme")
    expect(page.locator("form[data-upload]")).to_be_visible()
    assert page.url == place


def test_what_was_found_by_searching_is_chosen_again(visitor: Callable[..., Visitor]) -> None:
    """The field offers nothing by itself: our script asks the portal."""
    someone = staff(visitor)
    page = someone.page
    page.goto(someone.portal.url("app", "/licenses/license/"))
    page.locator("#result_list tbody th a").first.click()
    page.get_by_role("link", name="Change", exact=True).click()
    field = page.locator(".field-user").first.get_by_role("combobox", name="Customer")
    name = "grace@example.com" if "ada@" in field.input_value() else "ada@example.com"
    field.fill(name)
    page.get_by_role("option", name=name).click()
    expect(field).to_have_value(re.compile(name))
    end(page)
    page.get_by_role("button", name="Save", exact=True).click()
    sign_in(page, "admin@acme.example", "acme")
    expect(page.get_by_text(FILLED_IN)).to_be_visible()
    expect(field).to_have_value(re.compile(name))
