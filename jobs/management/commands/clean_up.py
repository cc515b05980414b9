"""`manage.py clean_up`: deletes what has run out. Run it once a day."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from jobs.chores import EVERY_DAY


class Command(BaseCommand):
    help = (
        "Deletes sessions that have run out, limits that limit nothing, e-mail jobs done, "
        "old views as a customer, and what broken uploads left behind."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("prune_db_task_results", verbosity=0)
        for cleaner in EVERY_DAY:
            self.stdout.write(cleaner())
