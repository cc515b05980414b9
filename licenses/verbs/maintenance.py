"""Maintenance policies: for how long a licence gets updates, and which."""

from collections.abc import Collection

from audit import rows
from licenses.models import MaintenancePolicy
from licenses.verbs.policies import delete_unused


def create_maintenance_policy(policy: MaintenancePolicy) -> MaintenancePolicy:
    """Saves a policy that was filled in elsewhere. Raises ValidationError."""
    policy.full_clean()
    return rows.create(policy)


def change_maintenance_policy(
    policy: MaintenancePolicy, *, fields: Collection[str]
) -> MaintenancePolicy:
    """Saves the fields that changed; what has begun on it keeps its end."""
    policy.full_clean()
    return rows.change(policy, fields=fields)


def delete_maintenance_policy(policy: MaintenancePolicy) -> None:
    """Deletes a policy that no licence is on. Raises PolicyIsUsed."""
    delete_unused(policy)
