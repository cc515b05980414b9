"""Finding or adding the customer whom a vendor's people name by e-mail."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.verbs.people import create_person
from tenancy.addresses import normalise_email
from tenancy.models import Vendor
from web.errors import PortalError


class NotACustomer(PortalError):
    """The e-mail belongs to a member of the vendor's staff."""

    code = "NOT_A_CUSTOMER"
    text = _("This e-mail belongs to a member of your staff.")


@transaction.atomic
def customer_of(vendor: Vendor, email: str, **names: str) -> User:
    """The vendor's customer with this e-mail; a new one, without a password, if there is none.

    `names` (first_name, last_name, company) are those of a new customer; who is known keeps his
    own. Raises NotACustomer, and ValidationError when a new customer's fields are refused.
    """
    address = normalise_email(email)
    known = User.objects.at(address)
    if known is None:
        return create_person(person=User(vendor=vendor, email=address, **names), invited=False)
    if not known.is_customer:
        raise NotACustomer
    return known
