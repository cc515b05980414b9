"""Releases in Chromium and with curl: publish, download, verify, resume across a restart."""

import hashlib
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from demo.files import content
from demo.ids import demo_id, demo_key
from tests.e2e.conftest import Visitor
from tests.served import PATIENCE, Portal, served

pytestmark = [pytest.mark.e2e, pytest.mark.takes_turns]

NAME = "orbit-4.2.1-linux.tar.gz"
RELEASE = demo_id("acme", "release", "Orbit", "4.2.1", "linux")


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("javascript", [True, False])
def test_a_download_is_what_its_checksum_says(
    visitor: Callable[..., Visitor], tmp_path: Path, javascript: bool
) -> None:
    ada = visitor(java_script_enabled=javascript)
    ada.sign_in("ada@example.com")
    page = ada.page
    page.get_by_role("link", name="Downloads", exact=True).click()
    expect(page.get_by_label("Platform")).to_have_value("linux")  # as Chromium says of itself
    card = page.get_by_role("article").filter(has_text=NAME)
    with page.expect_download() as download:
        card.get_by_role("link", name=f"Download {NAME}").click()
    assert download.value.suggested_filename == NAME
    download.value.save_as(tmp_path / NAME)
    card.get_by_text("Checksum and command line").click()
    shown = card.locator("dd code").first.inner_text()
    assert shown == sha256(tmp_path / NAME) == hashlib.sha256(content(NAME)).hexdigest()
    ada.look_closely()


def test_the_command_line_that_the_page_shows_works(
    visitor: Callable[..., Visitor], tmp_path: Path
) -> None:
    ada = visitor()
    ada.sign_in("ada@example.com")
    ada.page.goto(ada.portal.url("acme", f"/releases/{RELEASE}/"))
    ada.page.get_by_text("Checksum and command line").click()
    shown = [code.inner_text() for code in ada.page.locator("dd code").all()]
    sha256 = shown[0]
    [line] = [text for text in shown if text.startswith("curl ")]
    [typed] = [text for text in shown if text.startswith("url = ")]
    assert demo_key("acme", "lab") not in line  # what is typed into curl is in no shell's history
    subprocess.run(
        ["sh", "-c", line],
        input=f"{typed}\n",
        text=True,
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    assert (tmp_path / NAME).read_bytes() == content(NAME)
    [check] = [text for text in shown if text.startswith("sha256sum ")]
    told = subprocess.run(
        ["sh", "-c", check], text=True, cwd=tmp_path, check=True, capture_output=True
    )
    assert told.stdout.split()[0] == sha256
    ada.look_closely()


def test_what_is_not_covered_says_why(visitor: Callable[..., Visitor]) -> None:
    ada = visitor()
    ada.sign_in("ada@example.com")
    newer = demo_id("acme", "release", "Vault", "2.0.0", "linux")
    ada.page.goto(ada.portal.url("acme", f"/releases/{newer}/"))
    expect(ada.page.get_by_text("Your maintenance includes updates of version 1")).to_be_visible()
    ada.look_closely()
    path = f"/releases/{newer}/vault-2.0.0-linux.tar.gz"
    answer = ada.page.goto(ada.portal.url("acme", path))
    assert answer
    assert answer.status == 403
    expect(ada.page.get_by_text("Your maintenance includes updates of version 1")).to_be_visible()


def test_a_cut_download_goes_on_at_a_server_that_has_started_since(
    portal: Portal, tmp_path: Path
) -> None:
    target, key = tmp_path / NAME, demo_key("acme", "lab")

    def url(port: int) -> str:
        return f"http://acme.portal.localhost:{port}/releases/{RELEASE}/{NAME}?key={key}"

    before = _counted(portal)
    cut = f"curl -s '{url(portal.port)}' | head -c 1000000 > {target}"
    subprocess.run(["sh", "-c", cut], check=True)
    assert target.stat().st_size == 1_000_000
    with served(portal.data) as other:
        again = ["curl", "-s", "-f", "-L", "-C", "-", "-o", str(target), url(other.port)]
        subprocess.run(again, check=True)
    assert target.read_bytes() == content(NAME)
    assert _counted(portal) == before + 1


def _counted(portal: Portal) -> int:
    """How often the file has been downloaded."""
    return int(
        portal.manage(
            "shell",
            "-v",
            "0",
            "-c",
            "from tenancy.door import Way, outside\n"
            "from releases.models import ReleaseFile\n"
            f"with outside(Way.EMAILS, 'a test'): print(ReleaseFile.objects.get(name={NAME!r}).download_count)",
        )
    )


def test_slow_readers_leave_threads_for_pages(visitor: Callable[..., Visitor]) -> None:
    """gunicorn alone: sixteen downloads that hardly move, and pages answer all the same."""
    portal = visitor().portal
    url = portal.url("acme", f"/releases/{RELEASE}/{NAME}?key={demo_key('acme', 'lab')}")
    slow = [
        subprocess.Popen(["curl", "-s", "-o", "/dev/null", "--limit-rate", "1k", url])
        for _ in range(16)
    ]
    try:
        time.sleep(1)
        assert all(process.poll() is None for process in slow)
        ada = visitor()
        begun = time.monotonic()
        ada.sign_in("ada@example.com")
        expect(ada.page.get_by_role("heading", name="Licences")).to_be_visible()
        assert time.monotonic() - begun < PATIENCE / 1000
    finally:
        for process in slow:
            process.kill()
            process.wait()


def test_a_vendor_publishes_and_a_customer_downloads(
    visitor: Callable[..., Visitor], tmp_path: Path
) -> None:
    admin = visitor()
    page = admin.page
    page.goto(admin.portal.url("app"))
    page.get_by_label("Company id").fill("acme")
    page.get_by_label("E-mail").fill("admin@acme.example")
    page.get_by_label("Password").fill("demo-acme-admin")
    page.get_by_role("button", name="Sign in").click()
    page.goto(admin.portal.url("app", "/releases/release/add/"))
    page.locator("#id_product").evaluate(
        "(select, id) => { select.add(new Option('Orbit', id, true, true)); }",
        str(demo_id("acme", "product", "Orbit")),
    )
    page.get_by_label("Name", exact=True).fill("Orbit")
    page.get_by_label("Version", exact=True).fill("6.1")
    page.get_by_label("Platforms", exact=True).fill("linux, beos")
    own = page.get_by_label("These are platforms of our own")
    expect(own).to_be_hidden()
    page.get_by_role("button", name="Save, then add files").click()
    expect(page.get_by_text("The portal doesn't know the platform beos.").first).to_be_visible()
    own.check()
    page.get_by_role("button", name="Save, then add files").click()
    big = tmp_path / "orbit-6.1.bin"
    big.write_bytes(content("big") * 3)
    page.get_by_label("Files", exact=True).set_input_files(big)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text("1 file is added.")).to_be_visible()
    expect(page.get_by_text(sha256(big))).to_be_visible()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Orbit 6.1 is published.")).to_be_visible()
    assert admin.errors == []

    grace = visitor()
    grace.sign_in("grace@example.com")
    grace.page.goto(grace.portal.url("acme", "/releases/?platform=beos"))
    with grace.page.expect_download() as download:
        grace.page.get_by_role("link", name="Download orbit-6.1.bin").click()
    download.value.save_as(tmp_path / "got")
    assert sha256(tmp_path / "got") == sha256(big)
    grace.look_closely()


# Each in one release, made for nobody's visitors but those of this test.
NAMES = (
    "Orbit 6 (x64) @home.zip",
    "orbit+6~rc1.tar.gz",
    "it's [6], {a}&b;c=d #1^.zip",
    "Überblick für Grüße.pdf",
    "Установка 6.exe",
    "軌道 6.dmg",
    "مدار.zip",
    "🚀 orbit.zip",
    "-orbit",
    "or~bit",
)


def test_names_are_kept_by_chromium_and_by_the_command_line(
    visitor: Callable[..., Visitor], tmp_path: Path
) -> None:
    dist, target = tmp_path / "dist", tmp_path / "saved"
    dist.mkdir()
    target.mkdir()
    for name in NAMES:
        (dist / name).write_text(name)
    ada = visitor()
    said = ada.portal.manage(
        "publish_release", "globex", "Quill", "6.0-rc.1", str(dist),
        "--platform", "plan9", "--own-platforms", "--channel", "names",
    )  # fmt: skip
    ada.sign_in("ada@example.com", "globex")
    ada.page.goto(ada.portal.url("globex", f"/releases/{said.rpartition(': ')[2].strip()}/"))
    for name in NAMES:
        with ada.page.expect_download() as download:
            ada.page.get_by_role("link", name=f"Download {name}", exact=True).click()
        assert download.value.suggested_filename == name
        download.value.save_as(target / "by chromium")
        assert (target / "by chromium").read_text() == name
    (target / "by chromium").unlink()
    for part in ada.page.get_by_text("Checksum and command line").all():
        part.click()
    shown = ada.page.locator("dd.key code").all_inner_texts()
    commands = [line for line in shown if line.startswith("curl")]
    addresses = [line for line in shown if line.startswith("url")]
    for command, address in zip(commands, addresses, strict=True):
        subprocess.run(
            ["bash", "-c", command],
            input=address.encode(),
            cwd=target,
            check=True,
            capture_output=True,
        )
    assert {path.name: path.read_text() for path in target.iterdir()} == {n: n for n in NAMES}
    ada.look_closely()
