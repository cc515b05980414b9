"""The vendor's most frequent errand: a licence for somebody, on a policy's terms, by e-mail."""

from datetime import date

from django.db import transaction
from django.utils import timezone

from accounts.verbs.customers import customer_of
from licenses.ends import End, end_of
from licenses.errors import DayIsOver
from licenses.intervals import Interval
from licenses.models import License, LicensePolicy, Product
from licenses.verbs.licenses import create_license, reachable
from licenses.verbs.mailing import send_license
from tenancy.models import Vendor


@transaction.atomic
def issue(
    *,
    product: Product,
    email: str,
    policy: LicensePolicy | None = None,
    names: dict[str, str] | None = None,
    key: str = "",
    allowed_activations: int | None = None,
    interval: Interval | None = None,
    last_day: date | None = None,
    notes: str = "",
    send: bool = True,
) -> License:
    """A new licence for a known or new customer; with `send` the customer gets it by e-mail.

    What is given wins over the policy; the whole last day counts, in the vendor's time zone. Raises
    DayIsOver, DateTooFar, accounts.verbs.customers.NotACustomer, and ValidationError when something
    is refused; then nothing is created or sent.
    """
    end = _end_of(last_day, product.vendor) if last_day else None
    customer = customer_of(product.vendor, email, **(names or {}))
    terms = {
        "allowed_activations": allowed_activations,
        "subscription_interval": None if interval is None else str(interval),
        "expires_at": end and end.at,
        "expires_on": last_day,
    }
    given = {name: value for name, value in terms.items() if value is not None}
    license = create_license(
        product=product, user=customer, policy=policy, key=key, notes=notes, **given
    )
    if send:
        send_license(license)
    return license


def _end_of(day: date, vendor: Vendor) -> End:
    """The end of the day at the vendor's. Raises DayIsOver and DateTooFar."""
    with reachable():
        end = end_of(day, vendor.zone)
    if end.at <= timezone.now():
        raise DayIsOver
    return end
