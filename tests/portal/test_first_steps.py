"""A new vendor's first day: each step leads to its form, and what was done leads on."""

import re
from typing import Any

import pytest

from accounts.models import BuiltIn, User
from accounts.verbs.vendors import begin_vendor
from audit.models import AuditEntry
from licenses.models import LicensePolicy, Product
from mail.models import OutgoingEmail
from releases.models import Release
from tenancy.door import inside
from tenancy.models import Vendor
from tests.world import Browser, World, release, signed_in, user, vendor_now

STEPS = [
    ("look", "/branding/branding/"),
    ("product", "/licenses/product/add/"),
    ("policy", "/licenses/licensepolicy/add/"),
    ("maintenance", "/licenses/maintenancepolicy/add/"),
    ("customer", "/accounts/user/add/?_changelist_filters=kind%3Dcustomers"),
    ("licence", "/licenses/license/add/"),
    ("release", "/releases/release/add/"),
    ("domain", "/branding/customdomain/add/"),
    ("colleague", "/accounts/user/add/?_changelist_filters=kind%3Dteam"),
    ("test-email", "/accounts/portalsettings/"),
]


@pytest.fixture
def newco(db: None) -> Vendor:
    vendor = begin_vendor(Vendor(company_id="newco", name="Newco"))
    with inside(vendor):
        user(vendor, "admin@newco.example", role=BuiltIn.ADMIN)
    return vendor


def admin_of(vendor: Vendor) -> Browser:
    with inside(vendor):
        return signed_in(User.objects.select_related("vendor").get(role=BuiltIn.ADMIN))


def steps(browser: Browser) -> list[Any]:
    found: list[Any] = browser.get("/").context["steps"]
    return found


def followed(browser: Browser, path: str, form: dict[str, Any]) -> str:
    """The link by which the page after a form leads on; empty for none."""
    page = browser.post(path, form, follow=True).content.decode()
    found = re.search(r'First steps, next: <a href="([^"]+)"', page)
    return found[1] if found else ""


def test_while_steps_are_open_nobody_is_told_that_nothing_is_to_be_done(world: World) -> None:
    rest = "Nothing needs you."
    admin = signed_in(world.acme_admin)
    assert steps(admin)
    assert rest not in admin.get("/").content.decode()
    assert rest in signed_in(world.acme_support).get("/").content.decode()


def test_a_new_vendor_sees_them_alone_and_the_first_one_stands_out(newco: Vendor) -> None:
    page = admin_of(newco).get("/")
    told = page.context["steps"]
    assert [(step.name, step.url) for step in told] == STEPS
    assert [step.name for step in told if step.next] == ["look"]
    assert not any(step.done for step in told)
    assert page.context["cards"] == []
    html = page.content.decode()
    assert html.count('aria-current="step"') == 1
    assert re.findall(r'action="(/first-steps/[^"]+)"', html) == [
        f"/first-steps/{name}/skip/" for name in ("maintenance", "domain", "colleague")
    ]


def test_each_step_leads_on_to_the_next(newco: Vendor) -> None:
    """A day from the first form to the last, by the links alone; no page is read."""
    admin = admin_of(newco)
    logo = {"accent_color": "#123456", "use_accent": "on"}
    assert followed(admin, STEPS[0][1], logo) == STEPS[1][1]
    product = {
        "name": "Stapler", "offline_response_validity": "30 days", "allowed_key_replacements": "3",
    }  # fmt: skip
    assert followed(admin, STEPS[1][1], product) == STEPS[2][1]
    policy = {
        "name": "Yearly", "type": "node-locked", "allowed_activations": "3",
        "subscription_interval": "1 year", "expiration_strategy": "immediate",
        "allowed_deactivations": "-1", "fingerprint_matching_strategy": "exact",
        "server_sync_interval": "1 hour", "server_sync_grace_period": "0",
        "allowed_clock_offset": "1 hour", "lease_duration": "0",
        "expiring_soon_event_offset": "30 days",
        "leasing_strategy": "per-machine", "allowed_floating_clients": "0",
    }  # fmt: skip
    assert followed(admin, STEPS[2][1], policy) == STEPS[3][1]
    upkeep = {
        "name": "Updates", "subscription_interval": "1 year", "expiration_strategy": "immediate",
    }  # fmt: skip
    assert followed(admin, STEPS[3][1], upkeep) == STEPS[4][1]
    mary = {"email": "mary@example.com", "role": "user", "is_active": "on"}
    assert followed(admin, STEPS[4][1], mary) == STEPS[5][1]
    with inside(newco):
        stapler, yearly = Product.objects.get(), LicensePolicy.objects.get()
    licence = {
        "email": "mary@example.com", "product": str(stapler.pk), "policy": str(yearly.pk),
    }  # fmt: skip
    assert followed(admin, STEPS[5][1], licence) == STEPS[6][1]
    with inside(newco):
        release(stapler)
    domain = {"name": "licences.newco.example"}
    assert followed(admin, STEPS[7][1], domain) == STEPS[8][1]
    joan = {"email": "joan@newco.example", "role": "support", "is_active": "on"}
    assert followed(admin, STEPS[8][1], joan) == STEPS[9][1]
    page = admin.post("/accounts/portalsettings/test-email/", follow=True).content.decode()
    assert "A test e-mail is on its way to admin@newco.example." in page
    assert "First steps" not in page
    assert steps(admin) == []


def test_the_portals_address_stands_beside_them(newco: Vendor) -> None:
    page = admin_of(newco).get("/").content.decode()
    address = "http://newco.portal.localhost:8000/"
    assert f'<a href="{address}">{address}</a>' in page
    assert f'data-copy="{address}"' in page
    assert "js/portal.js" in page


def test_the_first_customer_is_asked_for_as_one(newco: Vendor) -> None:
    """No role but customers', and nothing that somebody new can't have."""
    page = admin_of(newco).get(STEPS[4][1]).content.decode()
    assert "<h1>Add a customer</h1>" in page
    roles = re.search(r'<select name="role".*?</select>', page, re.DOTALL)
    assert roles
    assert re.findall(r'value="([^"]*)"', roles[0]) == ["user", "organization-admin"]
    assert "Last login" not in page
    assert "Last seen" not in page
    colleague = admin_of(newco).get(STEPS[8][1]).content.decode()
    assert "<h1>Add a colleague</h1>" in colleague
    assert '<option value="support" selected>' in colleague
    assert "may use the customer portal" not in colleague.lower()


def test_what_is_next_has_no_tick(newco: Vendor) -> None:
    product = {
        "name": "Stapler", "offline_response_validity": "30 days", "allowed_key_replacements": "3",
    }  # fmt: skip
    page = admin_of(newco).post("/licenses/product/add/", product, follow=True).content.decode()
    icons = re.findall(r'<p class="notice (\w+)">.*?#([a-z]+)"', page, re.DOTALL)
    assert icons == [("success", "check"), ("info", "info")]


def test_a_draft_is_where_a_release_goes_on(world: World) -> None:
    admin = signed_in(world.globex_admin)
    with inside(world.globex):
        Release.objects.update(published=False, published_at=None)
        made = Release.objects.get()
    found = {step.name: step.url for step in steps(admin)}
    assert found["release"] == f"/releases/release/{made.pk}/change/"


def test_a_form_that_is_no_step_any_more_leads_nowhere(world: World) -> None:
    form = {
        "name": "Nova", "offline_response_validity": "30 days", "allowed_key_replacements": "3",
    }  # fmt: skip
    assert followed(signed_in(world.acme_admin), "/licenses/product/add/", form) == ""


def test_what_is_put_aside_stays_there(newco: Vendor) -> None:
    admin = admin_of(newco)
    assert admin.post("/first-steps/domain/skip/").status_code == 302
    assert admin.post("/first-steps/domain/skip/").status_code == 302
    assert vendor_now(newco).settled_steps == ["domain"]
    told = {step.name: step for step in steps(admin_of(newco))}
    assert (told["domain"].skipped, told["domain"].open) == (True, False)
    assert "Put aside." in admin.get("/").content.decode()
    with inside(newco):
        entry = AuditEntry.objects.get(action="changed", subject_type="tenancy.vendor")
    assert entry.changes == {"settled_steps": [[], ["domain"]]}
    assert admin.post("/first-steps/policy/skip/").status_code == 404
    assert admin.get("/first-steps/maintenance/skip/").status_code == 404


def test_who_has_no_right_has_no_steps(world: World, newco: Vendor) -> None:
    assert steps(signed_in(world.acme_support)) == []
    assert "First steps" not in signed_in(world.acme_support).get("/").content.decode()
    assert signed_in(world.acme_support).post("/first-steps/domain/skip/").status_code == 403


def test_what_is_there_is_done(world: World) -> None:
    assert {step.name for step in steps(signed_in(world.acme_admin)) if step.done} == {
        "product", "customer", "licence", "release", "colleague",
    }  # fmt: skip


# --- The test e-mail -----------------------------------------------------------------------------


def test_a_test_e_mail_goes_to_who_asks_and_is_recorded(
    world: World, mailoutbox: list[Any]
) -> None:
    admin = signed_in(world.acme_admin)
    assert (
        'action="/accounts/portalsettings/test-email/"'
        in admin.get("/accounts/portalsettings/").content.decode()
    )
    admin.post("/accounts/portalsettings/test-email/")
    (message,) = mailoutbox
    assert message.to == ["admin@acme.example"]
    assert message.subject == "E-mails of Acme Instruments arrive"
    assert message.from_email == "Acme Instruments <portal@portal.localhost>"
    assert message.reply_to == ["support@acme.example"]
    with inside(world.acme):
        assert OutgoingEmail.objects.get().kind == "test-email"
        assert AuditEntry.objects.get(action="test-email-sent").actor_id == world.acme_admin.pk
    for _more in range(4):
        admin.post("/accounts/portalsettings/test-email/")
    page = admin.post("/accounts/portalsettings/test-email/", follow=True).content.decode()
    assert "That was tried too often." in page
    assert len(mailoutbox) == 5
