"""`manage.py erase_person`: erases a person of a vendor's for good."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from accounts.verbs.erasing import erase_person
from tenancy.door import inside
from tenancy.management.named import vendor_named
from web.errors import PortalError


class Command(BaseCommand):
    help = (
        "Erases a person: account, sessions, e-mails, and what the audit trail says of her. "
        "Licences stay with their history; --to names the customer who gets them, and without it "
        "they are nobody's. What is erased does not come back."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--vendor", required=True, metavar="COMPANY_ID")
        parser.add_argument("--email", required=True, help="whom to erase")
        parser.add_argument("--to", default="", metavar="EMAIL", help="who gets the licences")

    def handle(self, *args: Any, **options: Any) -> None:
        vendor = vendor_named(options["vendor"])
        with inside(vendor):
            person = _person(options["email"])
            heir = _person(options["to"]) if options["to"] else None
            try:
                erase_person(person=person, heir=heir)
            except PortalError as error:
                raise CommandError(error.sentence) from error
        self.stdout.write(f"The person is erased from {vendor}.")


def _person(email: str) -> User:
    found = User.objects.at(email)
    if found is None:
        raise CommandError(f"The vendor has nobody with the e-mail {email!r}.")
    return found
