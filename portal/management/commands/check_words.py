"""Checks that every row is found by the words that it has, and by no others."""

from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from tenancy.door import inside
from tenancy.finding import wrong
from tenancy.table import every_vendor


class Command(BaseCommand):
    """Reads all people, licences and machines of every vendor."""

    help = "Checks the words and stored forms by which rows are found; --repair writes them anew."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--repair", action="store_true", help="write what is wrong anew")

    def handle(self, *args: Any, **options: Any) -> None:
        number = 0
        for vendor in every_vendor():
            with inside(vendor):
                for name, row in wrong(repair=options["repair"]):
                    self.stdout.write(f"{vendor.company_id}: {name} {row}")
                    number += 1
        if number and not options["repair"]:
            raise CommandError(f"{number} rows are not found as they should be: use --repair.")
        self.stdout.write(f"{number} rows are repaired." if number else "All rows are found.")
