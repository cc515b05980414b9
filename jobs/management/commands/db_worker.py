"""`manage.py db_worker`: the library's worker, which also sees to what killed workers left, and
which puts its job back when it is told to stop and the job does not end soon.
"""

import logging
import signal
import sys
import time
from datetime import timedelta
from types import FrameType
from typing import Any

from django.db import Error, close_old_connections, connection
from django.utils import timezone
from django.utils.module_loading import import_string
from django_tasks import TaskResultStatus
from django_tasks_db.management.commands import db_worker as library
from django_tasks_db.models import DBTaskResult

from jobs.chores import BESIDE
from jobs.newer import OfNewerVersion
from jobs.upkeep import Companion, Upkeep, put_back, tidy
from tenancy.waiting import passes
from web.watched import doing

logger = logging.getLogger(__name__)

PAUSE = 1.0  # seconds
# How long a job may still take once the worker is told to stop. Container engines kill after ten
# seconds, if nothing else is set.
GRACE = 5.0  # seconds
PUT_OFF = timedelta(seconds=5)
LEFT_FOR = timedelta(days=1)  # to workers that know the job


class Worker(library.Worker):
    """Puts back what was left, before its jobs and beside them; outlives a database that is
    locked, full or restarts, and so do its jobs, which may all run again; ends within GRACE of
    SIGTERM, and leaves its job to the next worker."""

    def run(self) -> None:
        if self.batch:
            tidy()
            super().run()
            for what in BESIDE:
                what.run_dry()
            return
        besides: list[Upkeep | Companion] = [Upkeep(), *map(Companion, BESIDE)]
        for each in besides:
            each.start()
        try:
            while self.running and not self._ran_to_its_end():
                time.sleep(PAUSE)
        finally:
            for each in besides:
                each.end()
            # Python takes its handler away before it has ended; then the signal would kill.
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _ran_to_its_end(self) -> bool:
        try:
            super().run()
        except Error as error:
            if not passes(error):
                raise
            logger.warning("The database can't be used now, the worker goes on: %s", error)
            close_old_connections()
            return False
        return True

    def shutdown(self, signum: int, frame: FrameType | None) -> None:
        """Ends at once between two jobs. A second signal ends the job, too."""
        signal.signal(signal.SIGALRM, self._cut_short)
        signal.setitimer(signal.ITIMER_REAL, GRACE)
        super().shutdown(signum, frame)

    def _cut_short(self, signum: int, frame: FrameType | None) -> None:
        if self.running_task:
            # Not SystemExit: for this one psycopg cancels the statement that it waits for.
            raise KeyboardInterrupt
        sys.exit(0)

    def run_task(self, db_task_result: DBTaskResult[Any, Any]) -> None:
        """A job that is cut short, or that the database could not serve, has not failed: it goes
        back into the queue."""
        job, set_failed = db_task_result, db_task_result.set_failed
        if is_of_another_version(job):
            leave(job)
            return

        def end(error: BaseException) -> None:
            if isinstance(error, OfNewerVersion) and is_new(job):
                leave(job)
            elif passes(error):
                logger.warning("The database can't be used now, a job is put off: %s", error)
                close_old_connections()
                put_off(job)
            elif self.running or isinstance(error, Exception):
                set_failed(error)
            else:
                connection.close()  # which may be in the middle of something
                put_back(DBTaskResult.objects.filter(pk=job.pk))
                logger.warning("The job %s goes back into the queue.", job.pk)

        job.set_failed = end
        vendor_id = (job.args_kwargs or {}).get("kwargs", {}).get("vendor_id", "")
        with doing("job", job.task_path, vendor_id) as done:
            super().run_task(job)
            done.failed = job.status == TaskResultStatus.FAILED


def is_of_another_version(job: Any) -> bool:
    """Whether nobody here knows what it does: while a new version is put in place, workers of
    before get jobs that its web processes queue. One that stays unknown fails after a day."""
    try:
        import_string(job.task_path)
    except ImportError:
        return is_new(job)
    return False


def is_new(job: Any) -> bool:
    """Whether newer workers may still come to it."""
    return bool(timezone.now() - job.enqueued_at < LEFT_FOR)


def leave(job: Any) -> None:
    logger.warning("The job %s (%s) is left to newer workers.", job.pk, job.task_path)
    put_off(job)


def put_off(job: Any) -> None:
    """Has the job run again in a little while. If that can't be written either, it is left over
    like a killed worker's (jobs/upkeep.py)."""
    job.status, job.run_after = TaskResultStatus.READY, timezone.now() + PUT_OFF
    DBTaskResult.objects.filter(pk=job.pk).update(status=job.status, run_after=job.run_after)


class Command(library.Command):
    """Takes the options of the library's command."""

    def handle(self, **options: Any) -> None:
        # The library's command makes its worker by this name.
        library.Worker = Worker  # type: ignore[misc]
        super().handle(**options)
