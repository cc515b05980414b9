"""Writing an import step by step: nobody waits for it, and in the end it is all there or nothing."""

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from threading import Event, Thread
from typing import Any

import pytest
from django.db import OperationalError, connections
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.models import User
from accounts.verbs.people import change_person
from audit.acting import acting_as
from audit.chain import verify
from audit.models import AuditEntry
from imports.kinds import KINDS
from imports.models import DataImport, ImportStep
from imports.steps import Act
from imports.verbs import files, writing
from licenses.models import License, LicenseWord
from licenses.verbs.activations import activate
from licenses.verbs.licenses import create_license
from mail.models import OutgoingEmail
from tenancy import transactions
from tenancy.door import inside
from tests.conftest import ON_POSTGRESQL
from tests.imports.test_customers import confirmed, started
from tests.jobs.test_worker import wait_until, worker
from tests.mail.smtp_server import mail_server
from tests.others import another
from tests.world import PASSWORD, Browser, World, build, machine

HEADER = "product,email,policy,key\n"
NUMBER = 24  # rows, and so a few steps


def rows(number: int = NUMBER) -> str:
    lines = (f"Orbit,n{n}@example.com,none,{key(n)}\n" for n in range(number))
    return HEADER + "".join(lines)


def key(n: int) -> str:
    return f"IMPORTED-KEY-{n:06d}"


@pytest.fixture
def each_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step has a transaction of its own, however quick the machine is."""
    monkeypatch.setattr(transactions, "LONGEST", -1.0)


def when_done(
    monkeypatch: pytest.MonkeyPatch, number: int, act: Callable[[], Any], kind: str = "licenses"
) -> None:
    """Has something happen in between, when so many steps of a kind are about to be written."""
    left = writing._left

    def in_between(row: DataImport, until: float) -> Iterator[ImportStep]:
        begun = 0
        for step in left(row, until):
            begun += step.act == kind
            if begun == number:
                act()
                begun += 1
            yield step

    monkeypatch.setattr(writing, "_left", in_between)


def there(world: World) -> tuple[int, int, int]:
    """How many licences, people and e-mails acme has."""
    with inside(world.acme):
        return License.objects.count(), User.objects.count(), OutgoingEmail.objects.count()


def told(world: World, action: str) -> int:
    with inside(world.acme):
        return AuditEntry.objects.filter(action=action).count()


def assert_nothing_is_kept(row: DataImport) -> None:
    """Neither the file nor what it was to become."""
    with inside(row.vendor_id):
        assert not ImportStep.objects.exists()
    assert row.content == ""


# --- All or nothing -----------------------------------------------------------------------------


def test_all_of_it_is_written_and_every_e_mail_is_queued(
    world: World, each_by_itself: None
) -> None:
    before = there(world)
    row = confirmed(world, started(world, rows(), "licenses", send_emails=True))
    assert (row.state, row.rows_done, row.error_count) == ("done", NUMBER, 0)
    assert there(world) == tuple(n + NUMBER for n in before)
    assert told(world, "license-sent") == NUMBER
    assert verify(world.acme).faults == []
    assert_nothing_is_kept(row)


def test_a_key_that_is_taken_in_between_has_all_of_it_taken_back(
    world: World, each_by_itself: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take() -> None:
        create_license(product=world.orbit, user=world.ada, key=key(NUMBER - 1).lower())

    when_done(monkeypatch, 3, take)
    before, entries = there(world), told(world, "created")
    row = confirmed(world, started(world, rows(), "licenses", send_emails=True))
    assert row.state == "failed"
    assert row.errors == [[NUMBER + 1, "key", "There is a licence with this key already."]]
    assert row.preview == {"failure": "Something has changed since the file was checked."}
    # What stopped it is there, and nothing else; the trail tells what was for a while.
    licenses, people, emails = before
    assert there(world) == (licenses + 1, people, emails)
    with inside(world.acme):
        assert LicenseWord.objects.filter(word__startswith="key0000").count() == 1
    written = told(world, "created") - entries - 2  # the import and what stopped it
    assert written == told(world, "deleted") == NUMBER + 2 * 10
    assert verify(world.acme).faults == []
    assert_nothing_is_kept(row)


def test_what_somebody_uses_meanwhile_stays_and_is_said(
    world: World, each_by_itself: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def use_and_take() -> None:
        activate(License.objects.get(key=key(3)), machine("early"))
        create_license(product=world.orbit, user=world.ada, key=key(NUMBER - 1))

    when_done(monkeypatch, 3, use_and_take)
    licenses, people, _emails = there(world)
    row = confirmed(world, started(world, rows(), "licenses"))
    assert (row.state, row.preview["kept"]) == ("failed", 2)
    assert there(world)[:2] == (licenses + 2, people + 1)
    admin = Browser("app").sign_in("admin@acme.example", company_id="acme")
    page = admin.get(f"/imports/dataimport/{row.pk}/change/").content.decode()
    assert "Nothing was imported but 2 rows that somebody uses already." in page


def test_a_fault_of_ours_has_all_of_it_taken_back(
    world: World, each_by_itself: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_given: Any) -> None:
        raise RuntimeError

    when_done(monkeypatch, 2, lambda: monkeypatch.setattr(LicenseWord.objects, "begin", break_down))
    before = there(world)
    row = confirmed(world, started(world, rows(), "licenses"))
    assert (row.state, there(world)) == ("failed", before)
    assert row.preview == {"failure": "Something went wrong in the portal itself."}
    assert_nothing_is_kept(row)


def test_an_e_mail_that_can_not_be_made_does_not_take_back_what_is_there(
    world: World, each_by_itself: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []

    def fails_late(license: License) -> None:
        sent.append(license)
        if len(sent) > 12:
            raise RuntimeError

    kind = replace(KINDS["licenses"], after_create=fails_late)
    monkeypatch.setitem(KINDS, "licenses", kind)
    before = there(world)
    row = confirmed(world, started(world, rows(), "licenses", send_emails=True))
    assert (row.state, row.preview["failure"]) == ("done", "Not all e-mails could be made.")
    assert there(world)[:2] == (before[0] + NUMBER, before[1] + NUMBER)
    assert_nothing_is_kept(row)


def test_who_needs_no_letter_any_more_gets_none(
    world: World, each_by_itself: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody has set a password, and somebody was taken out, before letters are written."""
    write = writing.write
    seen: list[int] = []

    def in_between(row: Any, acts: Any, *, until: float) -> bool:
        def letters(content: Any) -> None:
            if not seen:
                eve = User.objects.get(email="n0@example.com")
                eve.set_password(PASSWORD)
                eve.save(update_fields=["password"])
            seen.append(len(content))
            acts["letters"].do(content)

        return write(row, {**acts, "letters": Act(letters)}, until=until)

    monkeypatch.setattr(writing, "write", in_between)
    text = "email\n" + "".join(f"n{n}@example.com\n" for n in range(30))
    row = confirmed(world, started(world, text, send_emails=True))
    assert (row.state, sum(seen)) == ("done", 30)
    assert there(world)[2] == 29


def test_known_customers_are_changed_when_nothing_can_fail_any_more(
    world: World, each_by_itself: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever becomes staff while the last rows are written is left alone, like all staff."""
    write = writing.write

    def in_between(row: Any, acts: Any, *, until: float) -> bool:
        def change(content: Any) -> None:
            world.grace.role = "support"
            change_person(person=world.grace, fields=["role"])
            acts["changes"].do(content)

        return write(row, {**acts, "changes": Act(change)}, until=until)

    monkeypatch.setattr(writing, "write", in_between)
    text = "email,company\nada@example.com,Engines\ngrace@example.com,Navy\neve@example.com,\n"
    row = confirmed(world, started(world, text))
    assert row.state == "done"
    with inside(world.acme):
        found = dict(User.objects.values_list("email", "company"))
    assert (found["ada@example.com"], found["grace@example.com"]) == ("Engines", "")


# --- Jobs ---------------------------------------------------------------------------------------


def test_a_job_lets_others_of_the_queue_have_their_turn(
    world: World, each_by_itself: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has no time for everything, so another one goes on."""
    moments = iter(range(10_000))
    monkeypatch.setattr(files, "monotonic", lambda: next(moments))
    monkeypatch.setattr(writing, "monotonic", lambda: next(moments))
    monkeypatch.setattr(files, "AT_A_TIME", 3)
    jobs: list[int] = []
    carry_out = files._carry_out

    def counted(row: Any, *, until: float) -> bool:
        jobs.append(1)
        return carry_out(row, until=until)

    monkeypatch.setattr(files, "_carry_out", counted)
    row = confirmed(world, started(world, rows(), "licenses", send_emails=True))
    assert row.state == "done"
    assert len(jobs) > 2
    assert told(world, "license-sent") == NUMBER


def test_e_mails_of_an_import_let_those_pass_for_which_somebody_waits(
    world: World, settings: Any
) -> None:
    row = started(world, "email\neve@example.com\n", send_emails=True)
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    confirmed(world, row)
    files.carry_out.call(vendor_id=str(world.acme.pk), import_id=str(row.pk))
    priorities = dict(DBTaskResult.objects.values_list("task_path", "priority"))
    assert priorities["mail.delivery.deliver"] < priorities["imports.verbs.files.carry_out"] == 0


def test_an_import_whose_job_is_lost_goes_on_within_the_hour(
    world: World, frozen_time: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_given: Any, **_named: Any) -> bool:
        raise OperationalError

    row = started(world, rows(3), "licenses")
    with monkeypatch.context() as patch:
        patch.setattr(writing, "write", breaks)
        row = confirmed(world, row)
    assert row.state == "importing"
    frozen_time.shift(files.STANDS_STILL.total_seconds())
    assert files.go_on() == 0
    frozen_time.shift(1)
    assert files.go_on() == 1
    assert files.go_on() == 0
    with inside(world.acme):
        row.refresh_from_db()
    assert row.state == "done"


def test_a_check_whose_job_is_lost_begins_anew(world: World, frozen_time: Any) -> None:
    row = started(world, rows(3), "licenses")
    with inside(world.acme):
        DataImport.objects.update(state="checking", updated_at=timezone.now() - timedelta(hours=1))
    assert files.go_on() == 1
    with inside(world.acme):
        row.refresh_from_db()
    assert row.state == "ready"


def test_the_page_says_how_far_it_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    admin = Browser("app").sign_in("admin@acme.example", company_id="acme")
    row = started(world, rows(3), "licenses")

    def says(sentence: str, **changes: Any) -> None:
        with inside(world.acme):
            DataImport.objects.filter(pk=row.pk).update(**changes)
        page = admin.get(f"/imports/dataimport/{row.pk}/change/")
        assert sentence in page.content.decode()
        assert page["Refresh"] == "2"

    says("2 of 3 rows are read.", state="importing", rows_done=2)
    says("2 of 3 rows are written. If one of them can&#x27;t be, all are taken back;", steps=5)
    says("All 3 rows are written. E-mails are being made", rows_done=3)
    why = {"failure": "Row 3: no."}
    says("Row 3: no. What was written already is being taken back.", state="undoing", preview=why)


# --- Killed, in two processes -------------------------------------------------------------------


def confirmed_here(world: World, text: str) -> DataImport:
    """Confirmed, and checked, for workers to write."""
    with inside(world.acme), acting_as(world.acme_admin):
        row = files.start(
            vendor=world.acme,
            kind="licenses",
            file_name="licenses.csv",
            data=text.encode(),
            options={"send_emails": True},
        )
        files.check.call(vendor_id=str(world.acme.pk), import_id=str(row.pk))
        row.refresh_from_db()
        files.confirm(row)
    return row


def state_of(world: World, row: DataImport) -> str:
    with inside(world.acme):
        return DataImport.objects.values_list("state", flat=True).get(pk=row.pk)


def steps_done(world: World) -> int:
    with inside(world.acme):
        return ImportStep.objects.exclude(done_at=None).count()


@pytest.fixture
def in_the_queue(settings: Any) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}


KILLED_AT = (1, 15, 30)  # steps done, of 45


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
@pytest.mark.takes_turns
def test_an_import_whose_workers_are_killed_is_written_once(in_the_queue: None) -> None:
    world, number = build(), 150
    licenses, people, _emails = there(world)
    row = confirmed_here(world, rows(number))
    with mail_server() as server:
        for target in KILLED_AT:
            with ExitStack() as both:
                running = [both.enter_context(worker(server.port)) for _ in range(2)]
                wait_until(
                    lambda t=target: steps_done(world) >= t or state_of(world, row) == "done",  # type: ignore[misc]
                    60,
                )
                for each in running:
                    each.send_signal(signal.SIGKILL)
            if target == KILLED_AT[0]:
                assert state_of(world, row) == "importing"
        with worker(server.port):
            wait_until(lambda: state_of(world, row) == "done", 60)
        assert there(world) == (licenses + number, people + number, number)
    with inside(world.acme):
        about = AuditEntry.objects.filter(action__in=("created", "license-sent"), sequence__gt=0)
        times = Counter(about.values_list("action", "subject_id"))
        made = License.objects.filter(key__startswith="IMPORTED").values_list("pk", flat=True)
        emails = Counter(OutgoingEmail.objects.values_list("license_id", flat=True))
        assert set(times.values()) == {1}
        assert set(emails.items()) == {(pk, 1) for pk in made}
        row.refresh_from_db()
    jobs = DBTaskResult.objects.filter(task_path="mail.delivery.deliver")
    ids = Counter(job.args_kwargs["kwargs"]["email_id"] for job in jobs)
    # Whoever looks after what lies about may have queued one again that took longer than a second.
    assert len(ids) == number
    assert verify(world.acme).faults == []
    assert_nothing_is_kept(row)


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
@pytest.mark.takes_turns
def test_taking_back_goes_on_after_a_kill(in_the_queue: None) -> None:
    world, number = build(), 150
    before = there(world)
    row = confirmed_here(world, rows(number))
    with inside(world.acme):
        row.refresh_from_db()
        assert not files._carry_out(row, until=0)  # which has the steps ready, and no time for one
        create_license(product=world.orbit, user=world.ada, key=key(number - 1))
    with mail_server() as server:
        with worker(server.port):
            wait_until(lambda: state_of(world, row) == "undoing", 60)
        assert state_of(world, row) == "undoing"
        with worker(server.port):
            wait_until(lambda: state_of(world, row) == "failed", 60)
    assert there(world) == (before[0] + 1, before[1], 0)
    with inside(world.acme):
        row.refresh_from_db()
    assert row.errors == [[number + 1, "key", "There is a licence with this key already."]]
    assert verify(world.acme).faults == []
    assert_nothing_is_kept(row)


# --- Beside it ----------------------------------------------------------------------------------


@contextmanager
def watched(is_held: Callable[[Any], bool]) -> Iterator[list[float]]:
    """Looks again and again whether a lock is held; at the end there is for how long at most."""
    longest, ended = [0.0], Event()

    def look() -> None:
        other, since = another(), 0.0
        while not ended.wait(0.002):
            now = time.perf_counter()
            since = (since or now) if is_held(other) else 0.0
            longest[0] = max(longest[0], now - since if since else 0.0)
        other.close()

    thread = Thread(target=look)
    thread.start()
    try:
        yield longest
    finally:
        ended.set()
        thread.join()


def chain_is_held(other: Any) -> bool:
    """On SQLite, that anybody writes."""
    try:
        if ON_POSTGRESQL:
            other.execute("SELECT 1 FROM audit_auditchain FOR UPDATE NOWAIT")
        else:
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")
    except Exception:
        return True
    return False


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
@pytest.mark.takes_turns
def test_who_signs_in_beside_an_import_hardly_waits(in_the_queue: None) -> None:
    """At 20,000 rows: bench/beside_import.py. In one transaction this took the chain for
    seconds."""
    world, times = build(), list[float]()
    row = confirmed_here(world, rows(400))

    def sign_in(label: str) -> None:
        start = time.perf_counter()
        Browser(label).sign_in("ada@example.com")
        times.append(time.perf_counter() - start)

    with mail_server() as server, watched(chain_is_held) as held, worker(server.port):
        deadline = time.monotonic() + 120
        while state_of(world, row) != "done":
            assert time.monotonic() < deadline
            sign_in("acme")
            sign_in("globex")
    assert len(times) > 4
    assert max(times) < 5
    assert held[0] < 2
    connections.close_all()
