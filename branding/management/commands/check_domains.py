"""`manage.py check_domains`: asks the DNS about the custom domains that are due."""

import logging
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from branding.domains import verbs as domains
from branding.models import CustomDomain
from tenancy.door import Way, inside, outside
from tenancy.table import every_vendor

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = (
        "Checks the custom domains that are due, and ends those whose time of grace is over. "
        "Run it every five minutes."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--all", action="store_true", help="Check all, due or not.")

    def handle(self, *args: Any, **options: Any) -> None:
        now, checked, failed = timezone.now(), 0, 0
        with outside(Way.DOMAINS, "Which vendors have a domain that is due."):
            found = CustomDomain.objects.all()
            if not options["all"]:
                found = found.filter(next_check_at__lte=now)
            waiting = set(found.values_list("vendor_id", flat=True))
        for vendor in every_vendor(waiting):
            with inside(vendor):
                rows = CustomDomain.objects.all() if options["all"] else domains.due(now)
                for domain in rows:
                    checked += 1
                    failed += not self._check(domain)
        self.stdout.write(f"Checked {checked} domains.")
        if failed:
            raise CommandError(f"{failed} of them could not be checked: see the log.")

    def _check(self, domain: CustomDomain) -> bool:
        """Checks one domain; what goes wrong with it is logged and stops no other one."""
        try:
            after = domains.check(domain)
        except Exception:
            logger.exception("%s could not be checked.", domain.name)
            domains.put_off(domain)
            return False
        self.stdout.write(f"{after.name}: {after.state}, {after.diagnosis}")
        return True
