"""Chores: each is done once in its time, whatever the number of workers, and what became of it is
kept."""

import logging
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jobs import turns
from jobs.chores import CHORES, LABELS, Chore, Rhythm, every_hour, of
from jobs.models import ChoreTurn, SeenWorker
from jobs.upkeep import Upkeep
from tests.jobs.test_worker import wait_until, worker


@pytest.fixture
def chores(monkeypatch: pytest.MonkeyPatch) -> dict[str, Chore]:
    """No chores but a test's own."""
    own: dict[str, Chore] = {}
    for module in ("jobs.chores", "jobs.turns"):
        monkeypatch.setattr(f"{module}.CHORES", own)
    return own


def chore_of(run: Any, name: str = "hoover", rhythm: Rhythm = Rhythm.HOUR) -> Chore:
    return Chore(name, _("Overview"), run, rhythm)


def due_now(chores: dict[str, Chore], *added: Chore) -> None:
    chores.update({chore.name: chore for chore in added})
    turns.make_rows()


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_gets_the_turn(chores: dict[str, Chore]) -> None:
    done: list[int] = []
    chore = chore_of(lambda: done.append(1))
    due_now(chores, chore)
    together = Barrier(6)

    def tries(n: int) -> bool:
        try:
            together.wait(5)
            return turns.take(chore, f"worker-{n}")
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(tries, range(6))) == [False] * 5 + [True]
    assert done == [1]


@pytest.mark.takes_turns
def test_a_turn_is_noted_and_comes_again_in_its_time(
    db: None, chores: dict[str, Chore], frozen_time: Any
) -> None:
    start, chore = timezone.now(), chore_of(lambda: frozen_time.shift(90) or 3)
    due_now(chores, chore)
    assert turns.due() == [chore]
    assert turns.take(chore, "one")
    row = ChoreTurn.objects.get()
    assert (row.started_at, row.ended_at) == (start, start + timedelta(seconds=90))
    assert (row.failed, row.said, row.claimed_by) == (False, "3 done.", "")
    assert row.due_at == start + timedelta(hours=1)
    assert turns.due() == []
    assert not turns.take(chore, "two")
    frozen_time.shift(3600 - 90)
    assert turns.due() == [chore]


def test_a_failure_is_told_without_what_is_confidential_and_tried_again_soon(
    db: None, chores: dict[str, Chore], frozen_time: Any, caplog: pytest.LogCaptureFixture
) -> None:
    fault = f"no room for ada@example.com by {'aB3' * 20}"

    def fails() -> None:
        raise OperationalError(fault)

    chore = chore_of(fails, rhythm=Rhythm.DAY)
    due_now(chores, chore)
    with caplog.at_level(logging.ERROR):
        assert turns.take(chore, "one")
    assert "The chore hoover failed" in caplog.text
    row = ChoreTurn.objects.get()
    assert (row.failed, row.said) == (True, "OperationalError: no room for … by …")
    assert row.due_at == timezone.now() + timedelta(minutes=5)


def test_a_claim_runs_out_when_its_worker_is_killed_and_a_living_one_moves_it_on(
    db: None, chores: dict[str, Chore], frozen_time: Any
) -> None:
    chore = chore_of(lambda: None)
    due_now(chores, chore)
    assert turns.claim(chore, "killed")
    frozen_time.shift(29)
    turns.move_on("killed")  # it lives still
    frozen_time.shift(29)
    assert turns.claim(chore, "other") is None
    frozen_time.shift(1)
    assert turns.claim(chore, "other")


def test_who_is_slower_than_its_claim_notes_nothing(
    db: None, chores: dict[str, Chore], frozen_time: Any
) -> None:
    def is_overtaken() -> None:
        frozen_time.shift(30)
        assert turns.claim(chore, "other")

    chore = chore_of(is_overtaken)
    due_now(chores, chore)
    assert turns.take(chore, "slow")
    row = ChoreTurn.objects.get()
    assert (row.claimed_by, row.ended_at) == ("other", None)


def test_what_hangs_is_not_held_for_ever(
    db: None, chores: dict[str, Chore], frozen_time: Any
) -> None:
    chore = chore_of(lambda: None)
    due_now(chores, chore)
    assert turns.claim(chore, "hangs")
    frozen_time.shift(6 * 3600)
    turns.move_on("hangs")
    assert turns.claim(chore, "other")


@pytest.mark.django_db(transaction=True)
def test_a_long_chore_stops_no_other_and_a_worker_that_ends_gives_it_back(
    chores: dict[str, Chore], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.UPKEEP_INTERVAL = 1
    monkeypatch.setattr("jobs.upkeep.LEAVING", 0.1)
    began, ended, quick = Event(), Event(), Event()
    long = chore_of(lambda: (began.set(), ended.wait(20)), "long")
    due_now(chores, long, chore_of(quick.set, "quick"))
    upkeep = Upkeep()
    upkeep.start()
    try:
        assert began.wait(10)
        assert quick.wait(10)
        wait_until(lambda: ChoreTurn.objects.get(pk="quick").ended_at is not None)
        seen = SeenWorker.objects.get()
        assert (seen.process, ChoreTurn.objects.get(pk="long").claimed_by) == (os.getpid(), seen.pk)
        upkeep.end()
        assert turns.due() == [long]
        assert not SeenWorker.objects.exists()
    finally:
        ended.set()
        upkeep.end()
        for hand in upkeep._hands:
            hand.join(10)


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_two_workers_do_all_chores_and_one_that_is_killed_leaves_none_undone() -> None:
    def all_done() -> bool:
        rows = ChoreTurn.objects.filter(ended_at__isnull=False, failed=False)
        return set(rows.values_list("pk", flat=True)) == set(CHORES)

    with worker(1) as first, worker(1):
        wait_until(lambda: SeenWorker.objects.count() == 2)
        os.kill(first.pid, signal.SIGKILL)
        wait_until(all_done)
    assert turns.forget_workers() == "Forgot 0 workers that were killed."


def test_killed_workers_are_forgotten(db: None, frozen_time: Any) -> None:
    turns.be_seen("killed", timezone.now())
    frozen_time.shift(86400)
    turns.be_seen("lives", timezone.now())
    assert turns.forget_workers() == "Forgot 1 workers that were killed."
    assert SeenWorker.objects.get().pk == "lives"


def test_every_app_has_registered_its_chores() -> None:
    assert {rhythm: [chore.name for chore in of(rhythm)] for rhythm in LABELS} == {
        Rhythm.ROUND: ["jobs", "emails", "leases", "ends"],
        Rhythm.MINUTE: ["numbers"],
        Rhythm.FIVE_MINUTES: ["domains", "certificates"],
        Rhythm.HOUR: ["statistics", "changes", "imports", "reminders", "slow-ends", "moves"],
        Rhythm.DAY: [
            "old-jobs", "workers", "limits", "forms", "change-results", "texts", "sessions",
            "challenges", "refusals", "views", "registrations", "uploads", "events", "answers",
        ],
    }  # fmt: skip


def test_a_name_is_one_chores_alone(chores: dict[str, Chore]) -> None:
    every_hour("hoover", _("Overview"), list)
    with pytest.raises(ImproperlyConfigured):
        every_hour("hoover", _("Overview"), list)
