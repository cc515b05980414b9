"""Every form that makes something counts once when it is sent twice: all addresses that take POST,
each with what makes it so. An address that is not in the tables fails the test."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import get_resolver

from accounts.links import Purpose, make_token
from accounts.models import Session, Tag, User
from accounts.passkeys.verbs import passkeys_of
from accounts.tokens import verbs as tokens
from backoffice.models import SavedView
from licenses.models import (
    Activation,
    FeatureFlag,
    License,
    LicensePolicy,
    MaintenancePolicy,
    ProductVersion,
    TrialActivation,
    TrialPolicy,
)
from licenses.verbs.activations import activate
from licenses.verbs.licenses import create_license
from licenses.verbs.releasing import ask
from mail.models import OutgoingEmail
from mail.texts import TEXTS
from mail.verbs.texts import write
from moving.models import Move
from releases.verbs import publishing
from tenancy.door import inside
from tenancy.hosts import Site
from tests import world as worlds
from tests.accounts import test_links as links
from tests.accounts.authenticators import passkey_of
from tests.accounts.phones import phone_of
from tests.conftest import NOW
from tests.imports.test_customers import started
from tests.licenses.test_activation import KEY, run_at_once
from tests.licenses.test_backoffice import choose, new
from tests.offline.requests_maker import MachineKeys
from tests.portal.test_url_matrix import (
    ACTIONS,
    CUSTOMER,
    MODELS,
    SITE,
    a_change,
    a_provider,
    model_route,
    names_of,
    routes,
    session_of,
)
from tests.posted import form_of, forms_of
from tests.releases.test_publishing import draft
from tests.releases.test_uploads import release_form
from tests.roles import everywhere
from tests.webhooks.hooks import hook_of
from tests.world import PASSWORD, Browser, World, machine, set_vendor, signed_in
from web.models import RateBucket, SentForm
from webhooks.models import Delivery
from webhooks.verbs.webhooks import send_test

pytestmark = pytest.mark.by_database


@dataclass
class Posted:
    """A form on a page, and what a person types into it."""

    browser: Browser
    page: str
    target: str
    typed: dict[str, Any] = field(default_factory=dict)
    having: str = ""  # a field by which the form is told from others

    def html(self) -> str:
        return str(self.browser.get(self.page).content.decode())

    def filled(self, html: str = "") -> dict[str, Any]:
        html = html or self.html()
        is_page = self.target == self.page and f'action="{self.target}"' not in html
        form = form_of(html, "" if is_page else self.target, self.having)
        return {name: value for name, value in (form | self.typed).items() if value is not None}


def same(browser: Browser) -> Client:
    """The same browser, without the watch over what it does."""
    client = Client()
    client.defaults, client.cookies = browser.defaults, browser.cookies
    return client


def errors_in(response: Any) -> list[str]:
    return re.findall(r'<ul class="errorlist.*?</ul>', response.content.decode(), re.DOTALL)


def send(posted: Posted, data: dict[str, Any], browser: Client | None = None) -> Any:
    for value in data.values():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, SimpleUploadedFile):
                each.seek(0)
    return (browser or posted.browser).post(posted.target, data)


def counted() -> dict[str, int]:
    """How many rows there are of everything, of every vendor."""
    passing = (Session, RateBucket, SentForm)
    models = [model for model in apps.get_models() if model not in passing and model._meta.managed]
    ours = [model for model in models if not model.__module__.startswith("django")]
    with everywhere():
        return {model._meta.label: model._base_manager.count() for model in ours}


# --- The forms ----------------------------------------------------------------------------------


def admin_page(world: World, path: str, target: str = "", **typed: Any) -> Posted:
    return Posted(signed_in(world.acme_admin), path, target or path, typed)


def password_reset(world: World) -> Posted:
    path = "/password-reset/"
    return Posted(Browser("acme"), path, path, {"email": "ada@example.com"})


def staffs_password_reset(world: World) -> Posted:
    path = "/password-reset/"
    typed = {"email": "admin@acme.example", "company_id": "acme"}
    return Posted(Browser("app"), path, path, typed)


def mailed_link(world: World) -> Posted:
    set_vendor(world.acme, sign_in_by_link=True)
    path = "/login/link/"
    return Posted(Browser("acme"), path, path, {"email": "ada@example.com"})


def mailed_keys(world: World) -> Posted:
    set_vendor(world.acme, keys_by_email=True)
    path = "/login/keys/"
    return Posted(Browser("acme"), path, path, {"email": "ada@example.com"})


def registering(world: World) -> Posted:
    set_vendor(world.acme, registration="open")
    path = "/register/"
    return Posted(Browser("acme"), path, path, {"email": "eve@example.com"})


def registration_link(world: World) -> Posted:
    path = links.registration(world)
    return Posted(Browser("acme"), path, path, links.passwords(1))


def link_to_sign_in(world: World) -> Posted:
    path = links.link_to_sign_in(world)
    return Posted(Browser("acme"), path, path)


def reset_link(world: World) -> Posted:
    path = links.link_to_reset(world)
    return Posted(Browser("acme"), path, path, links.passwords(1))


def invitation_link(world: World) -> Posted:
    path = links.invitation(world)
    return Posted(Browser("acme"), path, path, links.passwords(1))


def new_address(world: World) -> Posted:
    path = "/profile/email/"
    typed = {"new_email": "countess@example.com", "current_password": PASSWORD}
    return Posted(signed_in(world.ada), path, path, typed)


def address_link(world: World) -> Posted:
    path = links.link_to_a_new_address(world)
    return Posted(signed_in(world.ada), path, path)


def new_password(world: World) -> Posted:
    path = "/profile/password/"
    typed = {"current_password": PASSWORD, **links.passwords(1)}
    return Posted(signed_in(world.ada), path, path, typed)


def second_factor_off(world: World) -> Posted:
    phone_of(world.ada)
    path = "/profile/second-factor/off/"
    return Posted(signed_in(world.ada), path, path, {"current_password": PASSWORD})


def passkey_of_ada(world: World) -> str:
    passkey_of(world.ada)
    with inside(world.acme):
        return f"/profile/passkeys/{passkeys_of(world.ada).get().pk}/"


def passkey_renamed(world: World) -> Posted:
    path = passkey_of_ada(world)
    return Posted(signed_in(world.ada), path, path, {"name": "Grey phone"})


def passkey_deleted(world: World) -> Posted:
    path = f"{passkey_of_ada(world)}delete/"
    return Posted(signed_in(world.ada), path, path)


def token_deleted(world: World) -> Posted:
    with inside(world.acme):
        token, _secret = tokens.write(world.ada, name="Nightly", scopes=["user:read"])
    path = f"/profile/tokens/{token.pk}/"
    return Posted(signed_in(world.ada), path, path, {"delete": ""})


def token_revoked_by_staff(world: World) -> Posted:
    with inside(world.acme):
        token, _secret = tokens.write(world.ada, name="Nightly", scopes=["user:read"])
    return admin_page(world, f"/accounts/user/{world.ada.pk}/tokens/{token.pk}/")


def second_factor_taken_off(world: World) -> Posted:
    phone_of(world.ada)
    return admin_page(world, f"/accounts/user/{world.ada.pk}/second-factor/", reason="Lost")


def passkeys_deleted_by_support(world: World) -> Posted:
    passkey_of_ada(world)
    return admin_page(world, f"/accounts/user/{world.ada.pk}/passkeys/", reason="Lost")


def ended_session(world: World) -> Posted:
    path = f"/profile/sessions/{session_of(world.ada)}/end/"
    return Posted(signed_in(world.ada), path, path)


def ended_sessions(world: World) -> Posted:
    signed_in(world.ada)
    path = "/profile/sessions/others/end/"
    return Posted(signed_in(world.ada), path, path)


def ended_by_link(world: World) -> Posted:
    path = f"/sign-out-everywhere/{make_token(Purpose.END_SESSIONS, world.ada)}/"
    return Posted(Browser("acme"), path, path)


def profile(world: World) -> Posted:
    return Posted(
        signed_in(world.ada), "/profile/", "/profile/", {"company": "Engines"}, "first_name"
    )


def reminders(world: World) -> Posted:
    return Posted(signed_in(world.ada), "/profile/", "/profile/reminders/", {"wanted": "off"})


def machine_of_customer(world: World) -> Posted:
    path = f"/licenses/{world.ada_license.pk}/activations/{world.ada_machine.pk}/deactivate/"
    return Posted(signed_in(world.ada), path, path)


class Review(Posted):
    """The form is on the page that answers another one."""

    def html(self) -> str:
        return str(self.browser.post(self.page, self.typed).content.decode())


def offline_file(world: World) -> Posted:
    text = MachineKeys().activation(world.orbit.pk, world.ada_license.key)
    return Review(signed_in(world.ada), "/offline/", "/offline/confirm/", {"request_text": text})


class Chosen(Posted):
    """The form is on the page that shows what becomes of the machines that were chosen."""

    def html(self) -> str:
        chosen = {"machine": self.typed["machine"]}
        return str(self.browser.post(self.target, chosen).content.decode())


def chosen_machines(world: World) -> Posted:
    typed = {"machine": str(world.ada_machine.pk), "confirm": "yes"}
    return Chosen(
        signed_in(world.ada), "/licenses/machines/", "/licenses/machines/deactivate/", typed
    )


def lost_machine(world: World) -> Activation:
    """A machine of Ada's that can't give its seat back."""
    with inside(world.acme):
        license = create_license(product=world.orbit, user=world.ada, key="LOST00-0000-0001")
        return activate(license, machine("clean-room"), key=KEY)


def release_asked(world: World) -> Posted:
    lost = lost_machine(world)
    path = f"/licenses/{lost.license_id}/activations/{lost.pk}/release/"
    return Posted(signed_in(world.ada), path, path, {"reason": "Broken"})


def release_answered(world: World) -> Posted:
    lost = lost_machine(world)
    with inside(world.acme):
        asked = ask(lost, user=world.ada, reason="Broken")
    return admin_page(world, f"/licenses/seatrequest/{asked.pk}/answer/", do="release", answer="")


def license_name(world: World) -> Posted:
    path = f"/licenses/{world.ada_license.pk}/name/"
    return Posted(signed_in(world.ada), path, path, {"name": "In the lab"})


def administrator(world: World) -> Posted:
    path = f"/tenancy/vendor/{world.acme.pk}/administrator/"
    return Posted(signed_in(world.operator), path, path, {"email": "new@acme.example"})


def suspended_vendor(world: World) -> Posted:
    path = f"/tenancy/vendor/{world.acme.pk}/suspend/"
    return Posted(signed_in(world.operator), path, path)


def resumed_vendor(world: World) -> Posted:
    set_vendor(world.acme, status="inactive")
    path = f"/tenancy/vendor/{world.acme.pk}"
    return Posted(signed_in(world.operator), f"{path}/change/", f"{path}/resume/")


def columns_said(world: World) -> Posted:
    row = started(world, "E-Mail-Adresse;Vorname\neve@example.com;Eve\n")
    path = f"/imports/dataimport/{row.pk}/columns/"
    return admin_page(world, path, column_0="email", column_1="first_name")


def vendor(world: World) -> Posted:
    path = "/tenancy/vendor/add/"
    typed = {
        "company_id": "initech",
        "name": "Initech",
        "status": "active",
        "admin_email": "bill@initech.example",
    }
    return Posted(signed_in(world.operator), path, path, typed)


def changed_vendor(world: World) -> Posted:
    path = f"/tenancy/vendor/{world.acme.pk}/change/"
    return Posted(signed_in(world.operator), path, path, {"name": "Acme"})


def administrators(world: World) -> Posted:
    with inside(world.acme):
        User.objects.filter(pk=world.acme_admin.pk).update(password="!")
    path = "/tenancy/vendor/"
    typed = {"action": "invite_administrators", "_selected_action": [str(world.acme.pk)]}
    return Posted(signed_in(world.operator), path, path, typed)


def person(world: World) -> Posted:
    return admin_page(world, "/accounts/user/add/", email="new@example.com", role="user")


def changed_person(world: World) -> Posted:
    return admin_page(world, f"/accounts/user/{world.ada.pk}/change/", company="Engines")


def note_on_person(world: World) -> Posted:
    path = f"/accounts/user/{world.ada.pk}/note/"
    return admin_page(world, path, internal_notes="Call first")


def waiting(world: World) -> str:
    with inside(world.acme):
        User.objects.filter(pk=world.grace.pk).update(password="!")
    return str(world.grace.pk)


def invite(world: World) -> Posted:
    one = waiting(world)
    return admin_page(world, f"/accounts/user/{one}/story/", f"/accounts/user/{one}/do/invite/")


def invite_chosen(world: World) -> Posted:
    typed = {"action": "send_invitation", "_selected_action": [waiting(world)]}
    return admin_page(world, "/accounts/user/", **typed)


def product(world: World) -> Posted:
    return admin_page(world, "/licenses/product/add/", name="Saturn")


def changed_product(world: World) -> Posted:
    path = f"/licenses/product/{world.orbit.pk}/change/"
    return admin_page(world, path, display_name="Orbit for labs")


def signing_key(world: World) -> Posted:
    typed = {"action": "rotate_key", "_selected_action": [str(world.orbit.pk)]}
    return admin_page(world, "/licenses/product/", **typed)


def policy(world: World) -> Posted:
    return admin_page(world, "/licenses/licensepolicy/add/", name="Yearly")


def a_policy(world: World, model: Any) -> str:
    with inside(world.acme):
        name = model._meta.model_name
        return f"/licenses/{name}/{model.objects.create(vendor=world.acme, name='Yearly').pk}"


def changed_policy(world: World) -> Posted:
    return admin_page(world, f"{a_policy(world, LicensePolicy)}/change/", name="Each year")


def deleted_policy(world: World) -> Posted:
    return admin_page(world, f"{a_policy(world, LicensePolicy)}/delete/", post="yes")


def maintenance(world: World) -> Posted:
    return admin_page(world, "/licenses/maintenancepolicy/add/", name="Two years")


def changed_maintenance(world: World) -> Posted:
    return admin_page(world, f"{a_policy(world, MaintenancePolicy)}/change/", name="Each year")


def deleted_maintenance(world: World) -> Posted:
    return admin_page(world, f"{a_policy(world, MaintenancePolicy)}/delete/", post="yes")


def trial_policy(world: World) -> Posted:
    return admin_page(world, "/licenses/trialpolicy/add/", name="Two weeks")


def changed_trial_policy(world: World) -> Posted:
    return admin_page(world, f"{a_policy(world, TrialPolicy)}/change/", name="A month")


def deleted_trial_policy(world: World) -> Posted:
    return admin_page(world, f"{a_policy(world, TrialPolicy)}/delete/", post="yes")


def of_orbit(world: World, model: type[FeatureFlag | ProductVersion]) -> str:
    with inside(world.acme):
        row = model.objects.create(vendor=world.acme, product=world.orbit, name="x")
    return f"/licenses/{model._meta.model_name}/{row.pk}"


def feature_flag(world: World) -> Posted:
    product = str(world.orbit.pk)
    return admin_page(world, "/licenses/featureflag/add/", product=product, name="export")


def changed_feature_flag(world: World) -> Posted:
    return admin_page(world, f"{of_orbit(world, FeatureFlag)}/change/", name="export-pdf")


def deleted_feature_flag(world: World) -> Posted:
    return admin_page(world, f"{of_orbit(world, FeatureFlag)}/delete/", post="yes")


def product_version(world: World) -> Posted:
    product = str(world.orbit.pk)
    return admin_page(world, "/licenses/productversion/add/", product=product, name="pro")


def changed_product_version(world: World) -> Posted:
    return admin_page(world, f"{of_orbit(world, ProductVersion)}/change/", name="pro-2")


def deleted_product_version(world: World) -> Posted:
    return admin_page(world, f"{of_orbit(world, ProductVersion)}/delete/", post="yes")


def tag(world: World) -> Posted:
    return admin_page(world, "/accounts/tag/add/", name="Friends")


def a_tag(world: World) -> str:
    with inside(world.acme):
        return f"/accounts/tag/{Tag.objects.create(vendor=world.acme, name='Friends').pk}"


def changed_tag(world: World) -> Posted:
    return admin_page(world, f"{a_tag(world)}/change/", name="Good friends")


def deleted_tag(world: World) -> Posted:
    return admin_page(world, f"{a_tag(world)}/delete/", post="yes")


def a_trial(world: World) -> str:
    with inside(world.acme):
        trial = TrialActivation.objects.create(
            vendor=world.acme, product=world.orbit, fingerprint="lab", os="linux", expires_at=NOW
        )
    return f"/licenses/trialactivation/{trial.pk}"


def changed_trial(world: World) -> Posted:
    end = {"expires_at": "2026-12-24T12:00:00"}
    return admin_page(world, f"{a_trial(world)}/change/", **end)


def deleted_trial(world: World) -> Posted:
    return admin_page(world, f"{a_trial(world)}/delete/", post="yes")


class Confirmation(Posted):
    """The page that asks before chosen rows are deleted."""

    def html(self) -> str:
        chosen = {"action": "delete_selected", "_selected_action": self.typed.pop("chosen")}
        return str(self.browser.post(self.page, chosen).content.decode())


def deleted_by_choice(world: World) -> Posted:
    path, _slash, chosen = a_policy(world, LicensePolicy).rpartition("/")
    page = f"{path}/"
    return Confirmation(
        signed_in(world.acme_admin), page, page, {"chosen": [chosen], "confirm": "yes"}, "seen"
    )


def license(world: World) -> Posted:
    with inside(world.acme):
        yearly = LicensePolicy.objects.create(vendor=world.acme, name="Yearly")
    return admin_page(world, "/licenses/license/add/", **new(world, yearly))


def changed_license(world: World) -> Posted:
    path = f"/licenses/license/{world.ada_license.pk}/change/"
    more = {"metadata-TOTAL_FORMS": "1", "metadata-0-key": "Order", "metadata-0-value": "7"}
    form = f"{path}?change=yes"
    return Posted(signed_in(world.acme_admin), form, path, {"name": "Lab", **more}, "name")


def send_license(world: World) -> Posted:
    path = f"/licenses/license/{world.ada_license.pk}"
    return admin_page(world, f"{path}/change/", f"{path}/do/send/")


class Renewal(Posted):
    """The preview of a renewal."""

    def html(self) -> str:
        license = License(pk=self.typed.pop("license"))
        return str(choose(self.browser, "renew", license).content.decode())


def renewal(world: World) -> Posted:
    with inside(world.acme):
        License.objects.filter(pk=world.ada_license.pk).update(
            subscription_interval="P1Y", expires_at=world.ada_license.created_at
        )
    target = "/licenses/license/many/renew/"
    typed = {"license": world.ada_license.pk, "confirm": "yes"}
    return Renewal(signed_in(world.acme_admin), "", target, typed)


def stopped_change(world: World) -> Posted:
    path = f"/backoffice/bulkchange/{a_change(world).pk}"
    return Posted(signed_in(world.acme_admin), f"{path}/change/", f"{path}/do/stop/")


def new_view(world: World) -> Posted:
    return admin_page(world, "/licenses/license/?status=active", "/views/save/", name="Active ones")


def a_view(world: World) -> str:
    with inside(world.acme):
        view = SavedView.objects.create(
            vendor=world.acme,
            owner=world.acme_admin,
            listed="licenses.license",
            name="Active",
            query="status=active",
        )
    return f"/views/{view.pk}/"


def changed_view(world: World) -> Posted:
    return admin_page(world, a_view(world), name="Others")


def erased(world: World) -> Posted:
    path = f"/accounts/user/{world.ada.pk}/erase/"
    return admin_page(world, path, email=world.ada.email)


def released_machine(world: World) -> Posted:
    path = f"/licenses/activation/{world.ada_machine.pk}/release/"
    return admin_page(world, path, reason="Broken")


def release(world: World) -> Posted:
    return admin_page(world, "/releases/release/add/", **release_form(world))


def a_draft(world: World) -> str:
    with inside(world.acme):
        return f"/releases/release/{draft(world).pk}"


def changed_release(world: World) -> Posted:
    return admin_page(world, f"{a_draft(world)}/change/", notes="*Better*")


def deleted_release(world: World) -> Posted:
    return admin_page(world, f"{a_draft(world)}/delete/", post="yes")


def uploaded_file(world: World) -> Posted:
    path = f"{a_draft(world)}/files/"
    typed = {"files": [SimpleUploadedFile("a.zip", b"x" * 100)]}
    return Posted(signed_in(world.acme_admin), path, path, typed, "complete")


def file_elsewhere(world: World) -> Posted:
    path = f"{a_draft(world)}/files/"
    typed = {"name": "a.zip", "url": "https://cdn.example/a.zip", "size": "5", "sha256": "0" * 64}
    return Posted(signed_in(world.acme_admin), path, path, typed, "url")


def removed_file(world: World) -> Posted:
    with inside(world.acme):
        release = draft(world)
        file = publishing.add_external_file(
            release, name="a.zip", url="https://cdn.example/a.zip", size=5, sha256="0" * 64
        )
    path = f"/releases/release/{release.pk}/files/"
    return admin_page(world, path, f"{path}{file.pk}/remove/")


def published(world: World) -> Posted:
    with inside(world.acme):
        release = draft(world)
        publishing.add_external_file(
            release, name="a.zip", url="https://cdn.example/a.zip", size=5, sha256="0" * 64
        )
    path = f"/releases/release/{release.pk}"
    return admin_page(world, f"{path}/files/", f"{path}/do/publish/")


def domain(world: World) -> Posted:
    return admin_page(world, "/branding/customdomain/add/", name="licenses.acme.example")


def a_domain(world: World) -> str:
    from branding.domains.verbs import claim

    with inside(world.acme):
        return f"/branding/customdomain/{claim(world.acme, 'licenses.acme.example').pk}"


def checked_domain(world: World) -> Posted:
    path = a_domain(world)
    return admin_page(world, f"{path}/change/", f"{path}/do/check/")


def deleted_domain(world: World) -> Posted:
    return admin_page(world, f"{a_domain(world)}/delete/", post="yes")


def brand(world: World) -> Posted:
    path = "/branding/branding/"
    typed = {"portal_title": "Acme Licences", "logo_light": None, "logo_dark": None}
    return Posted(signed_in(world.acme_admin), path, path, typed, "portal_title")


def provider(world: World) -> Posted:
    path = "/accounts/identityprovider/add/"
    return admin_page(world, path, name="Example ID", issuer="https://id.example")


def a_providers_path(world: World) -> str:
    return f"/accounts/identityprovider/{a_provider(world).pk}"


def changed_provider(world: World) -> Posted:
    return admin_page(world, f"{a_providers_path(world)}/change/", name="Another ID")


def deleted_provider(world: World) -> Posted:
    return admin_page(world, f"{a_providers_path(world)}/delete/", post="yes")


def settings(world: World) -> Posted:
    path = "/accounts/portalsettings/"
    return admin_page(world, path, send_expiry_reminders=None)


def trial_email(world: World) -> Posted:
    path = "/accounts/portalsettings/"
    return admin_page(world, path, f"{path}test-email/")


def skipped_step(world: World) -> Posted:
    return admin_page(world, "/", "/first-steps/domain/skip/")


def an_import(world: World) -> Posted:
    typed = {"kind": "customers", "file": SimpleUploadedFile("c.csv", b"email\nx@y.example\n")}
    return admin_page(world, "/imports/dataimport/add/", **typed)


def confirmed_import(world: World) -> Posted:
    row = started(world, "email\nx@y.example\n")
    path = f"/imports/dataimport/{row.pk}"
    return admin_page(world, f"{path}/change/", f"{path}/do/import/")


def a_move(world: World) -> Posted:
    typed = {"address": "https://127.0.0.1", "token": "x"}
    return admin_page(world, "/moving/move/add/", **typed)


def a_stopped_move(world: World) -> str:
    with inside(world.acme):
        row = Move.objects.create(vendor=world.acme, address="https://127.0.0.1", state="stopped")
    return f"/moving/move/{row.pk}"


def move_gone_on(world: World) -> Posted:
    return admin_page(world, f"{a_stopped_move(world)}/go-on/", token="x")


def move_stopped(world: World) -> Posted:
    path = a_stopped_move(world)
    with inside(world.acme):
        Move.objects.update(state="running")
    return admin_page(world, f"{path}/change/", f"{path}/do/stop/")


def own_text(world: World) -> Posted:
    return admin_page(world, "/mail/owntext/write/invitation/", subject="Hello")


def given_up_text(world: World) -> Posted:
    with inside(world.acme):
        write(TEXTS["invitation"], subject="Hello", body="{link}")
    path = "/mail/owntext/write/invitation/"
    return admin_page(world, path, f"{path}standard/")


def sent_again(world: World) -> Posted:
    send_license_path = send_license(world)
    send(send_license_path, {})
    with inside(world.acme):
        OutgoingEmail.objects.update(state=OutgoingEmail.State.FAILED)
        path = f"/mail/outgoingemail/{OutgoingEmail.objects.get().pk}"
    return admin_page(world, f"{path}/change/", f"{path}/do/send-again/")


WEBHOOK = {"name": "Shop", "url": "https://shop.example/hooks", "style": "standard"}


def webhook(world: World) -> Posted:
    typed = {**WEBHOOK, "events": "license.created", "active": "on"}
    return admin_page(world, "/webhooks/webhook/add/", **typed)


def a_webhook(world: World) -> str:
    return f"/webhooks/webhook/{hook_of(world.acme, WEBHOOK['url']).pk}"


def changed_webhook(world: World) -> Posted:
    return admin_page(world, f"{a_webhook(world)}/change/", name="Till")


def deleted_webhook(world: World) -> Posted:
    return admin_page(world, f"{a_webhook(world)}/delete/", post="yes")


def webhook_tried(world: World) -> Posted:
    path = a_webhook(world)
    return admin_page(world, f"{path}/change/", f"{path}/do/test/")


def event_sent_again(world: World) -> Posted:
    hook = hook_of(world.acme, WEBHOOK["url"])
    with inside(world.acme):
        row = send_test(hook)
        Delivery.objects.update(state=Delivery.State.GIVEN_UP, due_at=None)
    path = f"/webhooks/delivery/{row.pk}"
    return admin_page(world, f"{path}/change/", f"{path}/do/send-again/")


Make = Callable[[World], Posted]

# What a form makes it makes once, because of its token.
BY_TOKEN: dict[str, tuple[Make, ...]] = {
    "password_reset": (password_reset, staffs_password_reset),
    "mailed_link": (mailed_link,),
    "mailed_keys": (mailed_keys,),
    "sign_in_by_link": (link_to_sign_in,),
    "register": (registering,),
    "register_confirm": (registration_link,),
    "password_reset_confirm": (reset_link,),
    "invitation": (invitation_link,),
    "change_email": (new_address,),
    "email_confirm": (address_link,),
    "change_password": (new_password,),
    # What these make is shown in their answer: tests/accounts/test_second_factor_on.py.
    "second_factor_set_up": (),
    "recovery_codes": (),
    "second_factor_off": (second_factor_off,),
    "end_session": (ended_session,),
    "end_everywhere": (ended_by_link,),
    "end_other_sessions": (ended_sessions,),
    "passkey_add": (),  # a challenge counts once: tests/accounts/test_passkeys.py
    "passkey_delete": (passkey_deleted,),
    "access_token": (token_deleted,),  # revoked, by nature: tests/accounts/test_tokens.py
    "access_token_make": (),  # it is shown in the answer: tests/accounts/test_tokens.py
    "admin:accounts_user_token": (token_revoked_by_staff,),
    "admin:accounts_user_second_factor": (second_factor_taken_off,),
    "admin:accounts_user_passkeys": (passkeys_deleted_by_support,),
    "activation_deactivate": (machine_of_customer,),
    "activation_release": (release_asked,),
    "machines_deactivate": (chosen_machines,),
    "offline_confirm": (offline_file,),
    "admin:password_change": (),  # the portal's view
    "admin:tenancy_vendor_add": (vendor,),
    "admin:tenancy_vendor_changelist": (administrators,),
    "admin:vendor_administrator": (administrator,),
    "admin:save_view": (new_view,),
    "admin:accounts_user_add": (person,),
    "admin:accounts_user_changelist": (invite_chosen,),
    "admin:accounts_user_do": (invite,),
    "admin:accounts_user_erase": (erased,),
    "admin:licenses_product_add": (product,),
    "admin:licenses_product_changelist": (signing_key,),
    "admin:licenses_licensepolicy_add": (policy,),
    "admin:licenses_licensepolicy_changelist": (deleted_by_choice,),
    "admin:licenses_licensepolicy_delete": (deleted_policy,),
    "admin:licenses_maintenancepolicy_add": (maintenance,),
    "admin:licenses_maintenancepolicy_changelist": (),  # as of policies
    "admin:licenses_maintenancepolicy_delete": (deleted_maintenance,),
    "admin:licenses_featureflag_add": (feature_flag,),
    "admin:licenses_featureflag_changelist": (),  # as of policies
    "admin:licenses_featureflag_delete": (deleted_feature_flag,),
    "admin:licenses_productversion_add": (product_version,),
    "admin:licenses_productversion_changelist": (),  # as of policies
    "admin:licenses_productversion_delete": (deleted_product_version,),
    "admin:accounts_tag_add": (tag,),
    "admin:accounts_tag_changelist": (),  # as of policies
    "admin:accounts_tag_delete": (deleted_tag,),
    "admin:licenses_trialpolicy_add": (trial_policy,),
    "admin:licenses_trialpolicy_changelist": (),  # as of policies
    "admin:licenses_trialpolicy_delete": (deleted_trial_policy,),
    "admin:licenses_trialactivation_changelist": (),  # as of policies
    "admin:licenses_trialactivation_delete": (deleted_trial,),
    "admin:licenses_license_add": (license,),
    "admin:licenses_license_change": (changed_license,),
    "admin:licenses_license_do": (send_license,),
    "admin:licenses_activation_release": (released_machine,),
    "admin:licenses_seatrequest_answer": (release_answered,),
    "admin:releases_release_add": (release,),
    "admin:releases_release_delete": (deleted_release,),
    "admin:releases_release_files": (uploaded_file, file_elsewhere),
    "admin:releases_release_remove_file": (removed_file,),
    "admin:releases_release_do": (published,),
    "admin:branding_customdomain_add": (domain,),
    "admin:accounts_identityprovider_add": (provider,),
    "admin:accounts_identityprovider_delete": (deleted_provider,),
    # Its e-mail is sent by who has a provider's word: tests/accounts/test_single_sign_on.py.
    "single_sign_on_send": (),
    "admin:branding_customdomain_delete": (deleted_domain,),
    "admin:imports_dataimport_add": (an_import,),
    "admin:moving_move_add": (a_move,),
    "admin:moving_move_go_on": (move_gone_on,),
    "admin:moving_move_do": (move_stopped,),
    "admin:imports_dataimport_do": (confirmed_import,),
    "admin:mail_outgoingemail_do": (sent_again,),
    "admin:webhooks_webhook_add": (webhook,),
    "admin:webhooks_webhook_delete": (deleted_webhook,),
    "admin:webhooks_webhook_do": (webhook_tried,),
    "admin:webhooks_delivery_do": (event_sent_again,),
    "admin:accounts_portalsettings_test": (trial_email,),
}
# What a form does is done once by nature: a value is set, and nothing is written where it is so.
BY_NATURE: dict[str, tuple[Make, ...]] = {
    "profile": (profile,),
    "reminders": (reminders,),
    "license_name": (license_name,),
    "passkey": (passkey_renamed,),
    "admin:imports_dataimport_columns": (columns_said,),
    "admin:tenancy_vendor_change": (changed_vendor,),
    "admin:vendor_suspend": (suspended_vendor,),
    "admin:vendor_resume": (resumed_vendor,),
    "admin:accounts_user_change": (changed_person,),
    "admin:accounts_user_note": (note_on_person,),
    "admin:licenses_product_change": (changed_product,),
    "admin:licenses_licensepolicy_change": (changed_policy,),
    "admin:licenses_maintenancepolicy_change": (changed_maintenance,),
    "admin:licenses_featureflag_change": (changed_feature_flag,),
    "admin:licenses_productversion_change": (changed_product_version,),
    "admin:accounts_tag_change": (changed_tag,),
    "admin:licenses_trialpolicy_change": (changed_trial_policy,),
    "admin:licenses_trialactivation_change": (changed_trial,),
    "admin:backoffice_bulkchange_do": (stopped_change,),
    "admin:saved_view": (changed_view,),
    "admin:licenses_license_many": (renewal,),  # what was seen is sealed, and seen no more
    "admin:releases_release_change": (changed_release,),
    "admin:branding_branding_changelist": (brand,),
    "admin:accounts_identityprovider_change": (changed_provider,),
    "admin:branding_customdomain_do": (checked_domain,),
    "admin:accounts_portalsettings_changelist": (settings,),
    "admin:skip_step": (skipped_step,),
    "admin:webhooks_webhook_change": (changed_webhook,),
    "admin:mail_owntext_write": (own_text,),
    "admin:mail_owntext_standard": (given_up_text,),
}
# What may be sent each time, and why that makes nothing twice.
EACH_TIME = {
    "login": "Whoever signs in again ends the session that the browser had.",
    "sign_in_code": "A code counts once.",
    "sign_in_recovery": "A code counts once.",
    "sign_in_code_passkey": "What a browser was asked counts once.",
    "sign_in_passkey": "What a browser was asked counts once.",
    "passkey_options": "What is asked is random, and over after five minutes.",
    "prove_passkey": "What a browser was asked counts once.",
    "prove": "That somebody has shown to be himself is no more than when.",
    "single_sign_on_connect": "What is connected is connected.",
    "single_sign_on_link": "A link counts once.",
    "admin:accounts_identityprovider_do": "A provider is asked.",
    "disconnect": "What was connected is not any more.",
    "logout": "The session is over.",
    "reminders_off": "Reminders are off; one click in a mail program has no token.",
    "view_as": "A link counts once.",
    "view_as_stop": "The view is over, and recorded once.",
    "offline": "A file is looked at.",
    "trial": "A machine tries a product once: tests/offline/test_trials.py.",
    "admin:accounts_user_view_as": "An offer for a minute, of which nothing is recorded until it is used.",
    "admin:login": "The portal's view comes before it.",
    "admin:logout": "The portal's view comes before it.",
}
# Pages that answer POST as GET, and make nothing by either.
READS = {
    "admin:acts",
    "admin:how",
    "admin:preview",
    "admin:preview_begin",
    "admin:preview_first_steps",
    "admin:preview_begin_first_steps",
    "home",
    "change_password_place",
    "admin:index",
    "admin:app_list",
    "admin:view_on_site",
    "admin:None",
    "admin:accounts_user_story",
    "admin:accounts_import_example",
    "admin:imports_dataimport_template",
    "admin:licenses_product_file",
    "admin:branding_preview_css",
    "admin:branding_picture",
    "admin:mail_owntext_changelist",
    "admin:webhooks_webhook_secret",
    # Lists that are taken away are told of each time.
    "admin:accounts_user_export",
    "admin:audit_auditentry_export",
    "admin:licenses_license_export",
    "admin:licenses_trialactivation_add",
    "admin:licenses_trialactivation_export",
    "admin:backoffice_bulkchange_result",
    "admin:moving_move_report",
    "admin:moving_move_everything",
}
READS |= {model_route(model, "history") for model in (*MODELS, "branding.branding", "mail.owntext")}
# What nobody has a right to (accounts/rights.py), and lists in which nothing is done: the changes to
# many licences are looked at first, at an address of their own.
REFUSED = {
    *(
        model_route(model, action)
        for model in (
            "licenses.activation",
            "licenses.seatrequest",
            "backoffice.bulkchange",
            "releases.download",
            "accounts.personalaccesstoken",
            "audit.auditentry",
            "webhooks.delivery",
        )
        for action in ACTIONS
    ),
    *(model_route("mail.outgoingemail", action) for action in ACTIONS),
    *(model_route("moving.move", action) for action in ("changelist", "change", "delete")),
    *(model_route("imports.dataimport", action) for action in ("changelist", "change", "delete")),
    *(model_route("branding.branding", action) for action in ("add", "change", "delete")),
    *(model_route("mail.owntext", action) for action in ("add", "change", "delete")),
    *(model_route("branding.customdomain", action) for action in ("changelist", "change")),
    *(model_route("licenses.license", action) for action in ("changelist", "delete")),
    model_route("accounts.user", "delete"),
    model_route("accounts.identityprovider", "changelist"),
    model_route("webhooks.webhook", "changelist"),
    model_route("licenses.product", "delete"),
    model_route("releases.release", "changelist"),
    model_route("tenancy.vendor", "delete"),
} - READS


def takes_no_post(name: str) -> bool:
    """By the tables of tests/portal/test_url_matrix.py."""
    for table in (CUSTOMER, SITE):
        if name in table:
            return set(table[name][1]) <= {302, 405} and 405 in table[name][1]
    return False


def test_every_address_that_takes_post_is_in_a_table() -> None:
    tables: tuple[Any, ...] = (BY_TOKEN, BY_NATURE, EACH_TIME, READS, REFUSED)
    known = [name for table in tables for name in table]
    assert len(known) == len(set(known))
    names = names_of(Site.CUSTOMER) | names_of(Site.BACKOFFICE)
    assert {name for name in names if not takes_no_post(name)} == set(known)


def test_views_that_don_t_ask_are_known() -> None:
    """Those that receive files ask by themselves, in `receives_files`."""
    found = {}
    for site in (Site.CUSTOMER, Site.BACKOFFICE):
        for name, pattern in routes(get_resolver(f"portal.urls.{site}").url_patterns):
            view: Any = pattern.callback
            if getattr(view, "counts_every_time", False):
                found[name] = "each time"
            elif getattr(view, "csrf_exempt", False) and not hasattr(view, "largest_body"):
                found[name] = "no token"
    assert found == {
        "login": "each time",
        "trial": "each time",
        "sign_in_code": "each time",
        "sign_in_recovery": "each time",
        "sign_in_code_passkey": "each time",
        "sign_in_passkey": "each time",
        "passkey_options": "each time",
        "prove_passkey": "each time",
        "prove": "each time",
        "logout": "each time",
        "view_as": "each time",
        "single_sign_on_connect": "each time",
        "single_sign_on_link": "each time",
        "view_as_stop": "each time",
        "reminders_off": "no token",
    }


def made_of(table: dict[str, tuple[Make, ...]]) -> list[Any]:
    return [
        pytest.param(make, id=f"{name}-{make.__name__}")
        for name, makes in table.items()
        for make in makes
    ]


@pytest.mark.unfound
@pytest.mark.parametrize("make", made_of(BY_TOKEN))
def test_a_form_that_makes_something_counts_once(world: World, make: Make) -> None:
    posted = make(world)
    html = posted.html()
    assert all("once" in form for _target, form in forms_of(html))
    assert not SentForm.objects.exists()
    data, before = posted.filled(html), counted()
    first = send(posted, data)
    assert first.status_code == 302, errors_in(first)
    after = counted()
    assert after != before
    second = send(posted, data)
    assert (second.status_code, second["Location"]) == (302, first["Location"])
    assert counted() == after
    page = posted.browser.get(second["Location"], follow=True).content.decode()
    assert "You have sent this before." in page


@pytest.mark.unfound
@pytest.mark.parametrize("make", made_of(BY_NATURE))
def test_a_form_that_sets_something_does_so_once(world: World, make: Make) -> None:
    posted = make(world)
    data, before = posted.filled(), counted()
    del data["once"]
    first = send(posted, data)
    assert first.status_code == 302, errors_in(first)
    after = counted()
    assert after != before or make is checked_domain
    # Past the watch over entries: a row is saved as it is, of which there is nothing to tell.
    assert send(posted, data, same(posted.browser)).status_code == 302
    assert counted() == after


# --- At the same time ---------------------------------------------------------------------------

# What one of three makes: rows by table.
RACES: dict[Make, dict[str, int]] = {
    password_reset: {"mail.OutgoingEmail": 1},
    invitation_link: {"audit.AuditEntry": 2},
    new_address: {"mail.OutgoingEmail": 1},
    machine_of_customer: {"licenses.Activation": -1, "audit.AuditEntry": 1},
    offline_file: {"licenses.Activation": 1, "offline.OfflineExchange": 1, "audit.AuditEntry": 1},
    vendor: {"tenancy.Vendor": 1, "accounts.User": 1, "mail.OutgoingEmail": 1},
    invite: {"mail.OutgoingEmail": 1, "audit.AuditEntry": 1},
    product: {"licenses.Product": 1},
    license: {"licenses.License": 1, "accounts.User": 1, "mail.OutgoingEmail": 1},
    release: {"releases.Release": 1, "audit.AuditEntry": 1},
    uploaded_file: {"releases.ReleaseFile": 1, "audit.AuditEntry": 1},
    file_elsewhere: {"releases.ReleaseFile": 1, "audit.AuditEntry": 1},
    domain: {"branding.CustomDomain": 1, "audit.AuditEntry": 1},
    an_import: {"imports.DataImport": 1},
    deleted_policy: {"licenses.LicensePolicy": -1, "audit.AuditEntry": 1},
}
AT_ONCE = 3  # as often as a link may be asked for


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("make", RACES)
def test_of_three_at_once_one_counts_and_all_lead_there(make: Make) -> None:
    posted = make(worlds.build())
    data, before = posted.filled(), counted()

    def act(n: int) -> str:
        response = send(posted, copies(data), same(posted.browser))
        return f"{response.status_code} {response.headers.get('Location')}"

    places = run_at_once(AT_ONCE, act)
    assert len(set(places)) == 1, places
    assert places[0].startswith("302 /")
    made = counted()
    assert {name: made[name] - before[name] for name in RACES[make]} == RACES[make]
    assert SentForm.objects.count() == 1
    assert send(posted, data)["Location"] == places[0].partition(" ")[2]
    assert counted() == made


@pytest.mark.in_full
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("make", made_of(BY_NATURE))
def test_of_two_at_once_that_set_something_none_breaks(make: Make) -> None:
    """Who is late is led on, or told that somebody was quicker; then nothing is left to do."""
    posted = make(worlds.build())
    data = posted.filled()
    del data["once"]
    statuses = run_at_once(
        2, lambda _n: send(posted, copies(data), same(posted.browser)).status_code
    )
    assert 302 in statuses
    assert set(statuses) <= {302, 404, 409}
    after = counted()
    assert send(posted, data, same(posted.browser)).status_code in {302, 404, 409}
    assert counted() == after


def copies(data: dict[str, Any]) -> dict[str, Any]:
    """With files that nobody else reads."""
    return {
        name: [copies({"": each})[""] for each in value]
        if isinstance(value, list)
        else SimpleUploadedFile(value.name or "", value.file.getvalue())  # type: ignore[attr-defined]
        if isinstance(value, SimpleUploadedFile)
        else value
        for name, value in data.items()
    }
