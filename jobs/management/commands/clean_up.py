"""`manage.py clean_up`: deletes what has run out, as workers do by themselves once a day."""

import logging
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from jobs.chores import Rhythm, of
from jobs.turns import sentence_of

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = (
        "Deletes sessions that have run out, limits that limit nothing, what is kept of forms, "
        "old jobs, old views as a customer, registrations, texts of old e-mails, old events to "
        "webhooks, and what broken uploads left behind."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        failed = []
        for chore in of(Rhythm.DAY):
            try:
                self.stdout.write(str(chore.run()))
            except Exception as error:
                logger.exception("The chore %s failed.", chore.name)
                failed.append(f"{chore.name}: {sentence_of(error)}")
        if failed:
            raise CommandError("\n".join(failed))
