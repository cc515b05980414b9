"""Licence policies: the terms on which new licences begin. Licences keep their own copy."""

from collections.abc import Collection

from audit import rows
from licenses.models import LicensePolicy


def create_policy(policy: LicensePolicy) -> LicensePolicy:
    """Saves a policy that was filled in elsewhere. Raises ValidationError."""
    policy.full_clean()
    return rows.create(policy)


def change_policy(policy: LicensePolicy, *, fields: Collection[str]) -> LicensePolicy:
    """Saves the fields that changed; licences that began on it stay as they are."""
    policy.full_clean()
    return rows.change(policy, fields=fields)


def delete_policy(policy: LicensePolicy) -> None:
    """Deletes the policy; licences that began on it stay as they are."""
    rows.delete(policy)
