"""`manage.py prepare`: tables, static files and, if wanted, demo data, by one process."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from web import statics


class Command(BaseCommand):
    help = "Does what has to be done before the portal is served: migrate and collect static files."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="also fill in the demo data")

    def handle(self, *args: Any, **options: Any) -> None:
        """Quietly; of the demo data it prints the sign-ins. Safe to repeat."""
        call_command("migrate", verbosity=0)
        statics.collect()
        if options["demo"]:
            call_command("seed_demo", stdout=self.stdout)
