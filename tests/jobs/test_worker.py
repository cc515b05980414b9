"""The queue's worker: killed again and again, it loses no e-mail and sends none twice."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core import mail
from django.core.management import call_command
from django.db import OperationalError, connection
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from accounts.tasks import find_account
from jobs import upkeep
from jobs.chores import BESIDE
from jobs.management.commands.db_worker import Worker
from mail import delivery
from mail.models import OutgoingEmail
from mail.outbox import queue
from tenancy.door import inside
from tests.environment import FIXED
from tests.mail.smtp_server import mail_server
from tests.world import World, build

ROOT = Path(__file__).resolve().parents[2]
E_MAILS, KILLS = 60, 4
State = OutgoingEmail.State


@pytest.fixture(autouse=True)
def _queue_in_database(settings: Any) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}


def database_url() -> str:
    """The tests' database, for another process."""
    entry = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{entry['NAME']}"
    user, name, host, port = (entry[key] for key in ("USER", "NAME", "HOST", "PORT"))
    secret = f":{entry['PASSWORD']}" if entry.get("PASSWORD") else ""
    return f"postgresql://{user}{secret}@:{port}/{name}?host={host}"


@contextmanager
def worker(mail_port: int, **changes: str) -> Iterator["subprocess.Popen[bytes]"]:
    """`manage.py db_worker` on the tests' database, with leases of a second; killed at the end."""
    environment = {
        **os.environ,
        **FIXED,
        "DATABASE_URL": database_url(),
        "EMAIL_URL": f"smtp://127.0.0.1:{mail_port}",
        "EMAIL_LEASE": "1",
        "JOB_LEASE": "1",
        "EMAIL_REPLY_TIMEOUT": "1",
        "UPKEEP_INTERVAL": "1",
        **changes,
    }
    command = [sys.executable, "manage.py", "db_worker", "--no-startup-delay", "--interval", "0.1"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
        process.wait()


def wait_until(done: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def states(world: World) -> dict[str, str]:
    with inside(world.acme):
        found = OutgoingEmail.objects.values_list("pk", "state")
        return {str(pk): state for pk, state in found}


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
@pytest.mark.takes_turns
def test_a_killed_worker_loses_no_e_mail_and_sends_none_twice() -> None:
    world, chance = build(), random.Random(7)
    for _ in range(E_MAILS):
        queue("invitation", user=world.ada)
    with mail_server() as server:
        server.delay = 0.005
        for _kill in range(KILLS):
            with worker(server.port):
                target = len(server.accepted) + E_MAILS // (KILLS + 2)
                wait_until(lambda: len(server.accepted) >= target)  # noqa: B023
                time.sleep(chance.uniform(0, 0.05))
        with worker(server.port):
            ended = {State.SENT, State.UNKNOWN}
            wait_until(lambda: set(states(world).values()) <= ended)
        found = states(world)
        unknown = {pk for pk, state in found.items() if state == State.UNKNOWN}
        # What was in the server's hands when the worker died is told, and left to a person.
        assert len(unknown) <= KILLS
        assert {pk for pk in found if pk not in unknown} <= set(server.accepted)
        assert set(Counter(server.accepted).values()) == {1}
        missing = unknown - set(server.accepted)
        for email_id in missing:
            with inside(world.acme):
                delivery.resend(OutgoingEmail.objects.get(pk=email_id))
        if missing:
            with worker(server.port):
                wait_until(lambda: len(server.accepted) == E_MAILS)
        assert Counter(server.accepted) == Counter(list(found))


def jobs() -> Counter[str]:
    return Counter(DBTaskResult.objects.values_list("status", flat=True))


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_stopped_ends_its_job() -> None:
    world = build()
    queue("invitation", user=world.ada)
    queue("invitation", user=world.ada)
    with mail_server() as server:
        server.delay = 0.5
        with worker(server.port) as process:
            wait_until(lambda: server.accepted != [])
            process.terminate()
            assert process.wait(10) == 0
        assert jobs() == {"SUCCESSFUL": 1, "READY": 1}
        assert Counter(states(world).values()) == {State.SENT: 1, State.QUEUED: 1}


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
@pytest.mark.takes_turns
def test_a_worker_that_is_stopped_puts_back_a_job_that_does_not_end() -> None:
    """Its mail server says nothing. The next worker need not wait for a lease to run out."""
    world = build()
    queue("invitation", user=world.ada)
    job = DBTaskResult.objects.get()
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        worker(silent.getsockname()[1], JOB_LEASE="3600") as process,
        silent.accept()[0],
    ):
        process.terminate()
        assert process.wait(10) == 0
    # There may be one more, by the upkeep: the e-mail's own lease is a second.
    job.refresh_from_db()
    assert job.status == "READY"
    with mail_server() as server, worker(server.port, JOB_LEASE="3600"):
        wait_until(lambda: server.accepted == list(states(world)))


def test_a_job_that_fails_in_a_worker_that_is_stopped_has_failed(db: None) -> None:
    find_account.enqueue(site="customer", vendor_id="nobody's", email="root@example.com")
    job, stopped = DBTaskResult.objects.get(), a_worker()
    job.claim("test")
    stopped.running = False
    stopped.run_task(job)
    assert jobs() == {"FAILED": 1}


@pytest.fixture
def batch(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Runs `manage.py db_worker --batch` here, on the test's connection and with its signals."""
    for module in (Worker.__base__.__module__, Worker.__module__):
        monkeypatch.setattr(f"{module}.close_old_connections", list)
    monkeypatch.setattr(Worker, "configure_signals", lambda self: None)
    return run_batch


def run_batch() -> None:
    call_command("db_worker", batch=True, startup_delay=False, reload=False, verbosity=0)


def test_it_runs_what_is_queued(
    world: World, mailoutbox: list[Any], batch: Callable[[], None]
) -> None:
    queue("invitation", user=world.ada)
    assert mailoutbox == []
    batch()
    assert [message.to for message in mailoutbox] == [["ada@example.com"]]
    assert set(states(world).values()) == {"sent"}


def test_a_job_that_a_killed_worker_had_runs_again(
    world: World, mailoutbox: list[Any], frozen_time: Any, batch: Callable[[], None]
) -> None:
    find_account.enqueue(site="backoffice", vendor_id="", email="root@example.com")
    DBTaskResult.objects.get().claim("killed")
    frozen_time.shift(120)
    batch()
    assert mailoutbox == []
    frozen_time.shift(1)
    batch()
    assert len(mailoutbox) == 1


def test_an_e_mail_that_failed_is_tried_when_it_is_due(
    world: World, settings: Any, frozen_time: Any, batch: Callable[[], None]
) -> None:
    settings.EMAIL_BACKEND = "mail.smtp.EmailBackend"
    with mail_server() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        server.says["RCPT"] = "451 not now"
        queue("invitation", user=world.ada)
        batch()
        server.says.clear()
        waiting = DBTaskResult.objects.get(status=TaskResultStatus.READY)
        assert waiting.run_after == timezone.now() + timedelta(minutes=1)
        frozen_time.shift(59)
        batch()
        assert server.accepted == []
        frozen_time.shift(1)
        batch()
        assert server.accepted == list(states(world))


def test_an_e_mail_whose_job_is_gone_gets_another(
    world: World, mailoutbox: list[Any], frozen_time: Any, batch: Callable[[], None]
) -> None:
    queue("invitation", user=world.ada)
    DBTaskResult.objects.all().delete()
    frozen_time.shift(61)
    batch()
    assert len(mailoutbox) == 1


@pytest.mark.parametrize(
    ("cause", "state"),
    [(psycopg.errors.LockNotAvailable(), "READY"), (psycopg.errors.SyntaxError(), "FAILED")],
)
def test_a_job_that_the_database_could_not_serve_is_put_off(
    world: World, frozen_time: Any, batch: Callable[[], None], cause: Exception, state: str
) -> None:
    def fails(*_args: Any) -> Any:
        raise OperationalError from cause

    queue("invitation", user=world.ada)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delivery, "claim", fails)
        batch()
    job = DBTaskResult.objects.get()
    assert job.status == state
    batch()
    assert mail.outbox == []
    if state == "READY":
        assert job.run_after == timezone.now() + timedelta(seconds=5)
        frozen_time.shift(5)
        batch()
        assert len(mail.outbox) == 1


def test_old_jobs_are_forgotten(world: World, batch: Callable[[], None], frozen_time: Any) -> None:
    queue("invitation", user=world.ada)
    batch()
    frozen_time.shift(14 * 86400 - 1)
    queue("invitation", user=world.ada)
    assert upkeep.forget_old_jobs() == "Deleted 0 jobs that are over for 14 days."
    frozen_time.shift(1)
    assert upkeep.forget_old_jobs() == "Deleted 1 jobs that are over for 14 days."
    assert DBTaskResult.objects.get().status == TaskResultStatus.READY


def a_worker() -> Worker:
    return Worker(
        queue_names=["default"],
        interval=0,
        batch=False,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id="test",
        excluded_queue_names=[],
    )


def test_it_outlives_a_database_that_is_locked(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []

    def run(self: Any) -> None:
        runs.append(1)
        if len(runs) < 3:
            raise OperationalError("database is locked")

    monkeypatch.setattr(Worker.__base__, "run", run)
    monkeypatch.setattr(upkeep.Upkeep, "start", lambda self: None)
    monkeypatch.setattr(upkeep.Upkeep, "join", lambda self: None)
    monkeypatch.setattr("jobs.management.commands.db_worker.PAUSE", 0)
    monkeypatch.setattr("jobs.management.commands.db_worker.close_old_connections", list)
    a_worker().run()
    assert len(runs) == 3


def test_every_app_has_registered_what_runs_beside() -> None:
    assert [each.name for each in BESIDE] == ["webhooks"]
