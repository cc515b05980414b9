"""Every page of the back office and of the operators: axe at both widths in light and dark, nothing
that scrolls sideways, light to load, and by keyboard or without scripts."""

import itertools
import re
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit

import axe_playwright_python
import pytest
from playwright.sync_api import Page, expect

from demo.ids import demo_id
from tests.e2e.conftest import Visitor, weighed

pytestmark = pytest.mark.e2e

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
# axe has target-size (2.5.8) switched off by itself.
LOOK = """([width, scheme]) => axe.run({resultTypes: ["violations"], rules: {"target-size": {enabled: true}}})
  .then(({violations}) => violations.flatMap(({id, nodes}) =>
    nodes.map((node) => `${width} ${scheme} ${id}: ${node.html.slice(0, 160)}`)))"""
# Blocks of a page that stand closer below each other than 6 pixels.
TOUCHING = """() => {
  const blocks = ".panel, .table, .notice, .actions, .verbs, .views, h2";
  const all = [...document.querySelectorAll(`main :is(${blocks})`)]
    .filter((each) => each.checkVisibility() && !each.parentElement.closest(blocks))
    .map((each) => [each, each.getBoundingClientRect()]);
  const name = (each) => `${each.localName}.${each.className} "${each.innerText.slice(0, 24)}"`;
  return all.flatMap(([upper, above]) => all
    .filter(([, below]) => below.left < above.right && above.left < below.right)
    .filter(([, below]) => Math.abs(below.top - above.bottom - 1) < 5)
    .map(([lower]) => `${name(upper)} touches ${name(lower)}`));
}"""
SIDEWAYS = "document.documentElement.scrollWidth - innerWidth"
BETWEEN = (780, 1024)  # pixels: where tables are no cards yet, and beside the navigation
# Every page is looked at so; in the other two ways those that others are like, and in full all.
VARIANTS, OTHERS = [(1280, "light"), (360, "dark")], [(360, "light"), (1280, "dark")]
LIKE_OTHERS = ("/", "/licenses/license/", "/licenses/product/add/", "/imports/dataimport/add/")
ONCE = ("/history/", "/delete/")  # one template for all lists
# Where a page of a row leads: the pages below it that are to be looked at, too.
BELOW = re.compile(r"/(change|history|delete|release|files|answer|columns|suspend|administrator)/$")
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
ADA = f"/accounts/user/{demo_id('acme', 'user', 'ada@example.com')}"
# What no list's first row leads to.
BESIDE = (
    f"{ADA}/note/",
    f"{ADA}/erase/",
    f"{ADA}/second-factor/",
    f"{ADA}/passkeys/",
    "/accounts/identityprovider/add/",
    "/imports/dataimport/add/",
    "/branding/customdomain/add/",
    "/mail/owntext/write/invitation/",
    "/licenses/trialpolicy/add/",
    f"/licenses/product/{demo_id('acme', 'product', 'Orbit')}/delete/",
)
# What everybody in the back office has of an account.
OWN = (
    "/second-factor/",
    "/second-factor/set-up/",
    "/single-sign-on/",
    "/sessions/",
    "/passkeys/",
    "/passkeys/add/",
    "/prove/",
    "/password_change/",
    "/nothing-here/",
)
OWN_OF_STAFF = ("/tokens/", "/tokens/make/")
# What there is before signing in.
OUTSIDE = (
    "/login/",
    "/login/single-sign-on/?company_id=acme",
    "/login/single-sign-on/connect/sent/",
    "/password-reset/",
    "/password-reset/sent/",
    "/invitation/used/",
    "/sign-out-everywhere/used/",
)
MOST_BYTES = 60_000  # HTML, styles and scripts of a page, before compression


def sign_in(someone: Visitor, person: str) -> Page:
    """As whom the demo has: admin, support, or root, who is an operator."""
    company = "" if person == "root" else "acme"
    page = someone.page
    page.goto(someone.portal.url("app"))
    page.get_by_label("Company id").fill(company)
    page.get_by_label("E-mail").fill(
        f"{person}@{company or 'example'}.{'example' if company else 'com'}"
    )
    page.get_by_label("Password").fill("-".join(filter(None, ("demo", company, person))))
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#navigation")).to_be_attached()
    return page


def links(page: Page, selector: str) -> list[str]:
    found: list[str] = page.eval_on_selector_all(selector, "all => all.map((each) => each.href)")
    return found


def pattern(url: str) -> str:
    """The path of an address without the ids in it."""
    return ID.sub("*", urlsplit(url).path)


def pages_of(page: Page, has_turn: Callable[[int], bool]) -> Iterator[str]:
    """The addresses of every list that has its turn, its empty form, its first row, and what lies
    below that. Each is open when it is given."""
    seen = set()

    def opened(url: str) -> bool:
        path = pattern(url)
        kind = next((end for end in ONCE if path.endswith(end)), path)
        is_new = kind not in seen or "?kind=" in url or url.endswith("?change=yes")
        seen.add(kind)
        if is_new:
            page.goto(url)
        return is_new

    for place, entry in enumerate(links(page, "#navigation a")):
        if not (has_turn(place) and opened(entry)):
            continue
        yield entry
        for row in links(page, "main .page-head a.primary, #result_list tbody tr:first-child th a"):
            if not opened(row):
                continue
            yield row
            for below in links(page, "main .actions a, main .verbs a, main td a"):
                if BELOW.search(urlsplit(below).path) and opened(below):
                    yield below


def findings(page: Page, in_full: bool) -> list[str]:
    """What axe finds on the page that is open, and whether it scrolls sideways."""
    page.evaluate(AXE)
    found: list[str] = []
    others = OTHERS if in_full or urlsplit(page.url).path in LIKE_OTHERS else []
    for width, scheme in [*VARIANTS, *others]:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        found += page.evaluate(LOOK, [width, scheme])
        wide = page.evaluate(SIDEWAYS)
        found += [f"{width} {scheme} scrolls sideways by {wide} px"] if wide > 0 else []
        found += [f"{width} {touch}" for touch in page.evaluate(TOUCHING)]
    for width in BETWEEN:
        page.set_viewport_size({"width": width, "height": 900})
        wide = page.evaluate(SIDEWAYS)
        found += [f"{width} scrolls sideways by {wide} px"] if wide > 0 else []
    return found


def pages_beside(page: Page, base: str, has_turn: Callable[[int], bool]) -> Iterator[str]:
    """Pages that no list leads to and that have their turn: what is found, refused, asked before it
    is done."""
    paths = (
        "/find/?q=ada",
        "/find/?q=nothing-like-this",
        "/licenses/license/?q=nothing-like-this",
        "/licenses/license/?status=active",
        "/licenses/license/?expiring=90&status=active&o=6",
        "/audit/auditentry/?o=2&created_at__from=2026-01-01",
        *BESIDE,
        *OWN,
        *OWN_OF_STAFF,
    )
    for path in itertools.compress(paths, map(has_turn, itertools.count())):
        page.goto(base + path)
        yield path
    if has_turn(0):
        yield from pages_of_acts(page, base)
    if has_turn(1):
        yield from pages_of_what_is_made(page, base)


def pages_of_acts(page: Page, base: str) -> Iterator[str]:
    """What is refused, and what is asked before it is done to many."""
    page.goto(base + "/licenses/product/add/")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()
    yield "a form that is refused"
    for path, action, heading in (
        ("/licenses/license/", "Suspend", "Suspend"),
        ("/licenses/license/", "Extend", "Extend"),
        ("/licenses/licensepolicy/", "Delete", "Delete licence policies"),
        ("/licenses/activation/", "Release", "Release these machines"),
    ):
        page.goto(base + path)
        page.locator("[name=_selected_action]").first.check()
        page.get_by_label("With the chosen ones").select_option(label=action)
        page.get_by_role("button", name="Go").click()
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
        yield f"asked before: {heading}"
        if action == "Extend":
            page.get_by_label("Extend by").fill("1 year")
            page.get_by_role("button", name="Show what will change").click()
            expect(page.get_by_role("heading", name="will change")).to_be_visible()
            yield "seen before: Extend"


def pages_of_what_is_made(page: Page, base: str) -> Iterator[str]:
    """Pages of rows that the demo has none of: a domain, a token of one's own, a change to many."""
    page.goto(base + "/branding/customdomain/add/")
    page.get_by_label("Domain").fill("licences.acme-instruments.com")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="licences.acme-instruments.com")).to_be_visible()
    yield "a domain"
    page.goto(base + "/tokens/make/")
    page.get_by_label("Name").fill("Shop")
    page.get_by_label("Licences").select_option(index=1)
    page.get_by_role("button", name="Make the token").click()
    expect(page.get_by_role("heading", name="Your access token")).to_be_visible()
    yield "a token is shown"
    for path in ("/tokens/", "/accounts/personalaccesstoken/"):
        page.goto(base + path)
        yield f"{path} with a token"
    page.goto(base + "/accounts/tag/add/")
    page.get_by_label("Name", exact=True).fill("To be deleted")
    page.get_by_role("button", name="Save", exact=True).click()
    page.goto(base + "/accounts/tag/?q=To+be+deleted")
    page.locator("[name=_selected_action]").first.check()
    page.get_by_label("With the chosen ones").select_option(label="Delete")
    page.get_by_role("button", name="Go").click()
    expect(page.get_by_role("heading", name="Delete tags")).to_be_visible()
    yield "asked before: Delete tags"
    page.get_by_role("button", name="Delete tags").click()
    expect(page.get_by_text("It is looked at.")).to_be_visible()
    yield "a change to many"
    page.goto(base + "/backoffice/bulkchange/")
    yield "changes to many"


def test_every_page_stands_a_close_look(
    visitor: Callable[..., Visitor], in_full: bool, has_turn: Callable[[int], bool]
) -> None:
    """When it has its turn; and it is light: HTML, styles and scripts together, none of them of
    Django's admin."""
    someone = visitor(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page = sign_in(someone, "admin")
    sizes = weighed(page)
    wrong, looked = [], 0
    base = someone.portal.url("app", "")
    page.wait_for_load_state("networkidle")  # What comes late is this page's.
    sizes.clear()
    for url in chain(pages_of(page, has_turn), pages_beside(page, base, has_turn)):
        wrong += [f"{url}: {each}" for each in findings(page, in_full)]
        page.wait_for_load_state("networkidle")
        weight = sum(size for each, size in sizes.items() if not each.endswith((".png", ".svg")))
        is_alone = url.startswith(("http", "/"))  # no other page led to it
        wrong += [f"{url}: {weight} bytes"] if is_alone and weight >= MOST_BYTES else []
        wrong += [f"{url}: {each}" for each in sizes if "/static/admin/" in each]
        looked += 1
        sizes.clear()
    assert looked > (100 if has_turn(0) and has_turn(1) else 1)
    assert not wrong, "\n".join(wrong)


def test_every_page_of_the_operators_stands_a_close_look(
    visitor: Callable[..., Visitor], in_full: bool, has_turn: Callable[..., bool]
) -> None:
    """When it has its turn."""
    someone = visitor(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page = sign_in(someone, "root")

    def own() -> Iterator[str]:
        for place, path in enumerate(OWN):
            if not has_turn(place, among=len(OWN)):
                continue
            page.goto(someone.portal.url("app", path))
            yield path

    wrong, seen = [], []
    for url in chain(pages_of(page, has_turn), own()):
        wrong += [f"{url}: {each}" for each in findings(page, in_full)]
        seen.append(url.split("/")[-2])
    assert seen
    if has_turn(0) and has_turn(1):
        assert {"suspend", "administrator", "history"} <= {*seen}
    assert not wrong, "\n".join(wrong)


def test_every_page_before_signing_in_stands_a_close_look(
    visitor: Callable[..., Visitor], in_full: bool
) -> None:
    someone = visitor(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page = someone.page
    wrong = []
    for path in OUTSIDE:
        page.goto(someone.portal.url("app", path))
        wrong += [f"{path}: {each}" for each in findings(page, in_full)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("height", [900, 600])
def test_the_entry_of_the_page_is_in_sight(visitor: Callable[..., Visitor], height: int) -> None:
    """At 900 pixels the whole navigation is; below that the last entry on its own page."""
    someone = visitor(viewport={"width": 1280, "height": height})
    page = sign_in(someone, "admin")
    hidden = page.locator(".side").evaluate("it => it.scrollHeight - it.clientHeight")
    assert (hidden > 0) is (height < 900)
    page.goto(someone.portal.url("app", "/audit/auditentry/"))
    expect(page.locator(".side [aria-current]")).to_be_in_viewport(ratio=1)
    assert page.evaluate("scrollY") == 0


def test_the_navigation_is_one_button_on_a_phone_also_without_scripts(
    visitor: Callable[..., Visitor],
) -> None:
    someone = visitor(viewport={"width": 360, "height": 740}, java_script_enabled=False)
    page = sign_in(someone, "support")
    menu = page.get_by_role("button", name="Menu")
    licences = page.get_by_role("navigation", name="Main").get_by_role("link", name="Licences")
    expect(licences).to_be_hidden()
    menu.press("Enter")
    expect(licences).to_be_visible()
    page.keyboard.press("Escape")
    expect(licences).to_be_hidden()
    menu.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")  # Overview, Customers
    page.keyboard.press("Tab")
    expect(licences).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Licences", exact=True)).to_be_visible()
    page.get_by_role("button", name="Signed in as").press("Enter")
    page.get_by_role("button", name="Sign out").press("Enter")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_without_scripts_a_customer_is_named_and_a_row_is_added(
    visitor: Callable[..., Visitor],
) -> None:
    someone = visitor(java_script_enabled=False)
    page = sign_in(someone, "admin")
    page.goto(someone.portal.url("app", "/licenses/license/?q=grace"))
    page.locator("#result_list tbody th a").first.click()
    page.get_by_role("link", name="Change", exact=True).click()
    named = page.get_by_role("searchbox", name="Another one, by its name: Customer")
    named.first.fill("example.com")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("several have it")
    named.first.fill("ada lovelace")
    page.locator("[name$='-key']").last.fill("Cost centre")
    page.locator("[name$='-value']").last.fill("42")
    page.get_by_role("button", name="Save and stay here").click()
    expect(page.locator("#id_user option[selected]")).to_have_text(re.compile("ada@example.com"))
    expect(page.locator("[value='Cost centre']")).to_be_attached()
    # Back to whose it was: other tests count Ada's.
    named.first.fill("grace hopper")
    page.get_by_role("button", name="Save and stay here").click()
    expect(page.locator("#id_user option[selected]")).to_have_text(re.compile("grace@example.com"))


def test_a_choice_among_many_is_searched_by_keyboard(visitor: Callable[..., Visitor]) -> None:
    someone = visitor()
    page = sign_in(someone, "admin")
    page.goto(someone.portal.url("app", "/licenses/license/"))
    page.locator("#result_list tbody th a").first.click()
    page.get_by_role("link", name="Change", exact=True).click()
    field = page.locator(".field-user").first.get_by_role("combobox", name="Customer")
    before = field.input_value()
    field.fill("grace")
    option = page.get_by_role("option", name="grace@example.com")
    expect(option).to_be_visible()
    field.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    field.press("Escape")
    expect(field).to_have_value(before)
    field.fill("grace")
    expect(option).to_be_visible()
    field.press("ArrowDown")
    field.press("Enter")
    expect(field).to_have_value(re.compile("grace@example.com"))
    assert someone.errors == []
