"""Checks that nobody has tampered with the audit trail."""

import re
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from audit.chain import verify
from tenancy.models import Vendor
from tenancy.table import every_vendor, vendor_typed

HEAD = re.compile(r"([1-9]\d{0,17}):([0-9a-f]{64})")


class Command(BaseCommand):
    """Prints each vendor's length and head, which can be kept elsewhere and given back later."""

    help = "Checks the audit trails; fails when one is not whole, and says where."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("company_id", nargs="?", help="one vendor; all without it")
        parser.add_argument("--head", default="", help="number:digest, printed by an earlier check")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["head"] and not options["company_id"]:
            raise CommandError("A head belongs to one vendor: name its company id.")
        vendors = self._vendors(options["company_id"])
        known = self._known(options["head"])
        broken = [vendor.company_id for vendor in vendors if not self._check(vendor, known)]
        if broken:
            raise CommandError(f"The audit trail is not whole: {', '.join(broken)}.")

    def _vendors(self, company_id: str | None) -> list[Vendor]:
        if not company_id:
            return every_vendor()
        vendor = vendor_typed(company_id)
        if vendor is None:
            raise CommandError("There is no vendor of this company id.")
        return [vendor]

    def _known(self, head: str) -> tuple[int, str] | None:
        if not head:
            return None
        match = HEAD.fullmatch(head)
        if match is None:
            raise CommandError("A head is a number and a digest, such as this command prints.")
        return int(match[1]), match[2]

    def _check(self, vendor: Vendor, known: tuple[int, str] | None) -> bool:
        verdict = verify(vendor, known=known)
        for number, fault in verdict.faults:
            self.stdout.write(f"{vendor.company_id}: entry {number} {fault}")
        if not verdict.faults:
            self.stdout.write(
                f"{vendor.company_id}: whole, {verdict.length} entries, "
                f"head {verdict.length}:{verdict.head}{_erased(verdict.erased)}"
            )
        return not verdict.faults


def _erased(number: int) -> str:
    return f", {number} of them without the people who were erased" if number else ""
