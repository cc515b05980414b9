"""`manage.py clean_up`: deletes what has run out, as workers do by themselves once a day."""

from typing import Any

from django.core.management.base import BaseCommand

from jobs.chores import Rhythm, of


class Command(BaseCommand):
    help = (
        "Deletes sessions that have run out, limits that limit nothing, what is kept of forms, "
        "old jobs, old views as a customer, registrations, texts of old e-mails, old events to "
        "webhooks, and what broken uploads left behind."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        for chore in of(Rhythm.DAY):
            self.stdout.write(str(chore.run()))
