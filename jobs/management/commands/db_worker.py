"""`manage.py db_worker`: the library's worker, which also sees to what killed workers left."""

import logging
import time
from typing import Any

from django.db import OperationalError, close_old_connections
from django_tasks_db.management.commands import db_worker as library

from jobs.upkeep import Upkeep, tidy

logger = logging.getLogger(__name__)

PAUSE = 1.0  # seconds


class Worker(library.Worker):
    """Puts back what was left, before its jobs and beside them; outlives a database that is
    locked or restarts."""

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

    def _ran_to_its_end(self) -> bool:
        try:
            super().run()
        except OperationalError as error:
            logger.warning("The database can't be used now, the worker goes on: %s", error)
            close_old_connections()
            return False
        return True


class Command(library.Command):
    """Takes the options of the library's command."""

    def handle(self, **options: Any) -> None:
        # The library's command makes its worker by this name.
        library.Worker = Worker  # type: ignore[misc]
        super().handle(**options)
