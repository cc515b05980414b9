"""`manage.py suspend_vendor`: closes a vendor's portal, or opens it again."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.verbs.vendors import resume_vendor, suspend_vendor
from tenancy.management.named import vendor_named


class Command(BaseCommand):
    help = (
        "Closes a vendor's portal and back office and ends everybody's session there. Nothing is "
        "deleted; --resume opens them again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("company_id")
        parser.add_argument("--resume", action="store_true", help="Opens them again.")

    def handle(self, *args: Any, **options: Any) -> None:
        switch = resume_vendor if options["resume"] else suspend_vendor
        vendor = switch(vendor_named(options["company_id"]))
        self.stdout.write(f"{vendor} is {'open' if vendor.is_active else 'suspended'}.")
