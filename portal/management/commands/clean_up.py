"""`manage.py clean_up`: deletes what has run out. Run it once a day."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django_scopes import scope

from accounts import view_as
from accounts.models import Vendor
from accounts.rate_limits import forget_whole_buckets
from releases.shelf import remove_broken_uploads, remove_left_overs


class Command(BaseCommand):
    help = (
        "Deletes sessions that have run out, limits that limit nothing, e-mail jobs done, "
        "old views as a customer, and what broken uploads left behind."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("clearsessions")
        call_command("prune_db_task_results", verbosity=0)
        self.stdout.write(f"Deleted {forget_whole_buckets()} limits that were whole again.")
        views = sum(view_as.clean_up(vendor) for vendor in Vendor.objects.all())
        self.stdout.write(f"Deleted {views} views as a customer that are over for 30 days.")
        left_over = remove_broken_uploads()
        for vendor in Vendor.objects.all():
            with scope(vendor=vendor):
                left_over += remove_left_overs(vendor.pk)
        self.stdout.write(f"Deleted {left_over} files that uploads had left behind.")
