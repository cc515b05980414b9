"""`manage.py reset_second_factor`: for who has lost phone and recovery codes, and has nobody else
to ask."""

import logging
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from accounts.second_factor.verbs import NoFactor, take_off
from accounts.sessions import people_of
from tenancy.management.named import vendor_named

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = (
        "Takes off the second factor of an operator, or of one of a vendor's people, and tells the "
        "person by e-mail."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", required=True)
        parser.add_argument("--vendor", default="", help="The company id; an operator has none.")

    def handle(self, *args: Any, **options: Any) -> None:
        vendor = vendor_named(options["vendor"]) if options["vendor"] else None
        with people_of(vendor):
            person = User.people.at(options["email"])
            if person is None:
                raise CommandError("Nobody has this e-mail there.")
            try:
                take_off(person, reason="manage.py reset_second_factor")
            except NoFactor as error:
                raise CommandError(error.sentence) from error
        # Operators have no audit trail.
        whose = vendor.company_id if vendor else "operators"
        logger.warning("The second factor of the person %s (%s) was reset.", person.pk, whose)
        self.stdout.write(f"{person.email} signs in with the password alone.")
