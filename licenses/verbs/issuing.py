"""The vendor's most frequent errand: a licence for somebody, on a policy's terms, by e-mail."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.verbs.customers import NotACustomer, customer_of
from licenses.ends import End, end_of
from licenses.errors import (
    AdditionalUserIsStaff,
    DayIsOver,
    MaintenanceDayIsOver,
    MaintenanceHasNoPolicy,
)
from licenses.intervals import Interval
from licenses.models import (
    License,
    LicenseMetadata,
    LicensePolicy,
    LicenseUser,
    MaintenancePolicy,
    Product,
    ProductVersion,
)
from licenses.verbs.defaults import Choice, maintenance_for, policy_for
from licenses.verbs.details import add_metadata, share, tag_license
from licenses.verbs.licenses import create_license, reachable
from licenses.verbs.mailing import send_license
from licenses.verbs.policies import check_required
from tenancy.addresses import normalise_email
from tenancy.models import Vendor


@transaction.atomic
def issue(
    *,
    product: Product,
    email: str,
    product_version: ProductVersion | None = None,
    policy: LicensePolicy | Choice = Choice.AS_PRODUCT,
    maintenance_policy: MaintenancePolicy | Choice = Choice.AS_PRODUCT,
    names: dict[str, str] | None = None,
    key: str = "",
    allowed_activations: int | None = None,
    interval: Interval | None = None,
    last_day: date | None = None,
    maintenance_last_day: date | None = None,
    max_allowed_release_version: str = "",
    metadata: Sequence[Mapping[str, Any]] = (),
    additional_users: Sequence[str] = (),
    tags: Sequence[str] = (),
    send: bool = True,
    **told: str,
) -> License:
    """A new licence for a known or new customer; with `send` the customer gets it by e-mail.

    What is given wins over the policies; a whole last day counts, in the vendor's time zone.
    `metadata` is as in accounts/metadata.py, `additional_users` are e-mails of known or new
    customers, `tags` names of tags, `told` texts of a licence, such as its notes and order number.
    Raises DayIsOver, MaintenanceDayIsOver, MaintenanceHasNoPolicy, DateTooFar, RequiredIsMissing,
    AdditionalUserIsStaff, accounts.verbs.tags.TooManyTags,
    accounts.verbs.customers.NotACustomer, and ValidationError when something is refused; then
    nothing is created or sent.
    """
    vendor, terms_of = product.vendor, policy_for(product, policy)
    maintenance = maintenance_for(product, maintenance_policy)
    ends = _ends(vendor, last_day) | _maintenance_ends(vendor, maintenance, maintenance_last_day)
    check_required(terms_of, metadata=[each["key"] for each in metadata])
    license = create_license(
        product=product,
        product_version=product_version,
        user=customer_of(vendor, email, **(names or {})),
        policy=terms_of,
        maintenance_policy=maintenance,
        max_allowed_release_version=max_allowed_release_version,
        key=key,
        **told,
        **_given(allowed_activations, interval),
        **ends,
    )
    _describe(license, metadata)
    _share(license, additional_users)
    if tags:
        tag_license(license, names=tags)
    if send:
        send_license(license)
    return license


def _describe(license: License, metadata: Sequence[Mapping[str, Any]]) -> None:
    """Adds named values. Raises ValidationError."""
    for entry in metadata:
        row = LicenseMetadata(vendor=license.vendor, license=license, **entry)
        row.full_clean()
        add_metadata(row)


def _share(license: License, emails: Sequence[str]) -> None:
    """Lets more customers use it, once each, the owner aside. Raises AdditionalUserIsStaff."""
    owner = license.user.email if license.user else ""
    for email in dict.fromkeys(map(normalise_email, emails)):
        if email == owner:
            continue
        try:
            person = customer_of(license.vendor, email)
        except NotACustomer as error:
            raise AdditionalUserIsStaff(email) from error
        share(LicenseUser(vendor=license.vendor, license=license, user=person))


def _given(seats: int | None, interval: Interval | None) -> dict[str, Any]:
    """The terms that are others than the policy's."""
    given: dict[str, Any] = {} if seats is None else {"allowed_activations": seats}
    return given if interval is None else given | {"subscription_interval": str(interval)}


def _ends(vendor: Vendor, day: date | None) -> dict[str, Any]:
    """With a last day, the fields of the licence's end. Raises DayIsOver and DateTooFar."""
    if day is None:
        return {}
    return {"expires_at": _end_of(day, vendor).at, "expires_on": day}


def _maintenance_ends(
    vendor: Vendor, policy: MaintenancePolicy | None, day: date | None
) -> dict[str, Any]:
    """The same of maintenance. Raises MaintenanceHasNoPolicy, MaintenanceDayIsOver and
    DateTooFar."""
    if day is None:
        return {}
    if policy is None:
        raise MaintenanceHasNoPolicy
    try:
        return {"maintenance_expires_at": _end_of(day, vendor).at, "maintenance_expires_on": day}
    except DayIsOver as error:
        raise MaintenanceDayIsOver from error


def _end_of(day: date, vendor: Vendor) -> End:
    """The end of the day at the vendor's. Raises DayIsOver and DateTooFar."""
    with reachable():
        end = end_of(day, vendor.zone)
    if end.at <= timezone.now():
        raise DayIsOver
    return end
