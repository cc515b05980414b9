"""`manage.py release_domain <name>`: takes a custom domain off the vendor that has it.

For the people who run the installation, when a domain has changed hands and its old owner here
does not let go of it.
"""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from branding.domains import verbs as domains
from branding.domains.names import NotADomain, normalise
from branding.models import ProvedDomain
from tenancy.door import Way, inside, outside
from tenancy.table import every_vendor


class Command(BaseCommand):
    help = "Takes a custom domain off the vendor that has proved it, so that another one can."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="Such as licenses.example.com.")

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        try:
            name = normalise(name, parent_host=settings.PORTAL_PARENT_HOST)
        except NotADomain as error:
            raise CommandError(f"{name!r} is no custom domain.") from error
        with outside(Way.DOMAINS, "Which vendors have proved the name."):
            had = ProvedDomain.objects.filter(name=name)
            vendors = every_vendor(set(had.values_list("vendor_id", flat=True)))
        if not vendors:
            raise CommandError(f"No vendor has proved {name}.")
        for vendor in vendors:
            with inside(vendor):
                domains.let_go(name)
            self.stdout.write(f"{name} is no longer {vendor.name}'s ({vendor.company_id}).")
