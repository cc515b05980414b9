"""A vendor's first hour: from the operator's form to a customer who downloads."""

import email
import hashlib
import re
from collections.abc import Callable
from email import policy
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.branding.pictures import bytes_of
from tests.e2e.conftest import Visitor
from tests.served import Portal

pytestmark = pytest.mark.e2e

PASSWORD = "a phrase that is long enough"


def link_in(portal: Portal, address: str, part: str) -> str:
    """The newest link with this part in an e-mail to the address."""
    message = email.message_from_string(portal.emails_to(address)[-1], policy=policy.default)
    body = message.get_body(("plain",))
    assert body
    found = re.findall(r"https?://\S+", str(body.get_content()))
    return str(next(link for link in found if part in link))


def enter(page: Page, company_id: str, address: str, password: str) -> None:
    page.get_by_label("Company id").fill(company_id)
    page.get_by_label("E-mail").fill(address)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def set_password(page: Page) -> None:
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_label("New password again").fill(PASSWORD)
    page.get_by_role("button").last.click()


@pytest.mark.parametrize("javascript", [True, False], ids=["with script", "without script"])
@pytest.mark.takes_turns
def test_a_vendors_first_hour(
    portal: Portal, visitor: Callable[..., Visitor], tmp_path: Path, javascript: bool
) -> None:
    label = "initech" if javascript else "initrode"
    bill, mary = f"bill@{label}.example", f"mary@{label}.example"
    office, home = portal.url("app"), portal.url(label)

    # The operator makes the vendor, whose first administrator is invited.
    root = visitor().page
    root.goto(office)
    enter(root, "", "root@example.com", "demo-root")
    root.goto(f"{office}tenancy/vendor/add/")
    root.get_by_label("Company id", exact=True).fill(label)
    root.get_by_label("Name", exact=True).fill("Initech Tools")
    root.get_by_label("E-mail of the first administrator", exact=True).fill(bill)
    root.get_by_role("button", name="Save", exact=True).click()
    expect(root.get_by_text("was added successfully")).to_be_visible()

    # He accepts the invitation, by which he is signed in.
    admin = visitor(java_script_enabled=javascript)
    page = admin.page
    page.goto(link_in(portal, bill, "/invitation/"))
    set_password(page)
    expect(page.get_by_role("heading", name="First steps")).to_be_visible()
    admin.look_closely()

    # What customers will see, before there is one.
    page.get_by_role("link", name="See your portal as a customer will").click()
    admin.look_closely()
    page.get_by_role("link", name="Laboratory").click()
    expect(page.get_by_text("workstation-01").first).to_be_visible()
    admin.look_closely()

    # The logo.
    logo = tmp_path / "logo.png"
    logo.write_bytes(bytes_of((320, 64), colour="#7a1fa2"))
    page.goto(f"{office}branding/branding/")
    page.get_by_label("Logo for light ground", exact=True).set_input_files(logo)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("The look of your portal is saved.")).to_be_visible()

    # A product and a policy.
    page.goto(f"{office}licenses/product/add/")
    page.get_by_label("Name", exact=True).fill("Stapler")
    page.get_by_role("button", name="Save", exact=True).click()
    page.goto(f"{office}licenses/licensepolicy/add/")
    page.get_by_label("Name", exact=True).fill("Yearly")
    page.get_by_label("Seats", exact=True).fill("3")
    page.get_by_label("Validity", exact=True).fill("1 year")
    page.get_by_role("button", name="Save", exact=True).click()

    # A customer with a licence: one form, which also writes to her.
    page.goto(f"{office}licenses/license/add/")
    admin.look_closely()
    page.get_by_label("Customer's e-mail", exact=True).fill(mary)
    page.get_by_label("First name", exact=True).fill("Mary")
    page.get_by_role("button", name="Create the licence").click()
    expect(page.get_by_text(f"on its way to {mary}")).to_be_visible()
    key = page.locator(".field-key .readonly").inner_text()

    # A release.
    page.goto(f"{office}releases/release/add/")
    page.get_by_label("Name", exact=True).fill("Stapler")
    page.get_by_label("Version", exact=True).fill("1.0")
    page.get_by_label("Platforms", exact=True).fill("linux")
    page.get_by_role("button", name="Save, then add files").click()
    program = tmp_path / "stapler-1.0.bin"
    program.write_bytes(bytes(range(256)) * 8192)
    page.get_by_label("Files", exact=True).set_input_files(program)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text("1 file is added.")).to_be_visible()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Stapler 1.0 is published.")).to_be_visible()
    page.goto(office)
    expect(page.get_by_role("heading", name="Licences by status")).to_be_visible()
    admin.look_closely()
    for step in ("Add a maintenance policy", "Add a domain of your own", "Invite a colleague"):
        page.get_by_role("button", name=f"Not now {step}").click()
    page.get_by_role("link", name="Send yourself a test").click()
    admin.look_closely()
    page.get_by_role("button", name="Send me a test e-mail").click()
    expect(page.get_by_text(f"A test e-mail is on its way to {bill}.")).to_be_visible()
    page.goto(office)
    expect(page.get_by_role("heading", name="First steps")).to_have_count(0)

    # The customer follows her link and sees it all, in the vendor's look.
    customer = visitor(java_script_enabled=javascript, accept_downloads=True)
    hers = customer.page
    hers.goto(link_in(portal, mary, "/invitation/"))
    set_password(hers)
    expect(hers.get_by_text("you are signed in")).to_be_visible()
    assert hers.url == f"{home}licenses/"
    expect(hers.get_by_role("img", name="Initech Tools")).to_be_visible()
    expect(hers.get_by_text(key)).to_be_visible()
    customer.look_closely()
    hers.get_by_role("link", name="Stapler").first.click()
    expect(hers.locator(".meter span").first).to_have_text("0 of 3")
    expect(hers.get_by_text("Licence sent by e-mail")).to_be_visible()
    hers.get_by_role("link", name="Downloads", exact=True).click()
    with hers.expect_download() as download:
        hers.get_by_role("link", name="Download stapler-1.0.bin").click()
    download.value.save_as(tmp_path / "got")
    digests = {
        hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
        for name in ("got", "stapler-1.0.bin")
    }
    assert len(digests) == 1

    # The vendor's people find the whole story by reading out her name.
    page.goto(f"{office}find/?q={mary}")
    for text in (key, "stapler-1.0.bin", "E-mails", "Sign-ins"):
        expect(page.get_by_text(text).first).to_be_visible()
    admin.look_closely()
    assert portal.manage("verify_audit", label).startswith(f"{label}: whole, ")
