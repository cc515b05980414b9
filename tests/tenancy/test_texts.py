"""What people call things can be seen: refused by every field, whatever the way in."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import models

from accounts.models import Role, User
from accounts.verbs.people import change_person
from accounts.verbs.settings import change_settings
from accounts.verbs.vendors import create_vendor
from branding.verbs.brands import change_brand
from imports.models import DataImport
from licenses.models import (
    Activation,
    License,
    LicenseMetadata,
    LicensePolicy,
    MaintenancePolicy,
    Product,
)
from licenses.verbs.activations import MachineKey, activate
from licenses.verbs.defaults import Choice
from licenses.verbs.issuing import issue
from licenses.verbs.licenses import change_license
from licenses.verbs.products import create_product
from licenses.verbs.releasing import ask, free
from releases.models import Release
from releases.verbs.publishing import save_draft
from tenancy.door import inside
from tenancy.models import Vendor
from tenancy.texts import EmailLine, Line, Prose, UrlLine, validate_line, validate_prose
from tests.offline.requests_maker import MachineKeys
from tests.portal.test_imports import LADDER
from tests.world import Browser, World, machine, set_vendor, signed_in

OVERRIDE = "\u202e"

SEEN = {
    "accents": "Zoë Łukasz-Ñandú O’Brien",
    "Vietnamese": "Nguyễn Thị Ánh",
    "combining": "Jose\u0301",
    "Chinese": "李雷 株式会社",
    "Hebrew": "דוד בן־גוריון",
    "Arabic": "محمد بن موسى",
    "Persian, with a joiner": "علی‌رضا می‌خواهم",
    "Hindi, with joiners": "क्‍ष क्‌ष",
    "Malayalam, with one at the end": "മോഹന്‍",
    "emoji of several signs": "👩‍💻 🏳️‍🌈 👨‍👩‍👧‍👦 ❤️‍🔥",
    "a flag of tags": "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "a flag of letters": "🇩🇪",
    "a blank that does not break": "Acme\u00a0Inc.",
    "signs": "C++ & <b> “x” – 100 % €",
}
NOT_IN_A_LINE = {
    "tab": "a\tb",
    "line break": "a\nb",
    "carriage return": "a\rb",
    "line separator": "a\u2028b",
    "left to right": "a\u200eb",
    "right to left": "a\u200fb",
    "Arabic mark": "a\u061cb",
    "no width": "Or\u200bbit",
    "word joiner": "Or\u2060bit",
    "byte order mark": "\ufeffOrbit",
    "soft hyphen": "Or\xadbit",
    "filler": "\u3164",
    "joiner among letters that don't join": "Or\u200dbit",
    "joiner that begins": "\u200dOrbit",
    "joiner after a blank": "Orbit \u200c",
    "two joiners": "علی\u200c\u200cرضا",
    "tags without a flag": "Orbit\U000e0065\U000e007f",
}
NOWHERE = {
    "NUL": "a\x00b",
    "bell": "a\x07b",
    "escape": "a\x1b[0mb",
    "delete": "a\x7fb",
    "C1": "a\x85b",
    "embedding": "a\u202ab",
    "pop": "a\u202cb",
    "override": f"{OVERRIDE}exe.txt",
    "isolate": "a\u2066b",
    "end of an isolate": "a\u2069b",
    "deprecated": "a\u206eb",
    "annotation": "a\ufff9b",
    "half a character": "a\ud800b",
    "no character": "a\uffffb",
}


@pytest.mark.parametrize("text", SEEN.values(), ids=SEEN)
def test_what_people_type_stays(text: str) -> None:
    validate_line(text)
    validate_prose(text)


@pytest.mark.parametrize("text", NOT_IN_A_LINE.values(), ids=NOT_IN_A_LINE)
def test_what_is_no_sign_of_a_name(text: str) -> None:
    with pytest.raises(ValidationError):
        validate_line(text)
    validate_prose(text)


@pytest.mark.parametrize("text", NOWHERE.values(), ids=NOWHERE)
def test_what_stands_nowhere(text: str) -> None:
    for validate in (validate_line, validate_prose):
        with pytest.raises(ValidationError, match=r"nobody sees, U\+[0-9A-F]{4}"):
            validate(text)


def test_cells_of_a_spreadsheet_make_a_line() -> None:
    field = User._meta.get_field("company").formfield()
    assert field.clean(" Acme\tInstruments\t") == "Acme Instruments"
    with pytest.raises(ValidationError, match="There is a tab in it"):
        validate_line("Acme\tInstruments")


# --- Every field --------------------------------------------------------------------------------

# Texts that nobody types: the portal makes them, or another validator leaves visible ASCII alone.
MADE = re.compile(
    r"(audit|mail|web)\.|\.(word|key_form|version_key|digest|password|link_mark|cookie_digest|"
    r"link_digest|password_mark|skeleton|token|state|kind|status|role|site|type|os|language|"
    r"time_zone|notes_html|logo_light|logo_dark|favicon|accent_color|response|diagnosis|found|"
    r"\w+_strategy|machine_thumbprint|canonical_domain|company_id|channel|version|sha256|"
    r"content_type|kid|public_pem|encrypted_private_pem|encrypted_secret|max_allowed_release_version|"
    r"subscription_interval|(maintenance_)?anchor)$"
)
OTHERWISE = {
    "accounts.challenge.key": "A keyed hash.",
    "accounts.passkey.credential_id": "Bytes in base64url (accounts/passkeys/ceremonies.py).",
    "accounts.passkey.public_key": "Bytes in base64url.",
    "accounts.passkey.rp_id": "A host of our zone.",
    "accounts.identity.issuer": "An address (accounts/single_sign_on/models.py).",
    "accounts.identity.subject": "A provider's own name for somebody; nobody is called so.",
    "accounts.session.browser": "A header; nobody is called so.",
    "accounts.recoverycode.salt": "Random, in hex.",
    "accounts.session.place": "From the operator's file (web/whereabouts.py).",
    "accounts.refusal.browser": "A header.",
    "accounts.refusal.machine": "As a file says it, without what no line has (offline/codec.py).",
    "accounts.refusal.license_key": "A key, as a file says it.",
    "accounts.refusal.ip": "An address (web/visitors.py).",
    "accounts.refusal.reason": "A word of ours.",
    "accounts.refusal.said": "A sentence of ours.",
    "backoffice.bulkchange.label": "What is done, and what a form has checked.",
    "backoffice.bulkchange.name": "A name of ours.",
    "backoffice.bulkchange.why": "A sentence of ours.",
    "backoffice.savedview.listed": "A model's name.",
    "backoffice.savedview.query": "The query of an address.",
    "branding.brandimage.name": "Made of the picture.",
    "branding.customdomain.name": "A domain name (branding/domains/names.py).",
    "branding.customdomain.certificate_fault": "A choice.",
    "branding.proveddomain.name": "A domain name.",
    "moving.move.encrypted_token": "Encrypted, and deleted afterwards.",
    "moving.move.noun": "A name of ours (moving/nouns.py).",
    "moving.move.why": "A sentence of ours.",
    "moving.remark.further_ids": "Ids.",
    "moving.remark.label": "What a source calls it.",
    "moving.remark.noun": "A name of ours.",
    "moving.remark.sentence": "A sentence of ours.",
    "moving.remark.source_id": "An id.",
    "moving.taken.here_digest": "A digest.",
    "moving.taken.noun": "A name of ours.",
    "moving.taken.source_digest": "A digest.",
    "moving.taken.source_id": "An id.",
    "jobs.choreturn.name": "A name of ours (jobs/chores.py).",
    "jobs.choreturn.claimed_by": "A worker's name, made by itself.",
    "jobs.choreturn.said": "A sentence of ours, or of a fault.",
    "jobs.seenworker.name": "Made by itself.",
    "jobs.seenworker.machine": "The machine's own name.",
    "jobs.keptnumber.name": "A name of ours (portal/seeing/numbers.py).",
    "imports.importstep.act": "A name of ours (imports/steps.py).",
    "imports.columnmeaning.column": "A name of ours.",
    "imports.columnmeaning.heading": "A stored form (tenancy/spelling.py).",
    "imports.importstep.content": "Made of the file, whose cells are checked one by one.",
    "imports.dataimport.content": "The file itself, whose cells are checked one by one.",
    "licenses.activation.country": "Two letters, from the operator's file (web/whereabouts.py).",
    "licenses.trialactivation.country": "The same.",
    "licenses.gonemachine.how": "A name of ours: the action of the trail.",
    "licenses.activation.fingerprint": "Opaque; what programs send is checked (offline/codec.py).",
    "licenses.trialactivation.fingerprint": "The same, and by api/programs.py.",
    "licenses.license.key": "Visible ASCII (licenses/keys.py).",
    "licenses.licensepolicy.key_pattern": "Its keys are visible ASCII.",
    "releases.releasefile.key": "Made by the portal.",
    "releases.releasefile.name": "ASCII, by a pattern.",
    "releases.releasefile.url": "ASCII (releases.models.validate_address).",
    "tenancy.host.name": "A label or a domain name.",
    "tenancy.vendor.registration": "A choice.",
    "tenancy.vendor.second_factor_for": "A choice.",
    "webhooks.webhook.style": "A choice.",
    "webhooks.webhook.switched_off": "A choice.",
    "webhooks.webhook.encrypted_earlier": "Encrypted.",
    "webhooks.delivery.event": "A name of ours (webhooks/events.py).",
    "webhooks.delivery.once": "A name of ours.",
    "webhooks.delivery.reason": "A choice.",
    "webhooks.delivery.body": "Made of rows that are checked.",
    "webhooks.delivery.answer": "What another program says, shown as it is to staff.",
}


def test_every_text_that_people_type_is_of_such_a_field() -> None:
    unchecked = {
        f"{model._meta.label_lower}.{field.name}"
        for model in apps.get_models()
        if model.__module__.partition(".")[0] in LADDER and not model._meta.proxy
        for field in model._meta.concrete_fields
        if isinstance(field, models.CharField | models.TextField)
        and not isinstance(field, Line | Prose | EmailLine | UrlLine)
    }
    assert {name for name in unchecked if not MADE.search(name)} == set(OTHERWISE)


def typed() -> list[tuple[type[models.Model], str]]:
    return [
        (model, field.name)
        for model in apps.get_models()
        if not model._meta.proxy
        for field in model._meta.concrete_fields
        if isinstance(field, Line | Prose | EmailLine | UrlLine)
    ]


@pytest.mark.parametrize(("model", "name"), typed())
def test_each_refuses_it_by_its_validator_and_as_the_row_is_written(
    model: type[models.Model], name: str
) -> None:
    field: Any = model._meta.get_field(name)
    example = {EmailLine: f'"{OVERRIDE}"@example.com', UrlLine: f"https://x.example/{OVERRIDE}"}
    text = example.get(type(field), f"a{OVERRIDE}")
    row = model(**{name: text})
    with pytest.raises(ValidationError):
        field.clean(text, row)
    with pytest.raises(ValidationError) as refused:
        field.pre_save(row, True)
    assert list(refused.value.message_dict) == [name]
    assert field.deconstruct()[1].startswith("django.db.models.")


# --- Every way in -------------------------------------------------------------------------------

BAD = f"Or{OVERRIDE}bit"


def imported(world: World) -> None:
    from imports.verbs import files

    data = f"email,first_name\neve@example.com,{BAD}\n".encode()
    row = files.start(vendor=world.acme, kind="customers", file_name="c.csv", data=data, options={})
    assert DataImport.objects.get(pk=row.pk).state == "refused"
    raise ValidationError("It is refused.")


DRAFT = {"name": "Orbit", "version": "9.0", "platforms": ["linux"]}
VERBS: dict[str, Callable[[World], Any]] = {
    "a person": lambda w: change_person(
        person=renamed(w.ada, first_name=BAD), fields=["first_name"]
    ),
    "a new person": lambda w: User.objects.create_user(
        vendor=w.acme, email="e@example.com", company=BAD
    ),
    "people in bulk": lambda w: User.objects.bulk_create(
        [User(vendor=w.acme, email="e@example.com", last_name=BAD)]
    ),
    "a customer of an order": lambda w: issue(
        product=w.orbit, email="e@example.com", policy=Choice.NONE, names={"company": BAD}
    ),
    "a vendor": lambda w: create_vendor(
        Vendor(company_id="initech", name=BAD), admin_email="b@initech.example"
    ),
    "settings": lambda w: change_brand(
        vendor=w.acme, contact={"support_url": f"https://x.example/{BAD}"}
    ),
    "a brand": lambda w: change_brand(vendor=w.acme, look={"portal_title": BAD}),
    "a welcome": lambda w: change_brand(vendor=w.acme, look={"welcome": BAD}),
    "a product": lambda w: create_product(Product(vendor=w.acme, name=BAD)),
    "a product's metadata": lambda w: create_product(
        Product(vendor=w.acme, name="New", metadata=[{"key": BAD, "value": ""}])
    ),
    "a policy": lambda w: LicensePolicy(vendor=w.acme, name=BAD).save(),
    "a maintenance policy": lambda w: MaintenancePolicy(vendor=w.acme, name=BAD).save(),
    "a role": lambda w: Role(vendor=w.acme, name=BAD).save(),
    "a licence": lambda w: change_license(renamed(w.ada_license, name=BAD), fields=["name"]),
    "its notes": lambda w: change_license(renamed(w.ada_license, notes=BAD), fields=["notes"]),
    "its metadata": lambda w: LicenseMetadata(
        vendor=w.acme, license=w.ada_license, key="k", value=BAD
    ).save(),
    "a machine": lambda w: activate(w.ada_license, machine("new", hostname=BAD)),
    "a reason": lambda w: free(w.ada_machine, reason=BAD),
    "a request to release": lambda w: ask(offline_machine(w), user=w.ada, reason=BAD),
    "a release": lambda w: save_draft(
        Release(vendor=w.acme, product=w.orbit, **(DRAFT | {"name": BAD}))
    ),
    "release notes": lambda w: save_draft(
        Release(vendor=w.acme, product=w.orbit, notes=BAD, **DRAFT)
    ),
    "an import": imported,
}


def offline_machine(world: World) -> Activation:
    jwk = MachineKey({"kty": "OKP", "crv": "Ed25519", "x": "A" * 43}, "T" * 43)
    return activate(world.ada_license, machine("new"), key=jwk)


def renamed(row: Any, **fields: str) -> Any:
    for name, value in fields.items():
        setattr(row, name, value)
    return row


@pytest.mark.unfound
@pytest.mark.parametrize("way", VERBS)
def test_no_verb_and_no_save_takes_it(acme: World, way: str) -> None:
    with pytest.raises(ValidationError):
        VERBS[way](acme)


def test_no_command_takes_it(world: World, tmp_path: Any) -> None:
    (tmp_path / "orbit.bin").write_bytes(b"x")
    options = ("--platform", "linux", "--name", BAD)
    with pytest.raises(CommandError, match="nobody sees"):
        call_command("publish_release", "acme", "Orbit", "9.0", str(tmp_path), *options)


FORMS: dict[str, tuple[str, str, dict[str, str]]] = {
    "profile": ("ada", "/profile/", {"first_name": BAD, "last_name": "", "company": ""}),
    "product": (
        "acme_admin",
        "/licenses/product/add/",
        {"name": BAD, "offline_response_validity": "30 days"},
    ),
    "metadata": (
        "acme_admin",
        "/licenses/product/add/",
        {
            "name": "New",
            "metadata-0-key": BAD,
            "metadata-0-value": "x",
            "offline_response_validity": "30 days",
        },
    ),
    "person": (
        "acme_admin",
        "/accounts/user/add/",
        {"email": "e@example.com", "company": BAD, "role": "user"},
    ),
    "vendor": (
        "operator",
        "/tenancy/vendor/add/",
        {"company_id": "initech", "name": BAD, "status": "active", "admin_email": "b@i.example"},
    ),
    "licence": (
        "acme_admin",
        "/licenses/license/add/",
        {"email": "e@example.com", "first_name": BAD, "product": "orbit", "policy": "none"},
    ),
    "note": ("acme_support", "/accounts/user/{person}/note/", {"internal_notes": BAD}),
    "name": ("ada", "/licenses/{license}/name/", {"name": BAD}),
    "request": ("ada", "/licenses/{license}/activations/{offline}/release/", {"reason": BAD}),
    "answer": (
        "acme_admin",
        "/licenses/seatrequest/{request}/answer/",
        {"do": "release", "answer": BAD},
    ),
    "reason": ("acme_admin", "/licenses/activation/{machine}/release/", {"reason": BAD}),
    "branding": ("acme_admin", "/branding/branding/", {"portal_title": BAD}),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_say_which_sign_it_is(world: World, form: str) -> None:
    who, path, sent = FORMS[form]
    sent = {
        name: str(world.orbit.pk) if value == "orbit" else value for name, value in sent.items()
    }
    with inside(world.acme):
        offline = offline_machine(world)
        request = ask(offline, user=world.ada, reason="It broke")
    ids = {
        "person": world.ada.pk,
        "machine": world.ada_machine.pk,
        "license": world.ada_license.pk,
        "offline": offline.pk,
        "request": request.pk,
    }
    answer = signed_in(getattr(world, who)).post(path.format(**ids), sent)
    assert answer.status_code == 200
    assert "nobody sees, U+202E" in answer.content.decode()


def test_an_offline_file_brings_none_in(world: World) -> None:
    """It is refused, or the machine is known without the sign."""
    with inside(world.acme):
        text = MachineKeys().activation(world.orbit.pk, world.ada_license.key, hostname=BAD)
    browser = signed_in(world.ada)
    file = SimpleUploadedFile("request.dat", text.encode())
    browser.post("/offline/", {"request_file": file})
    browser.post("/offline/confirm/", {"request_text": text})
    with inside(world.acme):
        assert not any(OVERRIDE in each.hostname for each in Activation.objects.all())


# --- Rows of before -----------------------------------------------------------------------------


@pytest.mark.unfound
def test_what_was_saved_before_is_read_and_can_be_switched_off(world: World) -> None:
    with inside(world.acme):
        User.objects.filter(pk=world.ada.pk).update(first_name=BAD)
        Product.objects.filter(pk=world.orbit.pk).update(name=BAD, display_name=BAD)
        License.objects.filter(pk=world.ada_license.pk).update(name=BAD, notes=BAD)
        Activation.objects.filter(pk=world.ada_machine.pk).update(hostname=BAD)
        Release.objects.filter(pk=world.orbit_release.pk).update(name=BAD)
    set_vendor(world.acme, name=BAD)
    for who, path in (
        ("ada", "/licenses/"),
        ("ada", f"/licenses/{world.ada_license.pk}/"),
        ("ada", "/releases/"),
        ("ada", "/profile/"),
        ("acme_admin", f"/accounts/user/{world.ada.pk}/story/"),
        ("acme_admin", f"/licenses/product/{world.orbit.pk}/change/"),
        ("operator", f"/tenancy/vendor/{world.acme.pk}/change/"),
    ):
        assert signed_in(getattr(world, who)).get(path).status_code == 200, path
    key = world.ada_license.key
    for kind in ("json", "atom"):
        feed = Browser().get(f"/releases/feed/{world.orbit.pk}.{kind}?key={key}")
        assert feed.status_code == 200
    with inside(world.acme):
        ada = User.objects.get(pk=world.ada.pk)
        ada.is_active = False
        assert change_person(person=ada, fields=["is_active"]).is_active is False
        change_settings(vendor=world.acme, show_support_views=False)
        change_brand(vendor=world.acme, contact={"website": "https://acme.example"})
