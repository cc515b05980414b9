"""`manage.py send_reminders`: queues the reminders of licences that expire."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from jobs.vendors import SomeVendorsFailed
from licenses.verbs.reminders import send_reminders


class Command(BaseCommand):
    help = (
        "Queues the e-mails that remind customers of licences that expire soon. The queue's worker "
        "does it every hour by itself."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write(f"Queued {send_reminders()} reminders.")
        except SomeVendorsFailed as error:
            self.stdout.write(f"Queued {error.done} reminders.")
            raise CommandError(str(error)) from error
