"""What the README says to type and to click works as it is written, on a fresh demo."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visitor
from tests.served import ROOT, Portal, served

pytestmark = pytest.mark.e2e

WALK = (ROOT / "README.md").read_text().partition("## What to click")[2].partition("\n## ")[0]


def step(number: int) -> str:
    return re.split(r"(?m)^\d\. ", WALK)[number]


def quoted(text: str, before: str) -> str:
    """What stands in backquotes after these words."""
    found = re.search(rf"{before} `([^`]+)`", text)
    assert found, before
    return found[1]


class Terminal:
    """A folder in which the README's commands are typed."""

    def __init__(self, portal: Portal, folder: Path) -> None:
        self.portal, self.folder = portal, folder

    def type(self, commands: str) -> str:
        """Runs what stands in the README, with this tree's paths; fails where it fails."""
        commands = commands.replace(".venv/bin/python", sys.executable)
        commands = commands.replace("python3 dev.py", f"{sys.executable} {ROOT}/dev.py")
        commands = commands.replace("~/Downloads", str(self.folder))
        commands = commands.replace("=sdk/", f"={ROOT}/sdk/")
        commands = re.sub(r"\bdist\b", str(self.folder / "dist"), commands)
        done = subprocess.run(
            ["bash", "-e", "-c", commands],
            cwd=self.folder,
            env=self.portal.environment | {"PYTHONPATH": str(ROOT / "sdk/python/src")},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def blocks(number: int) -> str:
    """The commands that a step shows in a block of their own."""
    return "\n".join(re.findall(r"(?s)```\n(.*?)```", step(number)))


def commands(number: int) -> list[str]:
    """Those that it shows in a sentence."""
    return re.findall(r"`((?:\.venv|python3)[^`]*)`", step(number))


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    """A fresh one, whatever other tests have done to theirs."""
    with served(tmp_path / "demo") as portal:
        yield portal


@pytest.fixture
def terminal(portal: Portal, tmp_path: Path) -> Terminal:
    folder = tmp_path / "typed"
    folder.mkdir()
    return Terminal(portal, folder)


def opened(visitor: Visitor, number: int) -> Page:
    """The page that the step has one open first."""
    address = re.search(r"<http://([\w.]+):8000/>", step(number))
    assert address
    visitor.page.goto(f"http://{address[1]}:{visitor.portal.port}/")
    return visitor.page


def hand_in(page: Page, file: Path, button: str) -> Path:
    page.get_by_role("link", name="Offline", exact=True).click()
    page.get_by_label("Choose the request file").set_input_files(file)
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    kept = file.parent / download.value.suggested_filename
    download.value.save_as(kept)
    return kept


@pytest.mark.takes_turns
def test_the_walk(portal: Portal, terminal: Terminal, visitor: Callable[..., Visitor]) -> None:
    ada = visitor(accept_downloads=True)
    page = opened(ada, 1)
    page.get_by_label("E-mail").fill(quoted(step(1), "sign in as"))
    page.get_by_label("Password").fill(quoted(step(1), "with"))
    page.get_by_role("button", name="Sign in").click()
    first_machine = quoted(step(1), "deactivate")
    row = page.get_by_role("row").filter(has_text="Spectra").filter(has_text="Expires soon")
    row.get_by_role("link", name="Spectra").click()
    page.get_by_role("link", name=f"Deactivate {first_machine}").click()
    page.get_by_role("button", name="Deactivate the machine").click()
    expect(page.get_by_role("status").first).to_contain_text(f"{first_machine} is deactivated")

    terminal.type(blocks(2))
    response = hand_in(page, terminal.folder / "activation-request.dat", "Activate the machine")
    assert f"`{response.name}`" in step(3)
    told = terminal.type(blocks(3))
    assert "The licence is valid." in told
    page.get_by_role("link", name="Go to the licence").click()
    hostname = re.search(r"--hostname (\S+)", blocks(2))
    assert hostname
    expect(page.locator(".machine", has_text=hostname[1])).to_be_visible()

    give_back, check_receipt = commands(4)
    terminal.type(give_back)
    receipt = hand_in(page, terminal.folder / "deactivation-request.dat", "Deactivate the machine")
    terminal.type(check_receipt.replace("FILE", f"'{receipt}'"))

    page.get_by_role("link", name="Downloads", exact=True).click()
    expect(page.get_by_text("Vault 2.0.0").first).to_be_visible()
    expect(page.get_by_text("curl").first).to_be_attached()
    terminal.type(blocks(5))
    page.reload()
    expect(page.get_by_text("Orbit 4.4", exact=False).first).to_be_visible()

    other = visitor()
    page = opened(other, 6)
    page.get_by_label("E-mail").fill(quoted(step(6), "as"))
    page.get_by_label("Password").fill(quoted(step(6), "with"))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("link", name="Quill").first).to_be_visible()

    staff = visitor()
    page = staff.page
    page.goto(portal.url("app"))
    email, password = re.findall(r"\(`([^`]+)`, `([^`]+)`, company id", step(6))[0]
    page.get_by_label("Company id").fill(quoted(step(6), "company id"))
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    sought = quoted(step(7), "type")
    page.get_by_role("searchbox").first.fill(sought)
    page.keyboard.press("Enter")
    expect(page.get_by_text(sought).first).to_be_visible()
    expect(page.get_by_text("Nothing here has")).to_have_count(0)
    assert sought != first_machine
    page.get_by_role("link", name="Overview", exact=True).first.click()
    page.get_by_role("link", name="Customers", exact=True).first.click()
    page.get_by_role("link", name="ada@example.com").first.click()
    expect(page.get_by_role("button", name="View as Ada Lovelace")).to_be_visible()
    for command in commands(7):
        assert "acme: whole" in terminal.type(command)

    page.get_by_role("link", name="Overview", exact=True).first.click()
    page.get_by_role("link", name="Branding", exact=True).first.click()
    expect(page.get_by_role("heading", name="Preview").first).to_be_visible()
    page.get_by_role("link", name="Overview", exact=True).first.click()
    page.get_by_role("link", name="Custom domains", exact=True).first.click()
    page.get_by_role("link", name="Add a domain").click()
    domain = quoted(step(8), "such as")
    page.get_by_label("Domain").fill(domain)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("table", name="Set this record")).to_contain_text(domain)


def test_every_block_of_the_walk_is_typed() -> None:
    """So that no command is added which nobody tries."""
    assert [number for number in range(1, 9) if blocks(number)] == [2, 3, 5]
    assert [number for number in range(1, 9) if commands(number)] == [4, 7]
    assert shutil.which("bash")
