"""`manage.py db_worker`: the library's worker, which also sees to what killed workers left."""

import logging
import time
from datetime import timedelta
from typing import Any

from django.db import Error, close_old_connections
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.management.commands import db_worker as library
from django_tasks_db.models import DBTaskResult

from jobs.upkeep import Upkeep, tidy
from tenancy.waiting import passes

logger = logging.getLogger(__name__)

PAUSE = 1.0  # seconds
PUT_OFF = timedelta(seconds=5)


class Worker(library.Worker):
    """Puts back what was left, before its jobs and beside them; outlives a database that is
    locked, full or restarts, and so do its jobs, which may all run again."""

    def run(self) -> None:
        if self.batch:
            tidy()
            super().run()
            return
        upkeep = Upkeep()
        upkeep.start()
        try:
            while self.running and not self._ran_to_its_end():
                time.sleep(PAUSE)
        finally:
            upkeep.end()

    def run_task(self, db_task_result: Any) -> None:
        """Runs the job; one that the database could not serve is put off and has not failed."""
        fail = db_task_result.set_failed

        def fail_or_put_off(error: BaseException) -> None:
            if not passes(error):
                fail(error)
                return
            logger.warning("The database can't be used now, a job is put off: %s", error)
            close_old_connections()
            put_off(db_task_result)

        db_task_result.set_failed = fail_or_put_off
        super().run_task(db_task_result)

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
