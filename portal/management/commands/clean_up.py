"""`manage.py clean_up`: deletes what has run out. Run it once a day."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from accounts.rate_limits import forget_whole_buckets


class Command(BaseCommand):
    help = "Deletes sessions that have run out, limits that limit nothing, and e-mail jobs done."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("clearsessions")
        call_command("prune_db_task_results", verbosity=0)
        self.stdout.write(f"Deleted {forget_whole_buckets()} limits that were whole again.")
