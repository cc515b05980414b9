"""A person is erased from everything that a vendor keeps; licences and the chain stay."""

import threading
import time
from collections.abc import Iterator
from io import StringIO
from typing import Any
from urllib.parse import unquote_plus

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, OperationalError, connection
from django.http import HttpResponse
from django.test import RequestFactory
from django_tasks_db.models import DBTaskResult

from accounts.models import Session, User
from accounts.tasks import find_account
from accounts.verbs.erasing import (
    ErasesOneself,
    NoOwner,
    erase_person,
)
from accounts.verbs.people import LastAdministrator, PersonIsGone, change_person
from accounts.view_as import verbs as view_as
from audit import chain, trail
from audit.acting import Actor, Source, acting, acting_as
from audit.models import AuditEntry
from audit.verbs import erasing
from backoffice.models import SavedView
from backoffice.saved import verbs as saved
from imports.models import DataImport
from imports.verbs import files
from imports.verbs.erasing import ImportRuns
from licenses.models import Activation, License, LicenseMetadata, LicenseUser, SeatRequest
from licenses.verbs.activations import activate
from licenses.verbs.details import add_metadata, share
from licenses.verbs.licenses import change_license, create_license
from licenses.verbs.mailing import send_license
from licenses.verbs.releasing import ask
from mail.models import OutgoingEmail
from mail.outbox import queue
from offline.models import OfflineExchange
from offline.verbs.answering import answer
from portal.middleware.tenancy import TenancyMiddleware
from releases.models import Download
from tenancy.door import inside
from tenancy.waiting import passes
from tests.accounts.authenticators import passkey_of
from tests.filled import fill
from tests.licenses.test_activation import KEY, run_at_once
from tests.offline.requests_maker import MachineKeys
from tests.roles import everywhere
from tests.world import NOW, PASSWORD, Browser, World, build, download_path, machine, signed_in

EMAIL, NAME, COMPANY = "ada@example.com", "Ada Lovelace", "Analytical Engines Ltd"
TELLING = (EMAIL, NAME, "Lovelace", COMPANY, "Analytical", "ada-laptop", "adas-clean-room")
IP = "192.0.2.77"


def texts_of(table: str, vendor_id: Any) -> Iterator[str]:
    """Every value of the table, but those of another vendor's rows and the fingerprints, by which
    seats are counted."""
    quoted = connection.ops.quote_name(table)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {quoted}")
        names = [column[0] for column in cursor.description]
        for row in cursor.fetchall():
            told = dict(zip(names, row, strict=True))
            owner = str(told.get("vendor_id") or vendor_id).replace("-", "")
            if owner == vendor_id.hex:
                yield from (_text(value) for name, value in told.items() if name != "fingerprint")


def _text(value: Any) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("utf-8", "replace")
    return str(value)


def found(world: World, *words: str) -> dict[str, list[str]]:
    """The words that stand anywhere in the database of the vendor, by table."""
    told: dict[str, list[str]] = {}
    with everywhere():
        for table in connection.introspection.table_names():
            text = "\n".join(texts_of(table, world.acme.pk)).lower()
            text += unquote_plus(text)
            if here := [word for word in words if word.lower() in text]:
                told[table] = here
    return told


@pytest.fixture
def full(world: World, settings: Any) -> World:
    """Ada of Acme has done everything that one can, and others have worked on what is hers."""
    fill(world)
    passkey_of(world.ada, name=f"{NAME}'s phone")
    ada, browser = world.ada, signed_in(world.ada)
    profile = {"first_name": "Ada", "last_name": "Lovelace", "company": COMPANY}
    assert browser.post("/profile/", profile).status_code == 302
    world.ada.company = COMPANY
    Browser("acme").post("/login/", {"email": EMAIL, "password": "wrong"}, REMOTE_ADDR=IP)
    Browser("acme").sign_in(EMAIL)
    Browser("acme").post("/password-reset/", {"email": EMAIL})
    new = {"new_email": "countess@example.com", "current_password": "correct horse battery"}
    browser.post("/profile/email/", new)
    text = MachineKeys().activation(world.orbit.pk, world.ada_license.key, "adas-clean-room")
    assert browser.post("/offline/confirm/", {"request_text": text}).status_code == 302
    b"".join(browser.get(download_path(world.orbit_release), REMOTE_ADDR=IP).streaming_content)
    by_admin = acting(Actor(source=Source.BACKOFFICE, ip="192.0.2.9", who=lambda: world.acme_admin))
    with inside(world.acme), by_admin:
        ada = User.objects.get(pk=ada.pk)
        ada.internal_notes = f"{NAME} pays late"
        ada.metadata = [{"key": "boss", "value": NAME}]
        change_person(person=ada, fields=["internal_notes", "metadata"])
        license = License.objects.get(pk=world.ada_license.pk)
        license.name, license.order_number = "Ada Lovelace's", f"order of {EMAIL}"
        license.notes, license.internal_notes = f"For {COMPANY}", f"{NAME} asked"
        license.renewal_url = f"https://shop.example/?for={EMAIL}"
        change_license(
            license, fields=["name", "order_number", "notes", "internal_notes", "renewal_url"]
        )
        add_metadata(LicenseMetadata(vendor=world.acme, license=license, key="by", value=NAME))
        share(LicenseUser(vendor=world.acme, license=world.grace_license, user=ada))
        send_license(license)
        view = view_as.offer(ada, staff=world.acme_support)
        view_as.begin(world.acme, view)
        saved.save(
            vendor=world.acme, owner=world.acme_support, listed="licenses.license",
            name="That one", query=saved.asked_in(f"?q={EMAIL}"), shared=True,
        )  # fmt: skip
        csv = f"email,first_name,last_name,company\n{EMAIL},Ada,Lovelace,{COMPANY}\n"
        for data in (csv, csv + "no address,,,\n"):
            files.start(
                vendor=world.acme, kind="customers", file_name="customers.csv",
                data=data.encode(), options={},
            )  # fmt: skip
        # Somebody else has typed her address, and she is told so.
        queue("email-change", user=world.grace, recipient=EMAIL)
    with inside(world.acme), acting_as(ada):
        own = create_license(product=world.orbit, user=ada, key="ADA444-ACME-ORBIT-0004")
        ask(activate(own, machine("ada-laptop2"), key=KEY), user=ada, reason="Lovelace broke it")
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    find_account.enqueue(site="customer", vendor_id=str(world.acme.pk), email=EMAIL.upper())
    job = DBTaskResult.objects.create(
        args_kwargs={"args": [], "kwargs": {"vendor_id": str(world.acme.pk)}},
        traceback=f"SMTPError: no mailbox {EMAIL}", task_path="x", backend_name="default",
        run_after=find_account.get_backend() and world.ada.created_at, status="FAILED",
    )  # fmt: skip
    assert job.pk
    return world


def erase(world: World, heir: User | None = None, *, by: User | None = None) -> None:
    with inside(world.acme), acting_as(by or world.acme_admin):
        erase_person(person=world.ada, heir=heir)


@pytest.mark.by_database
@pytest.mark.parametrize("has_heir", [True, False], ids=["to another", "to nobody"])
def test_nothing_in_the_whole_database_tells_of_her(full: World, has_heir: bool) -> None:
    before = found(full, *TELLING)
    kept_elsewhere = {"audit_auditparticulars", "accounts_user", "accounts_userword"}
    assert kept_elsewhere <= before.keys()
    for table in (
        "licenses_license", "licenses_licensemetadata", "licenses_activation", "mail_outgoingemail",
        "licenses_licenseword", "mail_senttext", "imports_dataimport", "backoffice_savedview",
        "licenses_seatrequest", "offline_offlineexchange", "django_tasks_database_dbtaskresult",
    ):  # fmt: skip
        assert table in before, table
    others = found(full, "grace@example.com", "Grace of Acme only")

    erase(full, full.grace if has_heir else None)

    assert found(full, *TELLING, IP, "countess", "pays late", "broke it") == {}
    assert others.keys() <= found(full, "grace@example.com", "Grace of Acme only").keys()
    assert chain.verify(full.acme).faults == []
    call_command("verify_audit", "acme", stdout=StringIO())


@pytest.mark.by_database
def test_the_other_vendor_keeps_its_own(full: World) -> None:
    def globex() -> str:
        with inside(full.globex):
            models = (User, License, AuditEntry, OutgoingEmail, Session, SavedView)
            return str([list(model._base_manager.values()) for model in models])

    before = globex()
    assert EMAIL in before
    erase(full)
    assert globex() == before


def test_licences_stay_with_their_history(full: World) -> None:
    with inside(full.acme):
        seats = License.objects.get(pk=full.ada_license.pk).total_activations
        before = AuditEntry.objects.filter(license_id=full.ada_license.pk).count()
    erase(full, full.grace)
    with inside(full.acme):
        license = License.objects.get(pk=full.ada_license.pk)
        assert (license.user, license.key) == (full.grace, "ADA111-ACME-ORBIT-0001")
        assert (license.name, license.notes, license.order_number) == ("", "", "")
        assert license.total_activations == seats == license.activations.count()
        entries = AuditEntry.objects.filter(license_id=license.pk)
        assert entries.count() > before
        moved = entries.filter(action="changed").first()
        assert moved is not None
        assert moved.changes == {"user": ["erased", "grace@example.com"]}
        activated = entries.filter(action="activated").first()
        assert activated is not None
        assert (activated.changes, activated.details) == ({}, {})
        assert License.objects.filter(user=full.grace).count() == 3
    page = signed_in(full.grace).get(f"/licenses/{full.ada_license.pk}/")
    assert page.status_code == 200


def test_without_a_new_owner_licences_are_nobodys(full: World) -> None:
    erase(full)
    with inside(full.acme):
        assert not User.objects.filter(pk=full.ada.pk).exists()
        assert License.objects.get(pk=full.ada_license.pk).user is None
        assert Activation.objects.filter(license=full.ada_license).count() == 2
        requests = SeatRequest.objects.values_list("state", "owner", "user", "reason", "hostname")
        assert list(requests) == [("not-needed", None, None, "", "")] * 2
        assert Download.objects.filter(user=None, ip=None, counted=True).exists()
        assert not Download.objects.filter(user=full.ada.pk).exists()
        assert not OutgoingEmail.objects.filter(recipient=EMAIL).exists()


def test_what_was_answered_offline_is_neither_given_nor_done_again(full: World) -> None:
    keys = MachineKeys()
    text = keys.activation(full.orbit.pk, full.ada_license.key, "another")
    signed_in(full.ada).post("/offline/confirm/", {"request_text": text})
    erase(full, full.grace)
    with inside(full.acme):
        exchanges = OfflineExchange.objects.filter(license=full.ada_license)
        assert {(each.response, each.hostname, each.owner) for each in exchanges} == {
            ("", "", None)
        }
        used = License.objects.get(pk=full.ada_license.pk).total_activations
    browser = signed_in(full.grace)
    for exchange in exchanges:
        assert browser.get(f"/offline/{exchange.pk}/").status_code == 404
    # The new owner's own answer to the same request takes no seat.
    with inside(full.acme):
        assert answer(full.grace, text).owner == full.grace
        assert License.objects.get(pk=full.ada_license.pk).total_activations == used


def test_files_that_wait_are_refused(full: World) -> None:
    with inside(full.acme):
        ready = DataImport.objects.get(state="ready", rows=1, content__contains=EMAIL)
    erase(full)
    with inside(full.acme):
        ready.refresh_from_db()
    assert (ready.state, ready.content, bytes(ready.original)) == ("refused", "", b"")
    page = signed_in(full.acme_admin).get(f"/imports/dataimport/{ready.pk}/change/")
    assert "names somebody who was erased" in page.content.decode()


def test_nothing_is_erased_while_a_file_that_names_her_is_written(full: World) -> None:
    with inside(full.acme):
        DataImport.objects.filter(state="ready", content__contains=EMAIL).update(state="importing")
    before = found(full, *TELLING)
    with pytest.raises(ImportRuns):
        erase(full)
    assert found(full, *TELLING) == before
    assert chain.verify(full.acme).faults == []


def test_what_breaks_undoes_everything(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(_leaving: erasing.Leaving) -> None:
        raise LookupError

    monkeypatch.setattr(erasing, "ALSO", [*erasing.ALSO, breaks])
    before = found(world, *TELLING)
    with pytest.raises(LookupError):
        erase(world)
    assert found(world, *TELLING) == before
    assert chain.verify(world.acme).erased == 0


def test_who_is_signed_in_is_out_and_no_link_opens_anything(world: World) -> None:
    browser = signed_in(world.ada)
    erase(world)
    assert browser.get("/licenses/").status_code == 302
    with inside(world.acme):
        assert not Session.objects.filter(user=world.ada.pk).exists()


def test_a_second_time_there_is_nobody(world: World) -> None:
    erase(world)
    with pytest.raises(PersonIsGone):
        erase(world)
    assert chain.verify(world.acme).faults == []


def test_who_comes_again_is_another_person(world: World) -> None:
    erase(world)
    with inside(world.acme):
        again = User.objects.create_user(vendor=world.acme, email=EMAIL)
    assert again.pk != world.ada.pk
    assert "ADA111" not in signed_in(again).get("/licenses/").content.decode()


# --- What others do meanwhile -------------------------------------------------------------------


@pytest.mark.by_database
def test_what_comes_between_the_looking_and_the_erasing_goes_along(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = erasing.told_of

    def while_others_act(person_id: Any) -> erasing.Told:
        told = look(person_id)
        Browser("acme").sign_in(EMAIL)
        with inside(world.acme):
            bought = create_license(product=world.orbit, user=world.ada, notes="Lovelace's")
            activate(bought, machine("ada-laptop-3"))
        return told

    monkeypatch.setattr(erasing, "told_of", while_others_act)
    erase(world, world.grace)
    assert found(world, *TELLING) == {}
    with inside(world.acme):
        assert License.objects.filter(user=world.grace).count() == 3
    assert chain.verify(world.acme).faults == []


def test_who_had_read_her_before_writes_nothing_of_her_later(world: World) -> None:
    """As one does whose transaction was under way."""
    erase(world)
    with inside(world.acme), acting(Actor(source=Source.PORTAL, ip=IP, who=lambda: world.ada)):
        trail.record("signed-out", world.ada, details={"browser": "Lovelace's"}, visible=True)
        trail.record("changed", world.orbit, changes={"name": ["Orbit", "Orbiter"]})
    assert found(world, *TELLING, IP) == {}
    with inside(world.acme):
        assert AuditEntry.objects.filter(actor_id=world.ada.pk, action="changed").get().changes
    assert chain.verify(world.acme).faults == []


def test_what_was_said_of_others_at_that_time_stays(world: World) -> None:
    erase(world)
    with inside(world.acme), acting_as(world.grace):
        entry = trail.record("signed-out", world.grace)
    assert entry.actor.startswith("grace@example.com")


@pytest.mark.django_db(transaction=True)
def test_others_who_come_while_she_is_erased_wait_and_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """She signs in, a licence is bought for her, her profile is changed: after the row is held."""
    world = build()
    office, portal = signed_in(world.acme_admin), signed_in(world.ada)
    answers: dict[str, int] = {}

    def sign_in() -> int:
        signing_in = Browser("acme")
        answer = signing_in.post("/login/", {"email": EMAIL, "password": PASSWORD})
        return int(answer.status_code)

    def buy() -> int:
        with inside(world.acme):
            try:
                create_license(product=world.orbit, user=world.ada, key="NEW555-ACME-0005")
            except IntegrityError as error:  # as it comes out of a view
                request = RequestFactory().post("/licenses/license/add/")
                middleware = TenancyMiddleware(lambda _request: HttpResponse())
                told = middleware.process_exception(request, error)
                return told.status_code if told else 500
            except ValidationError:  # SQLite: the whole transaction has come later
                return 409
            except OperationalError as error:
                return 503 if passes(error) else 500
        return 200

    acts = {
        "sign in": sign_in,
        "buy": buy,
        "again": lambda: office.post(path(world), {"email": EMAIL}).status_code,
        "profile": lambda: portal.post("/profile/", {"first_name": "Lovelace"}).status_code,
    }

    def run(name: str) -> None:
        try:
            answers[name] = acts[name]()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(name,)) for name in acts]

    begun = []

    def others_come(leaving: erasing.Leaving) -> None:
        begun.append(leaving)
        if len(begun) == 1:
            for thread in threads:
                thread.start()
        time.sleep(0.5)

    monkeypatch.setattr(erasing, "ALSO", [*erasing.ALSO, others_come])
    erase(world)
    for thread in threads:
        thread.join()
    assert found(world, *TELLING) == {}
    assert chain.verify(world.acme).faults == []
    assert not set(answers.values()) - {200, 302, 404, 409, 503}
    with inside(world.acme):
        assert AuditEntry.objects.filter(action="erased").count() == 1
        assert len(begun) == 1
        assert not License.objects.filter(key="NEW555-ACME-0005").exists()
    # Whoever comes in time waits and is told, or to try again; who comes later finds nobody.
    assert answers.pop("sign in") in {200, 503}
    assert answers.pop("buy") in {409, 503}
    assert answers.pop("again") in {200, 404, 503}
    assert answers.pop("profile") in {409, 302, 503}


@pytest.mark.django_db(transaction=True)
def test_two_administrators_who_erase_each_other_leave_one() -> None:
    world = build()
    with inside(world.acme):
        second = User.objects.create_user(
            vendor=world.acme, email="second@acme.example", role="admin"
        )
    pairs = [(world.acme_admin, second), (second, world.acme_admin)]

    def act(n: int) -> str:
        with inside(world.acme), acting_as(pairs[n][0]):
            try:
                erase_person(person=pairs[n][1])
            except LastAdministrator as error:
                return error.code
        return "done"

    assert sorted(run_at_once(2, act)) == ["LAST_ADMINISTRATOR", "done"]
    with inside(world.acme):
        assert User.objects.filter(role="admin").count() == 1


# --- Who can't be erased ------------------------------------------------------------------------


def test_an_administrator_erases_neither_herself_nor_the_last_one(world: World) -> None:
    with inside(world.acme):
        second = User.objects.create_user(
            vendor=world.acme, email="second@acme.example", role="admin"
        )
        with acting_as(world.acme_admin), pytest.raises(ErasesOneself):
            erase_person(person=world.acme_admin)
        with acting_as(second), pytest.raises(LastAdministrator):
            erase_person(person=world.acme_admin)  # An invitation that nobody has followed is none.
        User.objects.filter(pk=second.pk).update(last_seen_at=NOW)
        with acting_as(second):
            erase_person(person=world.acme_admin)
        with pytest.raises(LastAdministrator):  # the command, in nobody's name
            erase_person(person=second)
        assert User.objects.filter(role="admin").get() == second
    assert chain.verify(world.acme).faults == []


def test_licences_go_to_another_customer_who_is_let_in(world: World) -> None:
    with inside(world.acme):
        User.objects.filter(pk=world.grace.pk).update(is_active=False)
    for heir in (world.ada, world.acme_support, world.grace, world.bob):
        with pytest.raises(NoOwner):
            erase(world, heir)
    with inside(world.acme):
        assert License.objects.get(pk=world.ada_license.pk).user == world.ada


# --- The doors ----------------------------------------------------------------------------------


def path(world: World) -> str:
    return f"/accounts/user/{world.ada.pk}/erase/"


def test_the_page_says_what_will_happen_and_asks_for_the_email(world: World) -> None:
    browser = signed_in(world.acme_admin)
    story = browser.get(f"/accounts/user/{world.ada.pk}/story/").content.decode()
    assert path(world) in story
    page = browser.get(path(world)).content.decode()
    assert "Erase ada@example.com?" in page
    assert "1 licence stays, with its history" in page
    refused = browser.post(path(world), {"email": "grace@example.com"})
    assert "This is not the person" in refused.content.decode()
    unknown = browser.post(path(world), {"email": EMAIL, "new_owner": "support@acme.example"})
    assert "There is no customer with this e-mail." in unknown.content.decode()
    with inside(world.acme):
        assert User.objects.filter(pk=world.ada.pk).exists()
    done = browser.post(
        path(world), {"email": " ADA@example.com", "new_owner": "grace@example.com"}
    )
    assert done["Location"] == "/accounts/user/?kind=customers"
    with inside(world.acme):
        assert not User.objects.filter(pk=world.ada.pk).exists()
        assert License.objects.get(pk=world.ada_license.pk).user == world.grace
    assert browser.get(path(world)).status_code == 404


def test_oneself_has_no_button(world: World) -> None:
    browser, own = signed_in(world.acme_admin), world.acme_admin.pk
    assert "/erase/" not in browser.get(f"/accounts/user/{own}/story/").content.decode()
    answer = browser.post(f"/accounts/user/{own}/erase/", {"email": "admin@acme.example"})
    assert "You can&#x27;t erase yourself." in answer.content.decode()


def erase_by_command(*args: str) -> str:
    out = StringIO()
    call_command("erase_person", "--vendor", "acme", *args, stdout=out)
    return out.getvalue()


def test_the_command(world: World) -> None:
    told = erase_by_command("--email", "Ada@Example.com", "--to", "grace@example.com")
    assert told == "The person is erased from Acme Instruments.\n"
    with inside(world.acme):
        assert License.objects.get(pk=world.ada_license.pk).user == world.grace
        assert AuditEntry.objects.filter(action="erased").get().source == "system"
    with pytest.raises(CommandError, match="nobody with the e-mail"):
        erase_by_command("--email", EMAIL)
    with pytest.raises(CommandError, match="last administrator"):
        erase_by_command("--email", "admin@acme.example")
    with pytest.raises(CommandError, match="There is no vendor"):
        call_command("erase_person", "--vendor", "nobody", "--email", EMAIL)
