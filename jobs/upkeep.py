"""What the queue's worker sees to by itself, beside its jobs: that it is seen to live, and the
chores (jobs/chores.py), each of which one of the workers does (jobs/turns.py).
"""

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from queue import Queue
from secrets import token_hex
from threading import Event, Thread
from time import monotonic
from typing import Any

from django.conf import settings
from django.db import close_old_connections, connection
from django.db.models import Q, QuerySet
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from jobs import turns
from jobs.chores import Beside, Chore, Rhythm, of
from tenancy.transactions import delete_in_steps

logger = logging.getLogger(__name__)

HANDS = 3  # threads that do chores
LEAVING = 4.0  # seconds that a chore may still take once the worker is told to stop
AGAIN = 5.0  # seconds until what broke begins anew
KEPT = timedelta(days=14)  # jobs that are over


def tidy() -> None:
    """Puts back what killed workers left, and does what else is done all the time."""
    for chore in of(Rhythm.ROUND):
        chore.run()


def put_back_jobs() -> int:
    """Has jobs run again that have been running for longer than JOB_LEASE, or since a time that is
    yet to come, because the clock was set back; returns how many.

    Every job of ours may run twice, also at the same time as the worker that is only slow.
    """
    now, lease = timezone.now(), timedelta(seconds=settings.JOB_LEASE)
    is_over = Q(started_at__lt=now - lease) | Q(started_at__gt=now + lease)
    return put_back(DBTaskResult.objects.filter(is_over))


def put_back(jobs: "QuerySet[DBTaskResult[Any, Any]]") -> int:
    """Has those of the jobs run again that are running; returns how many."""
    running = jobs.filter(status=TaskResultStatus.RUNNING)
    return running.update(status=TaskResultStatus.READY, started_at=None)


def forget_old_jobs() -> str:
    """The daily chore (jobs/chores.py)."""
    over = DBTaskResult.objects.finished().filter(finished_at__lte=timezone.now() - KEPT)
    return f"Deleted {delete_in_steps(over)} jobs that are over for {KEPT.days} days."


class Upkeep(Thread):
    """Sees to the chores beside a worker's jobs until `end` is called: says that the worker lives,
    looks what is due, and leaves it to HANDS threads, so that what takes long stops nothing."""

    def __init__(self) -> None:
        super().__init__(name="upkeep", daemon=True)
        self._ended = Event()
        self._worker, self._since = token_hex(16), timezone.now()
        self._has_rows = False
        self._waiting: Queue[Chore | None] = Queue()
        self._at_it: set[str] = set()  # names of chores that wait, or are being done
        self._hands = [
            Thread(target=self._work, name=f"chores-{n}", daemon=True) for n in range(HANDS)
        ]

    def run(self) -> None:
        for hand in self._hands:
            hand.start()
        while not self._ended.is_set():
            close_old_connections()
            _attempt(self._round)
            self._ended.wait(settings.UPKEEP_INTERVAL)
        _attempt(self._leave)
        connection.close()

    def _round(self) -> None:
        turns.be_seen(self._worker, self._since)
        turns.move_on(self._worker)
        if not self._has_rows:
            turns.make_rows()
            self._has_rows = True
        for chore in turns.due():
            if chore.name not in self._at_it:
                self._at_it.add(chore.name)
                self._waiting.put(chore)

    def _work(self) -> None:
        """Does one chore after the other, in a thread of its own."""
        while (chore := self._waiting.get()) is not None and not self._ended.is_set():
            close_old_connections()
            _attempt(partial(turns.take, chore, self._worker))
            self._at_it.discard(chore.name)
        connection.close()

    def _leave(self) -> None:
        """What is not done by then, another worker does anew."""
        for _hand in self._hands:
            self._waiting.put(None)
        until = monotonic() + LEAVING
        for hand in self._hands:
            hand.join(max(0, until - monotonic()))
        turns.give_back(self._worker)
        turns.be_gone(self._worker)

    def end(self) -> None:
        """Ends it, LEAVING seconds later at most, and with it what is done meanwhile."""
        self._ended.set()
        self.join()


class Companion(Thread):
    """Does something beside a worker's jobs (`jobs.chores.Beside`) until `end` is called; begins it
    anew when it breaks, since the database may be locked, or restart."""

    def __init__(self, what: Beside) -> None:
        super().__init__(name=what.name, daemon=True)
        self._what = what
        self._ended = Event()

    def run(self) -> None:
        while not self._ended.is_set():
            close_old_connections()
            try:
                self._what.run(self._ended)
            except Exception:
                logger.exception("What a worker does beside its jobs failed; it begins anew.")
                self._ended.wait(AGAIN)
        connection.close()

    def end(self) -> None:
        """Ends it, which takes a few seconds at most."""
        self._ended.set()
        self.join()


def _attempt(act: Callable[[], object]) -> None:
    """What goes wrong (the database is locked, or restarts) is logged; there is a next time."""
    try:
        act()
    except Exception:
        logger.exception("Upkeep failed; it is tried again.")
