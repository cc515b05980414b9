"""The vendor's most frequent errand: a licence for somebody, on a policy's terms, by e-mail."""

from datetime import datetime

from django.db import transaction

from accounts.verbs.customers import customer_of
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
    expires_at: datetime | None = None,
    notes: str = "",
    send: bool = True,
) -> License:
    """A new licence for a known or new customer; with `send` the customer gets it by e-mail.

    What is given wins over the policy. Raises accounts.verbs.customers.NotACustomer, and
    ValidationError when something is refused; then nothing is created or sent.
    """
    customer = customer_of(product.vendor, email, **(names or {}))
    terms = {"allowed_activations": allowed_activations, "expires_at": expires_at}
    given = {name: value for name, value in terms.items() if value is not None}
    license = create_license(
        product=product, user=customer, policy=policy, key=key, notes=notes, **given
    )
    if send:
        send_license(license)
    return license
