"""`manage.py send_reminders`: queues the reminders of licences that expire."""

from typing import Any

from django.core.management.base import BaseCommand

from licenses.verbs.reminders import send_reminders


class Command(BaseCommand):
    help = (
        "Queues the e-mails that remind customers of licences that expire soon. The queue's worker "
        "does it every hour by itself."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Queued {send_reminders()} reminders.")
