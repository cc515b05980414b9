"""What the arguments of commands name."""

from django.core.management.base import CommandError

from tenancy.models import Vendor
from tenancy.table import vendor_typed


def vendor_named(company_id: str) -> Vendor:
    """The vendor with the company id or the portal's address. Raises CommandError for none."""
    vendor = vendor_typed(company_id)
    if vendor is None:
        raise CommandError(f"There is no vendor with the company id {company_id!r}.")
    return vendor
