"""The main tasks by the keyboard alone: the focus is always seen, and never lost.

After test_walk.py, since it takes the last seat of a licence.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from demo.ids import demo_id, demo_key
from tests.e2e.conftest import Visitor
from tests.e2e.test_walk import Machine
from tests.served import Portal

pytestmark = pytest.mark.e2e

FARTHEST = 90  # presses of Tab to anything on a page
# What has the focus: its name as it is read out, and what is wrong with how it is shown.
FOCUSED = """() => {
  const e = document.activeElement, s = getComputedStyle(e), r = e.getBoundingClientRect();
  const label = e.labels?.[0]?.textContent || document.getElementById(e.getAttribute("aria-labelledby"))?.textContent;
  const name = (e.getAttribute("aria-label") || label || e.textContent || e.value || "").trim().replace(/\\s+/g, " ");
  const marked = (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2)
    || s.boxShadow !== "none" || e.closest(".drop:focus-within") !== null
    || e.type === "date"; // whose button for the calendar has the browser's own mark
  const inside = r.width > 0 && r.bottom > 0 && r.top < innerHeight;
  return {name, kind: e.localName, wrong: e === document.body ? "" : !marked ? "unmarked" : !inside ? "out of sight" : ""};
}"""


class Keys:
    """Somebody who has a keyboard and nothing else."""

    def __init__(self, page: Page) -> None:
        self.page = page
        # Choosers are taken from Chromium from now on: when it is told so only as Enter is pressed,
        # it may open its own first, and no other while that one is open.
        page.on("filechooser", lambda _chooser: None)

    def to(self, name: str, kind: str = "", *, whole: bool = True) -> None:
        """Presses Tab until what has that name (its beginning, unless `whole`) has the focus;
        whatever is passed shows that it has it."""
        passed = []
        for _press in range(FARTHEST):
            self.page.keyboard.press("Tab")
            found = self.page.evaluate(FOCUSED)
            assert not found["wrong"], f"{self.page.url}: {found}"
            is_it = found["name"] == name if whole else found["name"].startswith(name)
            if is_it and kind in ("", found["kind"]):
                return
            passed.append(found["name"][:30])
        raise AssertionError(f"{self.page.url}: no {name!r} among {passed}")

    def press(self, name: str, kind: str = "", key: str = "Enter", *, whole: bool = True) -> None:
        """Presses what leads to another page."""
        self.to(name, kind, whole=whole)
        self.enter(key)

    def enter(self, key: str = "Enter") -> None:
        with self.page.expect_navigation():
            self.page.keyboard.press(key)

    def type(self, name: str, text: str, *, whole: bool = True) -> None:
        self.to(name, whole=whole)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)

    def chooses(self, file: Path, name: str) -> None:
        """Opens the field's chooser by the keyboard, where the file is chosen."""
        self.to(name, "input", whole=False)
        with self.page.expect_file_chooser() as chooser:
            self.page.keyboard.press("Enter")
        chooser.value.set_files(file)

    def at(self, heading: str) -> None:
        expect(self.page.get_by_role("heading", name=heading).first).to_be_visible()


@pytest.mark.takes_turns
def test_the_main_tasks(visitor: Callable[..., Visitor], portal: Portal, tmp_path: Path) -> None:
    """A customer's, then those of the vendor's, who answers what she has asked."""
    a_customers_tasks(visitor, portal, tmp_path)
    a_vendors_tasks(visitor, tmp_path)


def a_customers_tasks(visitor: Callable[..., Visitor], portal: Portal, tmp_path: Path) -> None:
    machine = Machine(tmp_path, portal.manage("product_file", "acme", "Orbit"))
    machine.run("request", "--key", demo_key("acme", "lab"), "--hostname", "by-keyboard")
    ada = visitor(accept_downloads=True)
    page, keys = ada.page, Keys(ada.page)
    page.goto(ada.portal.url("acme", "/login/"))
    keys.type("E-mail", "ada@example.com")
    keys.type("Password", "demo-acme-ada")
    keys.enter()
    keys.at("Licences")

    # Finds the licence.
    keys.type("Search", demo_key("acme", "lab"))
    keys.enter()
    keys.press("Orbit", "a", whole=False)
    keys.at("Orbit")

    # Hands in a request file, and takes the response.
    keys.press("Offline", "a")
    with page.expect_navigation():  # the page goes on by itself
        keys.chooses(tmp_path / "activation-request.dat", "Choose the request file")
    keys.at("by-keyboard")
    keys.press("Activate", "button", whole=False)
    with page.expect_download() as response:
        keys.to("Download the response", "a")
        page.keyboard.press("Enter")
    assert response.value.path().stat().st_size > 100

    # Asks support to release the machine.
    page.goto(ada.portal.url("acme", f"/licenses/{demo_id('acme', 'license', 'lab')}/"))
    keys.press("Ask support to release it by-keyboard", "a")
    keys.type("What has happened to the machine", "It was stolen.", whole=False)
    keys.press("Ask support", "button")
    expect(page.get_by_text("It was stolen.").first).to_be_visible()

    # Looks at all machines, and out. No seat is given back: a licence has few of that.
    keys.press("Licences", "a")
    keys.press("All machines", "a")
    keys.to("Choose render-farm-01")
    keys.press("Profile", "a")
    keys.type("Company", "Analytical Engines")
    keys.press("Save", "button")
    expect(page.get_by_text("saved").first).to_be_visible()
    keys.press("Sign out", "button", key="Space")
    expect(page.get_by_text("You are signed out.")).to_be_visible()


def a_vendors_tasks(visitor: Callable[..., Visitor], tmp_path: Path) -> None:
    admin = visitor()
    page, keys = admin.page, Keys(admin.page)
    page.goto(admin.portal.url("app"))
    keys.type("Company id", "acme")
    keys.type("E-mail", "admin@acme.example")
    keys.type("Password", "demo-acme-admin")
    keys.enter()

    # A licence.
    keys.press("Licences", "a")
    keys.press("New licence", "a")
    keys.type("Customer's e-mail", "keys@example.com", whole=False)
    keys.type("Seats", "3", whole=False)
    keys.press("Create the licence", "button")
    expect(page.get_by_text("is created").first).to_be_visible()

    # Its end is moved, among others.
    keys.press("Licences", "a")
    keys.to("Choose", "input", whole=False)
    page.keyboard.press("Space")
    keys.to("With the chosen ones", "select", whole=False)
    page.keyboard.type("Exten")
    keys.press("Go", "button")
    keys.at("Extend")
    keys.type("Extend by", "1 year", whole=False)
    keys.press("Show what will change", "button")
    keys.at("will change")

    # Her request is answered.
    keys.press("Requests to release", "a")
    row = page.locator("#result_list tr", has_text="by-keyboard")
    keys.press(row.locator("th a").inner_text(), "a")
    keys.type("Answer", "It is free.", whole=False)
    keys.press("Release the machine", "button")
    expect(page.get_by_text("by-keyboard").first).to_be_visible()

    # A release with a file.
    keys.press("Releases", "a")
    keys.press("Add a release", "a")
    keys.to("Product", "select")
    page.keyboard.type("Vault")
    keys.type("Version", "1.0.1", whole=False)
    keys.type("Platforms", "linux", whole=False)
    keys.press("Save, then add files", "button")
    program = tmp_path / "vault-1.0.1.tar.gz"
    program.write_bytes(bytes(range(256)) * 64)
    keys.chooses(program, "Files")
    keys.press("Upload", "button")
    keys.at("Files of Vault 1.0.1")
    expect(page.get_by_text("1 file is added.")).to_be_visible()
    keys.press("Publish", "button")
    expect(page.get_by_text("is published.")).to_be_visible()
    assert admin.errors == []
