"""`manage.py invite_admin`: a vendor's administrator, new or still without a password."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.verbs.vendors import name_administrator
from tenancy.management.named import vendor_named


class Command(BaseCommand):
    help = (
        "Adds an administrator to a vendor and sends the invitation; sends it again to one who has "
        "not set a password."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("company_id")
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        vendor = vendor_named(options["company_id"])
        try:
            named = name_administrator(vendor, email=options["email"])
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        if named.has_usable_password():
            self.stdout.write(f"{named.email} is an administrator and has a password.")
        else:
            self.stdout.write(f"An invitation is on its way to {named.email}.")
        if not vendor.is_active:
            self.stdout.write(f"{vendor} is suspended: nobody enters before that is taken back.")
