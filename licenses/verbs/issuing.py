"""The vendor's most frequent errand: a licence for somebody, on a policy's terms, by e-mail."""

from datetime import date

from django.db import transaction
from django.utils import timezone

from accounts.verbs.customers import customer_of
from licenses.days import end_of
from licenses.errors import DayIsOver
from licenses.models import License, LicensePolicy, Product
from licenses.verbs.licenses import create_license
from licenses.verbs.mailing import send_license


@transaction.atomic
def issue(
    *,
    product: Product,
    email: str,
    policy: LicensePolicy | None = None,
    names: dict[str, str] | None = None,
    key: str = "",
    allowed_activations: int | None = None,
    last_day: date | None = None,
    notes: str = "",
    send: bool = True,
) -> License:
    """A new licence for a known or new customer; with `send` the customer gets it by e-mail.

    What is given wins over the policy; the whole last day counts, in UTC. Raises DayIsOver,
    accounts.verbs.customers.NotACustomer, and ValidationError when something is refused; then
    nothing is created or sent.
    """
    expires_at = end_of(last_day) if last_day else None
    if expires_at and expires_at <= timezone.now():
        raise DayIsOver
    customer = customer_of(product.vendor, email, **(names or {}))
    terms = {"allowed_activations": allowed_activations, "expires_at": expires_at}
    given = {name: value for name, value in terms.items() if value is not None}
    license = create_license(
        product=product, user=customer, policy=policy, key=key, notes=notes, **given
    )
    if send:
        send_license(license)
    return license
