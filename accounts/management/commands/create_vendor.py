"""`manage.py create_vendor`: a new vendor, whose first administrator is invited."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.verbs.vendors import create_vendor
from tenancy.hosts import typed_address, vendor_url
from tenancy.management.named import what_is_wrong
from tenancy.models import Vendor


class Command(BaseCommand):
    help = "Makes a vendor, invites its first administrator and prints the portal's address."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("company_id", help="The first part of the portal's address.")
        parser.add_argument("name", help="The company's name.")
        parser.add_argument("admin_email", help="Gets an invitation to set a password.")
        parser.add_argument("--support-email", default="", help="Where customers find help.")

    def handle(self, *args: Any, **options: Any) -> None:
        vendor = Vendor(
            company_id=_company_id(options["company_id"]),
            name=options["name"],
            support_email=options["support_email"],
        )
        try:
            create_vendor(vendor, admin_email=options["admin_email"])
        except ValidationError as error:
            raise CommandError(what_is_wrong(error)) from error
        self.stdout.write(vendor_url(vendor, "home"))


def _company_id(typed: str) -> str:
    """As it is typed or pasted, also as the address of the portal that is to be."""
    return typed_address(typed, settings.PORTAL_PARENT_HOST).company_id or typed.strip().lower()
