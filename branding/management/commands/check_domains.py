"""`manage.py check_domains`: asks the DNS about the custom domains that are due, as workers do by
themselves every five minutes."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from branding.domains.checking import Unchecked, check_all
from branding.models import CustomDomain


class Command(BaseCommand):
    help = "Checks the custom domains that are due, and ends those whose time of grace is over."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--all", action="store_true", help="Check all, due or not.")

    def handle(self, *args: Any, **options: Any) -> None:
        checked, failed = check_all(only_due=not options["all"], tell=self._tell)
        self.stdout.write(f"Checked {checked} domains.")
        if failed:
            raise CommandError(str(Unchecked(failed)))

    def _tell(self, domain: CustomDomain) -> None:
        self.stdout.write(f"{domain.name}: {domain.state}, {domain.diagnosis}")
