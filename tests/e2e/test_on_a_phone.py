"""A vendor's errands on a phone, from a new customer to a lost machine: how many taps each takes."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Visitor
from tests.e2e.test_first_hour import enter, link_in, set_password
from tests.e2e.test_walk import Machine
from tests.served import Portal

pytestmark = pytest.mark.e2e

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
MARGARET = "margaret@phone.example"


class Thumb:
    """Somebody with a phone, whose taps are counted. Nothing scrolls sideways on the way."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.taps = 0

    def on(self, what: Locator) -> None:
        self.page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")
        what.tap()
        self.taps += 1

    def link(self, name: str) -> None:
        self.on(self.page.get_by_role("link", name=name, exact=True).first)

    def button(self, name: str) -> None:
        self.on(self.page.get_by_role("button", name=name, exact=True).first)

    def menu(self, name: str) -> None:
        self.button("Menu")
        self.on(self.page.locator("#navigation").get_by_role("link", name=name, exact=True))

    def counted(self) -> int:
        """The taps since it was last asked."""
        taps, self.taps = self.taps, 0
        return taps


@pytest.mark.takes_turns
def test_a_licence_is_sold_a_download_given_and_a_lost_machine_released(
    portal: Portal, visitor: Callable[..., Visitor], tmp_path: Path
) -> None:
    dan = visitor(**PHONE)
    page, thumb = dan.page, Thumb(dan.page)
    page.goto(portal.url("app"))
    enter(page, "globex", "admin@globex.example", "demo-globex-admin")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()

    # A licence for somebody new: an e-mail and the product are all that has to be said.
    thumb.menu("Licences")
    thumb.link("New licence")
    page.get_by_label("Customer's e-mail").fill(MARGARET)
    page.get_by_label("Product", exact=True).select_option(label="Quill")
    thumb.button("Create the licence")
    expect(page.get_by_text(f"on its way to {MARGARET}")).to_be_visible()
    key = page.locator("h1 .key, h1 code").inner_text()
    assert thumb.counted() == 4

    # A download.
    thumb.menu("Releases")
    thumb.link("Add a release")
    page.get_by_label("Product").select_option(label="Quill")
    page.get_by_label("Version").fill("9.1.0")
    page.get_by_label("Platforms").fill("linux")
    thumb.button("Save, then add files")
    program = tmp_path / "quill-9.1.0.bin"
    program.write_bytes(bytes(range(256)))
    page.get_by_label("Files", exact=True).set_input_files(program)
    thumb.button("Upload")
    thumb.button("Publish")
    expect(page.get_by_text("is published.")).to_be_visible()
    assert thumb.counted() == 6

    her_machine_is_lost(portal, visitor, tmp_path, key)

    # Her request stands on the first page.
    thumb.link("Globex Software")
    thumb.on(page.get_by_role("link", name=re.compile("request.* to release a machine")))
    thumb.on(page.locator("#result_list tbody th a").first)
    thumb.button("Release the machine")
    expect(page.get_by_text("is released")).to_be_visible()
    assert thumb.counted() == 4
    assert dan.errors == []


def her_machine_is_lost(
    portal: Portal, visitor: Callable[..., Visitor], tmp_path: Path, key: str
) -> None:
    """The customer takes the download, activates a machine without network, and loses it."""
    margaret = visitor(**PHONE, accept_downloads=True)
    page, thumb = margaret.page, Thumb(margaret.page)
    page.goto(link_in(portal, MARGARET, "/invitation/"))
    set_password(page)
    thumb.link("Downloads")
    with page.expect_download():
        thumb.link("Download quill-9.1.0.bin")
    assert thumb.counted() == 2
    machine = Machine(tmp_path, portal.manage("product_file", "globex", "Quill"))
    machine.run("request", "--key", key, "--hostname", "lost-tablet")
    thumb.link("Offline")
    with page.expect_navigation():
        page.get_by_label("Choose the request file").set_input_files(
            tmp_path / "activation-request.dat"
        )
    thumb.on(page.get_by_role("button", name=re.compile("^Activate")))
    expect(page.get_by_role("link", name="Download the response")).to_be_visible()
    assert thumb.counted() == 2
    thumb.link("Licences")
    thumb.on(page.get_by_role("link", name=re.compile("^Quill")).first)
    thumb.link("Ask support to release it lost-tablet")
    page.get_by_label("What has happened to the machine").fill("It fell into a lake.")
    thumb.button("Ask support")
    expect(page.get_by_text("It fell into a lake.").first).to_be_visible()
    assert thumb.counted() == 4
    assert margaret.errors == []
