"""The main job, as the README tells it: from a machine without network to a counted seat and back."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from demo.ids import demo_id, demo_key
from tests.e2e.conftest import Visitor
from tests.served import ROOT, Portal

pytestmark = pytest.mark.e2e


class Machine:
    """The SDK's command line, as the vendor's program on a machine."""

    def __init__(self, folder: Path, product: str) -> None:
        self.folder = folder
        (folder / "product.json").write_text(product)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "portal_licensing", *arguments],
            cwd=self.folder,
            env={"PYTHONPATH": str(ROOT / "sdk/python/src"), "PATH": ""},
            capture_output=True,
            text=True,
        )

    def status(self) -> dict[str, Any]:
        return dict(json.loads(self.run("status", "--json").stdout))


@pytest.fixture
def machine(portal: Portal, tmp_path: Path) -> Machine:
    return Machine(tmp_path, portal.manage("product_file", "acme", "Orbit"))


def hand_in(page: Page, file: Path, javascript: bool) -> None:
    """Chooses the file. With a script the page goes on by itself, without one a button does."""
    page.get_by_label("Choose the request file").set_input_files(file)
    if not javascript:
        page.get_by_role("button", name="Look at the file").click()


@pytest.mark.parametrize("javascript", [True, False], ids=["with script", "without script"])
def test_a_seat_is_taken_and_given_back(
    visitor: Callable[..., Visitor], machine: Machine, javascript: bool, tmp_path: Path
) -> None:
    name = "lab-with-script" if javascript else "lab-without-script"
    key = demo_key("acme", "lab")
    license_id = demo_id("acme", "license", "lab")
    assert machine.run("request", "--key", key, "--hostname", name).returncode == 0
    ada = visitor(java_script_enabled=javascript, accept_downloads=True)
    ada.sign_in("ada@example.com")
    page = ada.page

    page.goto(ada.portal.url("acme", f"/licenses/{license_id}/"))
    used = int(page.locator(".meter span").first.inner_text().split()[0])
    page.get_by_role("link", name="Hand in an offline file").click()
    ada.look_closely()
    hand_in(page, tmp_path / "activation-request.dat", javascript)
    expect(page.get_by_role("heading", name=f"Activate {name}?")).to_be_visible()
    ada.look_closely()
    with page.expect_download() as download:
        page.get_by_role("button", name="Activate the machine").click()
        if not javascript:
            page.get_by_role("link", name="Download the response").click()
    assert download.value.suggested_filename == f"{name}-Orbit.dat"
    download.value.save_as(tmp_path / "response.dat")
    ada.look_closely()

    installed = machine.run("install", "response.dat")
    assert installed.returncode == 0, installed.stderr
    assert "The licence is valid." in installed.stdout
    assert machine.status()["valid"] is True
    page.get_by_role("link", name="Go to the licence").click()
    expect(page.locator(".meter span").first).to_have_text(f"{used + 1} of 5")
    expect(page.locator(".machine", has_text=name)).to_be_visible()

    assert machine.run("deactivate").returncode == 0
    assert machine.status()["status"] == "not-activated"
    page.get_by_role("link", name="Offline", exact=True).click()
    hand_in(page, tmp_path / "deactivation-request.dat", javascript)
    expect(page.get_by_role("heading", name=f"Deactivate {name}?")).to_be_visible()
    ada.look_closely()
    with page.expect_download() as download:
        page.get_by_role("button", name="Deactivate the machine").click()
        if not javascript:
            page.get_by_role("link", name="Download the receipt").click()
    download.value.save_as(tmp_path / "receipt.dat")
    receipt = machine.run("receipt", "receipt.dat")
    assert receipt.returncode == 0, receipt.stderr
    assert machine.run("install", "response.dat").returncode == 1
    page.get_by_role("link", name="Go to the licence").click()
    expect(page.locator(".meter span").first).to_have_text(f"{used} of 5")


def test_pasting_works_like_choosing(
    visitor: Callable[..., Visitor], machine: Machine, tmp_path: Path
) -> None:
    machine.run("request", "--key", demo_key("acme", "full"), "--hostname", "third-machine")
    ada = visitor()
    ada.sign_in("ada@example.com")
    ada.page.goto(ada.portal.url("acme", "/offline/"))
    ada.page.get_by_text("Paste its text instead").click()
    text = (tmp_path / "activation-request.dat").read_text()
    ada.page.get_by_label("Or paste its text").fill(text)
    ada.page.get_by_role("button", name="Look at the file").click()
    expect(ada.page.get_by_role("alert")).to_contain_text("All seats of this licence are in use")
    expect(ada.page.get_by_role("alert")).to_contain_text("ACTIVATION_LIMIT_REACHED")


def test_dropping_a_file_goes_on_at_once(
    visitor: Callable[..., Visitor], machine: Machine, tmp_path: Path
) -> None:
    machine.run("request", "--key", demo_key("acme", "lab"), "--hostname", "dropped-machine")
    ada = visitor()
    ada.sign_in("ada@example.com")
    ada.page.goto(ada.portal.url("acme", "/offline/"))
    text = (tmp_path / "activation-request.dat").read_text()
    transfer = ada.page.evaluate_handle(
        "text => { const t = new DataTransfer(); t.items.add(new File([text], 'r.dat')); return t; }",
        text,
    )
    ada.page.dispatch_event("[data-drop]", "drop", {"dataTransfer": transfer})
    expect(ada.page.get_by_role("heading", name="Activate dropped-machine?")).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False], ids=["with script", "without script"])
def test_a_file_that_is_much_too_large_leads_back_to_the_form(
    visitor: Callable[..., Visitor], tmp_path: Path, javascript: bool
) -> None:
    (tmp_path / "large.dat").write_bytes(b"x" * 5 * 1024 * 1024)
    ada = visitor(java_script_enabled=javascript)
    ada.sign_in("ada@example.com")
    page = ada.page
    page.goto(ada.portal.url("acme", "/offline/"))
    hand_in(page, tmp_path / "large.dat", javascript)
    if javascript:
        expect(page.get_by_role("alert")).to_contain_text("64 KiB")
    else:
        expect(page.get_by_role("heading", name="This is too large")).to_be_visible()
        page.get_by_role("link", name="Go back to the form").click()
    expect(page.get_by_label("Choose the request file")).to_be_attached()


def test_an_online_machine_is_deactivated_with_two_clicks(visitor: Callable[..., Visitor]) -> None:
    ada = visitor()
    ada.sign_in("ada@example.com")
    ada.page.goto(ada.portal.url("acme", f"/licenses/{demo_id('acme', 'license', 'soon')}/"))
    ada.page.get_by_role("link", name="Deactivate spectra-desk").click()
    ada.look_closely()
    ada.page.get_by_role("button", name="Deactivate the machine").click()
    expect(ada.page.get_by_role("status").first).to_contain_text("spectra-desk is deactivated")
    expect(ada.page.locator(".meter span").first).to_have_text("0 of 3")
    ada.look_closely()
