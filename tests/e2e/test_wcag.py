"""What WCAG 2.2 wants and axe doesn't try: by keyboard, by touch, in forced colours, on paper."""

import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from demo.ids import demo_id, demo_key
from tests.e2e.conftest import Visitor
from tests.e2e.test_pages import LICENSE, PAGES, SIZES
from tests.e2e.test_view_as import open_as_ada
from tests.e2e.test_walk import Machine
from tests.served import Portal

pytestmark = [pytest.mark.e2e, pytest.mark.takes_turns]

PHONE = {"width": 360, "height": 740}
MOST_HEIGHT = 1500  # px of eleven licences on a phone

# Everything that can be pressed and is in sight, with its box; a link within a sentence may be as
# high as the sentence's letters (2.5.8, inline).
TARGETS = """() => [...document.querySelectorAll(
    'a[href], button, input:not([type=hidden]), select, textarea, summary')]
  .filter((e) => e.checkVisibility() && !e.closest('.skip-link'))
  .filter((e) => !e.closest('thead') || getComputedStyle(e.closest('thead')).position === 'static')
  .filter((e) => !(e.tagName === 'A' && getComputedStyle(e).display === 'inline'
      && e.parentElement.textContent.trim() !== e.textContent.trim()))
  .map((e) => { const r = e.getBoundingClientRect();
    return {name: (e.textContent || e.name).trim().slice(0, 60), x: r.x, y: r.y, w: r.width, h: r.height}; })
  .filter((t) => t.w > 1 && t.h > 1)"""
# Whether something else lies upon the middle of what has the focus.
HIDDEN = """() => { const e = document.activeElement;
  if (e === document.body) return null;
  const r = e.getBoundingClientRect();
  const found = document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2);
  const seen = found && (e.contains(found) || found.contains(e) || found.closest('label')?.control === e);
  return seen ? null : e.outerHTML.slice(0, 200); }"""


def too_small(page: Page) -> list[str]:
    """Targets below 24 px that have another one within 24 px of their middle (2.5.8)."""
    targets = page.evaluate(TARGETS)
    middles = [(t["x"] + t["w"] / 2, t["y"] + t["h"] / 2) for t in targets]
    bad = []
    for target, (x, y) in zip(targets, middles, strict=True):
        if min(target["w"], target["h"]) >= 24:
            continue
        for other, (u, v) in zip(targets, middles, strict=True):
            near = abs(x - u) < 24 and abs(y - v) < 24
            if other is not target and near and (x - u) ** 2 + (y - v) ** 2 < 24**2:
                bad.append(f"{target['name']!r} {target['w']:.0f}×{target['h']:.0f}")
                break
    return bad


@pytest.mark.parametrize("size", SIZES)
def test_targets_are_large_enough(visitor: Callable[..., Visitor], size: str) -> None:
    ada = visitor(viewport=SIZES[size])
    ada.sign_in("ada@example.com")
    bad = {}
    for path in PAGES:
        ada.page.goto(ada.portal.url("acme", path))
        bad[path] = too_small(ada.page)
    assert not any(bad.values()), bad


@pytest.mark.parametrize("path", ["/licenses/", "/releases/?platform=&channel="])
def test_an_arrow_key_reloads_and_moves_nothing(visitor: Callable[..., Visitor], path: str) -> None:
    ada = visitor()
    ada.sign_in("ada@example.com")
    page = ada.page
    page.goto(ada.portal.url("acme", path))
    page.evaluate("window.here = true")
    for select in page.locator("select").all():
        select.focus()
        page.keyboard.press("ArrowDown")
        page.wait_for_timeout(200)
        assert page.evaluate("window.here") is True
        assert select.evaluate("e => e === document.activeElement")
    page.get_by_role("search").get_by_role("button").click()
    page.wait_for_url(re.compile(r"product="))


def test_the_focus_is_never_hidden(visitor: Callable[..., Visitor]) -> None:
    """Also below the bar that stays on top while support views as a customer (2.4.11)."""
    support = visitor(viewport={"width": 360, "height": 500})
    tab = open_as_ada(support)
    for path in ("/licenses/", f"/licenses/{LICENSE}/", "/offline/"):
        tab.goto(support.portal.url("acme", path))
        for key in ("Tab", "Shift+Tab"):
            for _ in range(40):
                tab.keyboard.press(key)
                hidden = tab.evaluate(HIDDEN)
                assert hidden is None, f"{path}: {hidden}"


def test_passwords_can_be_pasted(visitor: Callable[..., Visitor]) -> None:
    """3.3.8: nothing has to be typed from memory, and managers know which field is which."""
    someone = visitor(permissions=["clipboard-read", "clipboard-write"])
    page = someone.page
    page.goto(someone.portal.url("acme", "/login/"))
    page.evaluate("navigator.clipboard.writeText('demo-acme-ada')")
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_label("Password").focus()
    page.keyboard.press("Control+v")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Licences", exact=True)).to_be_visible()
    page.goto(someone.portal.url("acme", "/profile/password/"))
    for field in page.locator("input[type=password]").all():
        field.focus()
        page.keyboard.press("Control+v")
        expect(field).to_have_value("demo-acme-ada")
        assert field.get_attribute("autocomplete") in {"current-password", "new-password"}
    page.goto(someone.portal.url("acme", "/profile/email/"))
    for field in page.locator("input[type=password], input[type=email]").all():
        field.focus()
        page.keyboard.press("Control+v")
        expect(field).to_have_value("demo-acme-ada")


def test_nothing_is_asked_for_twice(visitor: Callable[..., Visitor]) -> None:
    """3.3.7: what was typed stays where it was refused."""
    someone = visitor()
    page = someone.page
    page.goto(someone.portal.url("acme", "/login/"))
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("E-mail")).to_have_value("ada@example.com")
    page.get_by_label("Password").fill("demo-acme-ada")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Search").fill("no such thing")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_label("Search")).to_have_value("no such thing")


def test_what_is_dragged_can_be_done_without(visitor: Callable[..., Visitor]) -> None:
    """2.5.7: a file is chosen or pasted where it can be dropped, a colour is typed."""
    ada = visitor()
    ada.sign_in("ada@example.com")
    ada.page.goto(ada.portal.url("acme", "/offline/"))
    expect(ada.page.get_by_label("Choose the request file, or drop it here")).to_be_visible()
    ada.page.get_by_text("Paste its text instead").click()
    expect(ada.page.get_by_label("Or paste its text")).to_be_visible()
    admin = visitor()
    page = admin.page
    page.goto(admin.portal.url("app"))
    page.get_by_label("Company id").fill("globex")
    page.get_by_label("E-mail").fill("admin@globex.example")
    page.get_by_label("Password").fill("demo-globex-admin")
    page.get_by_role("button", name="Sign in").click()
    page.goto(admin.portal.url("app", "/branding/branding/"))
    field = page.get_by_label("Accent colour")
    field.fill("#aa0066")
    expect(page.locator("input[type=color]")).to_have_value("#aa0066")
    expect(page.get_by_label("Use a colour of our own")).to_be_checked()


def test_forced_colours_show_where_one_is_and_the_seats(visitor: Callable[..., Visitor]) -> None:
    ada = visitor(forced_colors="active")
    ada.sign_in("ada@example.com")
    here, other = (
        ada.page.locator(".nav a[aria-current]"),
        ada.page.get_by_role("link", name="Offline", exact=True),
    )
    line = "e => getComputedStyle(e).borderBottomColor"
    ground = ada.page.locator("body").evaluate("e => getComputedStyle(e).backgroundColor")
    assert here.evaluate(line) != ground
    assert other.evaluate(line) == ground
    bars = ada.page.locator(".meter progress").all()
    bar = next(each for each in bars if each.get_attribute("value") not in {"0", "100"})
    assert bar.evaluate("e => getComputedStyle(e).borderTopWidth") == "1px"
    picture = Image.open(BytesIO(bar.screenshot())).convert("RGB")
    middle = picture.height // 2
    left, right = (picture.getpixel((x, middle)) for x in (4, picture.width - 5))
    assert left != right  # some seats are used, and not all


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_licence_on_paper_is_a_clean_sheet(visitor: Callable[..., Visitor], scheme: str) -> None:
    ada = visitor(color_scheme=scheme)
    ada.sign_in("ada@example.com")
    page = ada.page
    page.goto(ada.portal.url("acme", f"/licenses/{LICENSE}/"))
    expect(page.get_by_text("Issued by")).to_be_hidden()
    page.evaluate("window.print = () => { document.title = 'printed'; }")
    page.get_by_role("button", name="Print or save as PDF").click()
    expect(page).to_have_title("printed")
    page.emulate_media(media="print", color_scheme=scheme)
    for told in ("Issued by", "Acme Instruments", "Ada Lovelace, Analytical Engines", "As of"):
        expect(page.get_by_text(told).first).to_be_visible()
    expect(page.locator(".machine").first).to_be_visible()
    for gone in ("button", ".button", "nav", "footer", "form", ".crumb", "summary", "#history"):
        for each in page.locator(gone).all():
            expect(each).to_be_hidden()
    on_paper = page.locator("main").inner_text()
    assert re.findall(r"[^\n]*\bago\b[^\n]*|[^\n]*\bin \d+ days[^\n]*", on_paper) == []
    assert (
        page.locator("tbody tr").first.evaluate("e => getComputedStyle(e).breakInside") == "avoid"
    )
    text = page.locator("h1").evaluate("e => getComputedStyle(e).color")
    assert max(map(int, re.findall(r"\d+", text)[:3])) < 80  # dark on paper, whatever the screen
    assert len(page.pdf()) > 10_000


def test_eleven_licences_on_a_phone(visitor: Callable[..., Visitor]) -> None:
    ada = visitor(viewport=PHONE)
    ada.sign_in("ada@example.com")
    assert ada.page.locator(".licenses tbody tr").count() == 11
    height = ada.page.evaluate("document.documentElement.scrollHeight")
    assert height < MOST_HEIGHT
    rows = ada.page.locator(".licenses tbody tr")
    heights = rows.evaluate_all("all => all.map((e) => e.getBoundingClientRect().height)")
    assert max(heights) < 3 * 30


def test_no_seat_left_stands_a_close_look(
    visitor: Callable[..., Visitor], portal: Portal, tmp_path: Path
) -> None:
    machine = Machine(tmp_path, portal.manage("product_file", "acme", "Orbit"))
    machine.run("request", "--key", demo_key("acme", "full"), "--hostname", "third-machine")
    ada = visitor(viewport=PHONE)
    ada.sign_in("ada@example.com")
    page = ada.page
    page.goto(ada.portal.url("acme", "/offline/"))
    page.get_by_text("Paste its text instead").click()
    text = (tmp_path / "activation-request.dat").read_text()
    page.get_by_label("Or paste its text").fill(text)
    page.get_by_role("button", name="Look at the file").click()
    expect(page.get_by_role("heading", name="No seat left for third-machine")).to_be_visible()
    ada.errors.clear()  # Chromium writes down that the answer is a 400
    ada.look_closely()
    page.get_by_role("button", name="Take its seat measuring-02").click()
    expect(page.get_by_role("heading")).to_have_text("measuring-02 stops, third-machine starts")
    ada.look_closely()
    page.get_by_role("link", name="Cancel").click()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_asking_for_a_release_stands_a_close_look(
    visitor: Callable[..., Visitor], scheme: str
) -> None:
    ada = visitor(viewport=PHONE, color_scheme=scheme)
    ada.sign_in("ada@example.com")
    page = ada.page
    page.goto(ada.portal.url("acme", f"/licenses/{demo_id('acme', 'license', 'unlimited')}/"))
    page.get_by_role("link", name="Ask support to release it").click()
    ada.look_closely()
    page.get_by_role("button", name="Ask support").click()
    ada.look_closely()
    page.goto(ada.portal.url("acme", "/licenses/machines/"))
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Deactivate those that are chosen").click()
    ada.look_closely()
