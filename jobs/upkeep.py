"""What the queue's worker sees to by itself, beside its jobs: what killed workers left, and what
is done every hour (jobs/chores.py). Any number of workers may do it at once.
"""

import logging
from datetime import timedelta
from threading import Event, Thread
from time import monotonic
from typing import Any

from django.conf import settings
from django.db import close_old_connections, connection
from django.db.models import Q, QuerySet
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from jobs.chores import EVERY_HOUR, EVERY_ROUND, Beside, Chore
from tenancy.transactions import delete_in_steps

logger = logging.getLogger(__name__)

HOUR = 3600.0  # seconds
AGAIN = 5.0  # seconds until what broke begins anew
KEPT = timedelta(days=14)  # jobs that are over


def tidy() -> None:
    """Puts back what killed workers left: jobs first, then what rooms registered."""
    put_back_jobs()
    for chore in EVERY_ROUND:
        chore()


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
    """Does both beside a worker's jobs, in a thread of its own until `end` is called."""

    def __init__(self) -> None:
        super().__init__(name="upkeep", daemon=True)
        self._ended = Event()
        self._next_chores = monotonic()

    def run(self) -> None:
        while not self._ended.is_set():
            close_old_connections()
            self._round()
            self._ended.wait(settings.UPKEEP_INTERVAL)
        connection.close()

    def _round(self) -> None:
        _attempt(tidy)
        if monotonic() < self._next_chores:
            return
        self._next_chores = monotonic() + HOUR
        for chore in EVERY_HOUR:
            _attempt(chore)

    def end(self) -> None:
        """Ends it after what it is doing; waits for that."""
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


def _attempt(chore: Chore) -> None:
    """What goes wrong (the database is locked, or restarts) is logged; there is a next time."""
    try:
        chore()
    except Exception:
        logger.exception("Upkeep failed; it is tried again.")
