"""What the trail says of people stands beside it and can be erased; the chain still verifies."""

import re
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.db.migrations.loader import MigrationLoader

from accounts.models import User, UserWord
from accounts.verbs.people import change_person, create_person, delete_person
from audit import chain, trail
from audit.acting import Actor, Source, acting
from audit.models import AuditChain, AuditEntry, AuditParticulars
from audit.particulars import is_personal
from audit.verbs import erasing
from audit.verbs.erasing import erase
from licenses.models import License
from licenses.verbs.activations import activate
from licenses.verbs.licenses import change_license, suspend
from tenancy.door import inside
from tenancy.models import Vendor
from tests.conftest import ON_POSTGRESQL
from tests.portal.test_imports import LADDER
from tests.roles import OWNER, speaking_as, unguarded
from tests.world import World, build, machine, signed_in

IP = "192.0.2.7"


def by(person: User) -> Any:
    return acting(Actor(source=Source.PORTAL, ip=IP, who=lambda: person))


def rows_of(vendor: Vendor) -> str:
    """Everything that lies in the tables of a vendor's trail."""
    with inside(vendor):
        models = (AuditEntry, AuditParticulars, AuditChain)
        return "\n".join(str(row) for model in models for row in model.objects.values())


def change(world: World, person: User, **fields: str) -> AuditEntry:
    with inside(world.acme):
        before = User.objects.get(pk=person.pk)
        after = User.objects.get(pk=person.pk)
        for name, value in fields.items():
            setattr(after, name, value)
    entry = trail.record_change(before, after, visible=True)
    assert entry is not None
    return entry


def erase_ada(world: World) -> int:
    return erase(vendor=world.acme, person_id=world.ada.pk)


def reloaded(entry: AuditEntry) -> AuditEntry:
    with inside(Vendor(pk=entry.vendor_id)):
        return AuditEntry.objects.get(pk=entry.pk)


# --- What is erased -----------------------------------------------------------------------------


def test_what_comes_after_the_looking_goes_as_well(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is said of the person later is not missing without an entry, and stays."""
    monkeypatch.setattr(erasing, "AT_ONCE", 2)
    for number in range(5):
        change(world, world.ada, company=f"Company {number}")
    look, late = erasing.told_of, list[AuditEntry]()

    def others_write(person_id: Any) -> erasing.Told:
        told = look(person_id)
        late.append(change(world, world.ada, company="Company at last"))
        return told

    monkeypatch.setattr(erasing, "told_of", others_write)
    assert erase_ada(world) >= 5
    assert "Company" not in rows_of(world.acme)
    assert reloaded(late[0]).changes == {}
    assert chain.verify(world.acme).faults == []


def test_a_person_is_erased_and_the_chain_still_verifies(world: World) -> None:
    with by(world.ada):
        own = change(world, world.ada, company="Analytical Engines", last_name="Lovelace")
    with inside(world.acme), by(world.acme_admin):
        suspend(world.ada_license)
        told = AuditEntry.objects.get(license_id=world.ada_license.pk, action="suspended")
    before = chain.verify(world.acme)
    kept = rows_of(world.acme)
    for word in ("ada@example.com", "Analytical Engines", "ada-laptop", "Ada of Acme only", IP):
        assert word in kept

    erased = erase_ada(world)

    after = chain.verify(world.acme)
    assert (after.faults, after.length) == ([], before.length + 1)
    assert 0 < after.erased <= erased
    left = rows_of(world.acme)
    for word in ("ada@example.com", "Analytical Engines", "Lovelace", "ada-laptop", "Ada of Acme"):
        assert word not in left
    own, told = reloaded(own), reloaded(told)
    assert (own.actor, own.actor_for_customers, own.ip) == ("erased", "erased", None)
    assert (own.subject, own.changes, own.action) == ("erased", {}, "changed")
    # Who acted on what is hers is somebody else, and the licence is no person.
    assert told.actor == "admin@acme.example (Admin)"
    assert (told.subject, told.ip) == (world.ada_license.key, IP)


def test_what_a_customer_did_with_anothers_licence_goes(world: World) -> None:
    with inside(world.acme), by(world.grace):
        activate(world.ada_license, machine("graces-laptop"))
    assert "graces-laptop" in rows_of(world.acme)
    erase(vendor=world.acme, person_id=world.grace.pk)
    assert "graces-laptop" not in rows_of(world.acme)


def test_what_a_licence_said_of_who_had_it_before_goes(world: World) -> None:
    with inside(world.acme):
        for owner in (world.grace, None):
            world.ada_license.user = owner
            change_license(world.ada_license, fields=["user"])
        world.ada_license.notes = "Nobody's"
        change_license(world.ada_license, fields=["notes"])
    assert "Ada of Acme only" in rows_of(world.acme)
    erase_ada(world)
    assert "Ada of Acme only" not in rows_of(world.acme)


def test_who_acted_is_kept_once_for_many_entries(world: World) -> None:
    drafts = [
        trail.Draft(action="changed", row=world.ada, changes={"company": ["", str(number)]})
        for number in range(5)
    ]
    with by(world.acme_admin):
        entries = trail.record_all(drafts)
    assert len({entry.by_id for entry in entries}) == 1
    assert len({entry.about_id for entry in entries}) == 5


def test_others_and_other_vendors_keep_theirs(world: World) -> None:
    entry = change(world, world.grace, company="Cobol")
    theirs = rows_of(world.globex)
    erase_ada(world)
    assert reloaded(entry).changes == {"company": ["", "Cobol"]}
    assert rows_of(world.globex) == theirs
    assert "ada@example.com" in theirs


def test_the_erasure_is_recorded_without_saying_whom(world: World) -> None:
    with by(world.acme_admin):
        erase_ada(world)
    with inside(world.acme):
        last = AuditEntry.objects.order_by("sequence").last()
    assert last is not None
    assert (last.action, last.subject_type, last.subject_id) == (
        "erased",
        "accounts.user",
        world.ada.pk,
    )
    assert (last.actor, last.subject, last.changes) == ("admin@acme.example (Admin)", "", {})


def test_who_is_erased_twice_is_erased(world: World) -> None:
    erase_ada(world)
    assert erase_ada(world) == 0
    assert chain.verify(world.acme).faults == []


def test_whoever_is_gone_can_be_erased(world: World) -> None:
    with inside(world.acme):
        eve = User(vendor=world.acme, email="eve@example.com")
        eve.save()
        eve_id = eve.pk
        trail.record("created", eve, changes=trail.values_of(eve))
        delete_person(person=eve)
    assert "eve@example.com" in rows_of(world.acme)
    erase(vendor=world.acme, person_id=eve_id)
    assert "eve@example.com" not in rows_of(world.acme)
    assert chain.verify(world.acme).faults == []


def test_staff_is_erased_and_the_vendor_stays(world: World) -> None:
    with by(world.acme_admin):
        entry = change(world, world.ada, company="Engines")
    erase(vendor=world.acme, person_id=world.acme_admin.pk)
    entry = reloaded(entry)
    assert (entry.actor, entry.actor_for_customers) == ("erased", "Acme Instruments")
    assert entry.changes == {"company": ["", "Engines"]}


def test_whoever_had_a_licence_before_is_erased_from_its_transfer(world: World) -> None:
    with inside(world.acme):
        before = License.objects.get(pk=world.ada_license.pk)
        after = License.objects.get(pk=world.ada_license.pk)
        after.user, after.suspended = world.grace, True
        entry = trail.record_change(before, after)
    assert entry is not None
    assert set(entry.changes) == {"user", "suspended"}
    erase_ada(world)
    entry = reloaded(entry)
    assert (entry.changes, entry.subject) == ({"suspended": [False, True]}, world.ada_license.key)


def test_pages_show_what_is_left(world: World) -> None:
    with by(world.ada):
        entry = change(world, world.ada, company="Engines")
    erase_ada(world)
    staff = signed_in(world.acme_admin)
    for path in (
        "/audit/auditentry/",
        f"/audit/auditentry/{entry.pk}/change/",
        f"/accounts/user/{world.ada.pk}/history/",
        f"/licenses/license/{world.ada_license.pk}/history/",
    ):
        assert staff.get(path).status_code == 200
    assert "Engines" not in staff.get("/audit/auditentry/").content.decode()
    customer = signed_in(world.ada)
    assert customer.get("/profile/activity/").status_code == 200
    assert customer.get(f"/licenses/{world.ada_license.pk}/").status_code == 200


def found(world: World, word: str) -> bool:
    """Whether the search of the trail finds an entry, in an order that looks at people, too."""
    page = signed_in(world.acme_admin).get("/audit/auditentry/", {"q": word, "o": "-3.5.7"})
    assert page.status_code == 200
    return 'id="result_list"' in page.content.decode()


def test_the_back_office_finds_by_people_who_are_there(world: World) -> None:
    """By what their accounts say now, and never by what entries say of them."""
    with inside(world.acme):
        eve = create_person(person=User(vendor=world.acme, email="eve@example.com"), invited=False)
        change_person(person=_named(eve, "Eve Moneypenny"), fields=["company"])
        change_person(person=_named(eve, "Engines"), fields=["company"])
    assert found(world, "eve@example.com")
    assert found(world, "engines")
    assert not found(world, "moneypenny")
    with inside(world.acme):
        delete_person(person=eve)
        assert not UserWord.objects.filter(user_id=eve.pk).exists()
    assert not found(world, "eve@example.com")


def _named(person: User, company: str) -> User:
    person.company = company
    return person


# --- What the database refuses ------------------------------------------------------------------


NO_ERASURES: dict[str, Callable[[Any], Any]] = {
    "falsify": lambda rows: rows.update(said={"actor": "nobody"}),
    "salt stays": lambda rows: rows.update(said=None),
    "words stay": lambda rows: rows.update(salt=""),
    "of whom": lambda rows: rows.update(salt="", said=None, people=""),
    "delete": lambda rows: rows._raw_delete("default"),
}


@pytest.mark.parametrize("act", NO_ERASURES.values(), ids=NO_ERASURES)
def test_the_database_refuses_anything_but_an_erasure(world: World, act: Any) -> None:
    entry = change(world, world.ada, company="Engines")
    with inside(world.acme):
        rows = AuditParticulars.objects.filter(pk=entry.about_id)
        before = rows.values().get()
        with pytest.raises(IntegrityError, match="written once"), transaction.atomic():
            act(rows)
        assert rows.values().get() == before


def test_what_is_erased_does_not_come_back(world: World) -> None:
    entry = change(world, world.ada, company="Engines")
    erase_ada(world)
    with inside(world.acme):
        rows = AuditParticulars.objects.filter(pk=entry.about_id)
        with pytest.raises(IntegrityError, match="written once"), transaction.atomic():
            rows.update(said={"changes": {}}, salt="0" * 32)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(ON_POSTGRESQL, reason="PostgreSQL changes a table where it is")
def test_the_guard_outlives_a_rebuilding_of_the_table() -> None:
    world = build()
    state = MigrationLoader(connection).project_state()
    with connection.schema_editor() as editor:
        editor._remake_table(state.apps.get_model("audit", "AuditParticulars"))
    for act in NO_ERASURES.values():
        test_the_database_refuses_anything_but_an_erasure(world, act)
    erase_ada(world)
    assert "Engines" not in rows_of(world.acme)
    assert chain.verify(world.acme).faults == []


@pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite knows no TRUNCATE")
def test_the_database_refuses_to_empty_the_table(world: World) -> None:
    """Also for their owner; the portal's own role may not even try."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    # The entries' own guard, which would refuse as well, comes after.
    refused = pytest.raises(IntegrityError, match="audit_auditparticulars")
    with speaking_as(OWNER), refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE audit_auditparticulars CASCADE")


# --- What the check finds -----------------------------------------------------------------------


def check() -> str:
    out = StringIO()
    with pytest.raises(CommandError, match="not whole"):
        call_command("verify_audit", "acme", stdout=out)
    return out.getvalue()


def test_words_of_people_that_were_falsified_are_found(world: World) -> None:
    entry = change(world, world.ada, company="Engines")
    with inside(world.acme), unguarded(AuditParticulars):
        AuditParticulars.objects.filter(pk=entry.about_id).update(said={"subject": "bob"})
    assert f"entry {entry.sequence} does not say of people what it said" in check()


def test_an_erasure_that_no_entry_tells_of_is_found(world: World) -> None:
    entry = change(world, world.ada, company="Engines")
    erase(vendor=world.acme, person_id=world.grace.pk)
    with inside(world.acme):
        AuditParticulars.objects.filter(pk=entry.about_id).update(salt="", said=None)
    assert f"entry {entry.sequence} has lost what it says of people" in check()


def test_an_erasure_of_before_excuses_no_later_loss(world: World) -> None:
    erase_ada(world)
    with inside(world.acme):
        AuditChain.objects.update(erased={})  # as after a long time
    entry = change(world, world.ada, company="Engines")
    with inside(world.acme):
        AuditParticulars.objects.filter(pk=entry.about_id).update(salt="", said=None)
    assert f"entry {entry.sequence} has lost what it says of people" in check()


def test_another_that_is_erased_is_not_put_in_its_place(world: World) -> None:
    entry = change(world, world.ada, company="Engines")
    other = change(world, world.grace, company="Cobol")
    erase(vendor=world.acme, person_id=world.grace.pk)
    with inside(world.acme), unguarded(AuditEntry):
        AuditEntry.objects.filter(pk=entry.pk).update(about=other.about_id)
    assert f"entry {entry.sequence} was changed" in check()


def test_the_check_says_how_many_are_without_their_people(world: World) -> None:
    change(world, world.ada, company="Engines")
    erase_ada(world)
    out = StringIO()
    call_command("verify_audit", "acme", stdout=out)
    assert re.search(r"whole, .*, \d+ of them without the people who were erased", out.getvalue())


# --- What is personal ---------------------------------------------------------------------------

SMELLS = re.compile(
    r"name|mail|ip$|host|recipient|note|value|metadata|address|user|company|fingerprint"
    r"|content|preview|error|detail|subject|person|staff|label|said|reason|text"
)
# What only sounds like it, and why.
HARMLESS = {
    "accounts.identityprovider.company_attribute": "which claim has it",
    "accounts.identityprovider.factor_contexts": "words of the provider",
    "accounts.identityprovider.first_name_attribute": "which claim has it",
    "accounts.identityprovider.for_staff": "whether",
    "accounts.identityprovider.last_name_attribute": "which claim has it",
    "accounts.identityprovider.name": "of the provider",
    "accounts.portalsettings.company_id": "the vendor's",
    "accounts.portalsettings.email_reply_to": "the vendor's, in every e-mail",
    "accounts.portalsettings.email_sender": "the vendor's, in every e-mail",
    "accounts.portalsettings.keys_by_email": "the vendor's choice",
    "accounts.portalsettings.name": "the vendor's",
    "accounts.portalsettings.staff_asked_since": "a moment, of all staff together",
    "accounts.portalsettings.support_email": "the vendor's, printed on every page",
    "accounts.refusal.reason": "a word of ours",
    "accounts.tag.name": "of many rows",
    "accounts.role.name": "of what some of a vendor's people may do",
    "audit.auditentry.label": "what is no person is called",
    "audit.auditentry.subject_id": "an id",
    "audit.auditentry.subject_type": "a model",
    "audit.auditparticulars.said": "what this is about; never the subject of an entry",
    "backoffice.bulkchange.label": "what is done to many rows",
    "backoffice.bulkchange.name": "which change",
    "backoffice.bulkchange.values": "numbers, days and policies",
    "backoffice.savedview.name": "staff's own word for a list",
    "branding.brandimage.name": "which picture",
    "branding.customdomain.name": "the vendor's",
    "branding.proveddomain.name": "the vendor's",
    "jobs.choreturn.name": "a chore of ours",
    "jobs.choreturn.said": "how many, or a fault without addresses (jobs/turns.py)",
    "jobs.keptnumber.name": "what is counted",
    "jobs.keptnumber.value": "how many there are",
    "jobs.seenworker.name": "made by itself",
    "moving.move.address": "a host",
    "moving.remark.label": "a product's or licence's, never a person's",
    "imports.dataimport.error_count": "a number",
    "imports.dataimport.file_name": "staff's own word for a list",
    "licenses.featureflag.name": "of what is sold",
    "licenses.license.fingerprint_matching_strategy": "a choice",
    "licenses.license.user_locked": "a choice",
    "licenses.licensemeterattribute.name": "of a counted feature",
    "licenses.licensepolicy.fingerprint_matching_strategy": "a choice",
    "licenses.licensepolicy.name": "of what is sold",
    "licenses.licensepolicy.required_metadata_keys": "names of values, not values",
    "licenses.licensepolicy.user_locked": "a choice",
    "licenses.maintenancepolicy.name": "of what is sold",
    "licenses.product.display_name": "of what is sold",
    "licenses.product.internal_notes": "of what is sold",
    "licenses.product.metadata": "of what is sold",
    "licenses.product.name": "of what is sold",
    "licenses.productversion.display_name": "of what is sold",
    "licenses.productversion.name": "of what is sold",
    "licenses.trialpolicy.fingerprint_matching_strategy": "a choice",
    "licenses.trialpolicy.name": "of what is sold",
    "licenses.trialpolicy.user_locked": "a choice",
    "mail.owntext.subject": "what a vendor's e-mails say to everybody",
    "mail.owntext.text": "what a vendor's e-mails say to everybody",
    "mail.senttext.email": "a key",
    "releases.ownplatform.display_name": "of what is sold",
    "releases.release.name": "of what is sold",
    "releases.release.notes": "for everybody",
    "releases.release.notes_html": "the same as HTML",
    "releases.releasefile.content_type": "of a file",
    "releases.releasefile.name": "of a file",
    "tenancy.host.name": "the vendor's",
    "tenancy.vendor.company_id": "the vendor's",
    "tenancy.vendor.email_reply_to": "the vendor's, in every e-mail",
    "tenancy.vendor.email_sender": "the vendor's, in every e-mail",
    "tenancy.vendor.keys_by_email": "the vendor's choice",
    "tenancy.vendor.name": "the vendor's",
    "tenancy.vendor.staff_asked_since": "a moment, of all staff together",
    "tenancy.vendor.support_email": "the vendor's, printed on every page",
    "webhooks.delivery.person_id": "an id, emptied as the person is erased",
    "webhooks.delivery.reason": "a word of ours",
    "webhooks.webhook.name": "of the vendor's other program",
}


def test_what_smells_of_a_person_is_personal_or_known_to_be_harmless() -> None:
    smelling = {
        f"{model._meta.label_lower}.{field.name}"
        for model in apps.get_models()
        if model.__module__.partition(".")[0] in LADDER
        for field in model._meta.concrete_fields
        if SMELLS.search(field.name) and not is_personal(model(), field.name)
    }
    assert smelling == set(HARMLESS)


def test_a_value_that_is_no_field_is_personal(world: World) -> None:
    assert is_personal(world.orbit, "unheard_of")
    assert not is_personal(world.orbit, "name")


def test_no_entry_itself_names_a_person(world: World) -> None:
    """The world was made by verbs: nothing of its people stands in the entries."""
    words = ("@example.com", "@acme.example", "laptop", "Ada of Acme", "Grace of Acme")
    with inside(world.acme):
        # The address for support, with which a vendor begins, is the vendor's.
        entries = list(AuditEntry.objects.exclude(subject_id=world.acme.pk).values())
    assert len(entries) > 5
    assert [entry for entry in entries if any(word in str(entry) for word in words)] == []
