"""How the installation is: what `/readyz` says, and the page for operators."""

import re
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.tasks import find_account
from branding.domains.verbs import claim
from branding.models import CustomDomain
from jobs import turns
from jobs.chores import CHORES
from jobs.models import ChoreTurn
from mail.models import OutgoingEmail
from mail.outbox import queue
from portal import VERSION
from portal.seeing import facts, numbers, readiness
from tenancy.door import inside
from tests.world import Browser, World, signed_in


@pytest.fixture(autouse=True)
def _looks_anew() -> Iterator[None]:
    readiness._kept.forget()
    yield
    readiness._kept.forget()


@pytest.fixture
def working(world: World) -> World:
    """With a worker."""
    turns.be_seen("one", timezone.now())
    return world


def ready() -> tuple[int, str]:
    readiness._kept.forget()
    answer = Browser("nobody").get("/readyz")
    return answer.status_code, answer.content.decode()


@pytest.mark.by_database
def test_all_is_well(working: World) -> None:
    assert ready() == (200, "ready\n")


def test_what_keeps_nobody_away_is_told(
    world: World, settings: Any, frozen_time: Any, tmp_path: Path
) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    find_account.enqueue(site="customer", vendor_id="", email="ada@example.com")
    queue("invitation", user=world.ada)
    with inside(world.acme):
        OutgoingEmail.objects.update(attempts=2, due_at=timezone.now())
    numbers.count()
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "gone"
    turns.be_seen("killed", timezone.now())
    frozen_time.shift(301)
    assert ready() == (
        200, "ready\nstorage: not writable\nqueue: late\nworker: none\nmail: failing\n"
    )  # fmt: skip


def test_without_a_migration_nobody_is_sent_here(working: World) -> None:
    MigrationRecorder.Migration.objects.filter(app="jobs").delete()
    assert ready() == (503, "migrations missing\n")
    assert [name.partition(".")[0] for name in facts.missing_migrations()] == ["jobs"]


def test_it_looks_every_few_seconds_and_not_each_time(
    working: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    monkeypatch.setattr(readiness, "find", lambda: looks.append(1) or readiness.Readiness())
    clock = [1000.0]
    monkeypatch.setattr(readiness, "monotonic", lambda: clock[0])
    for clock[0] in (1000.0, 1004.9, 1005.0):
        readiness.look()
    assert len(looks) == 2


@pytest.mark.by_database
def test_the_queues_age_is_that_of_the_first_job_that_may_run(
    world: World, settings: Any, frozen_time: Any
) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    assert facts.queue() == facts.Queue(0, 0.0, 0)
    job = {"site": "customer", "vendor_id": "", "email": "ada@example.com"}
    find_account.using(run_after=timezone.now() + timedelta(seconds=50)).enqueue(**job)
    assert facts.queue().waiting == 0
    frozen_time.shift(60)
    assert facts.queue() == facts.Queue(1, 10.0, 0)
    find_account.enqueue(**job)
    assert facts.queue() == facts.Queue(2, 10.0, 0)


@pytest.mark.by_database
def test_the_size_of_the_database_is_read(world: World) -> None:
    assert facts.database_bytes() > 100_000


def test_an_operator_reads_how_it_is(working: World) -> None:
    with inside(working.acme):
        domain = claim(working.acme, "portal.acme.test")
        CustomDomain.objects.filter(pk=domain.pk).update(
            state="failing",
            verified_at=timezone.now(),
            certificate_looked_at=timezone.now(),
            certificate_ends_at=timezone.now() + timedelta(days=20, hours=1),
        )
    turns.make_rows()
    turns.take(CHORES["numbers"], "one")
    operator = signed_in(working.operator)
    operator.get("/how/")
    with CaptureQueriesContext(connection) as one:
        page = operator.get("/how/").content.decode()
    said = unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page)))
    for text in (
        f"Version {VERSION}",
        "Migrations All there",
        "Jobs that wait 0",
        "domain of Acme Instruments fails",
        "portal.acme.test Acme Instruments Ends in 20 days",
        "Count what is told to operators Every minute 24 November 2026, 12:00 UTC",
        "Counted 11 numbers.",
    ):
        assert text in said
    # Whose rows these are stays with the vendor.
    assert "ada@example.com" not in page
    ChoreTurn.objects.filter(pk="reminders").update(failed=True, said="OSError: no room")
    turns.be_seen("two", timezone.now())
    with CaptureQueriesContext(connection) as many:
        page = operator.get("/how/").content.decode()
    assert "OSError: no room" in page
    assert len(many) == len(one)


def test_nobody_of_a_vendor_reads_it(world: World) -> None:
    assert signed_in(world.acme_admin).get("/how/").status_code == 403


def test_without_a_worker_the_page_says_so(world: World, frozen_time: Any) -> None:
    turns.make_rows()
    frozen_time.shift(91)
    page = signed_in(world.operator).get("/how/").content.decode()
    assert "No worker is running" in page
    assert page.count("Waits for a worker") == len(CHORES)


def test_the_version_is_that_of_the_package() -> None:
    assert tomllib.loads(Path("pyproject.toml").read_text())["project"]["version"] == VERSION
