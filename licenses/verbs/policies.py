"""Licence policies: the terms on which new licences begin.

Licences keep their own copy of the terms, and remember whose they were.
"""

from collections.abc import Collection, Iterable

from django.db import transaction
from django.db.models import ProtectedError

from audit import rows
from licenses.errors import PolicyIsUsed, RequiredIsMissing
from licenses.models import LicensePolicy, MaintenancePolicy


def create_policy(policy: LicensePolicy) -> LicensePolicy:
    """Saves a policy that was filled in elsewhere. Raises ValidationError."""
    policy.full_clean()
    return rows.create(policy)


def change_policy(policy: LicensePolicy, *, fields: Collection[str]) -> LicensePolicy:
    """Saves the fields that changed; licences that began on it stay as they are."""
    policy.full_clean()
    return rows.change(policy, fields=fields)


def delete_policy(policy: LicensePolicy) -> None:
    """Deletes a policy that no licence began on and no product has. Raises PolicyIsUsed."""
    delete_unused(policy)


def check_required(
    policy: LicensePolicy | None, *, metadata: Iterable[str], meters: Iterable[str] = ()
) -> None:
    """Raises RequiredIsMissing unless a new licence with values and meters of these names has all
    that its policy asks for."""
    if policy is None:
        return
    missing = [
        *(name for name in policy.required_metadata_keys if name not in set(metadata)),
        *(name for name in policy.required_meter_attributes if name not in set(meters)),
    ]
    if missing:
        raise RequiredIsMissing(", ".join(missing))


@transaction.atomic
def delete_unused(policy: LicensePolicy | MaintenancePolicy) -> None:
    """Deletes a policy of either kind unless licences or products are on it. Raises
    PolicyIsUsed."""
    # Asked first, since Django would fetch all of them to say which.
    if policy.licenses.exists():
        raise PolicyIsUsed
    try:
        rows.delete(policy)
    except ProtectedError as error:
        raise PolicyIsUsed from error
