"""What the arguments of commands name, and what is wrong with them."""

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.management.base import CommandError

from tenancy.models import Vendor
from tenancy.table import vendor_typed


def vendor_named(company_id: str) -> Vendor:
    """The vendor with the company id or the portal's address. Raises CommandError for none."""
    vendor = vendor_typed(company_id)
    if vendor is None:
        raise CommandError(f"There is no vendor with the company id {company_id!r}.")
    return vendor


def what_is_wrong(error: ValidationError) -> str:
    """What was refused in a line, each with the field that it is about."""
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    return " ".join(
        said if name == NON_FIELD_ERRORS else f"{name}: {said}"
        for name, sentences in error.message_dict.items()
        for said in sentences
    )
