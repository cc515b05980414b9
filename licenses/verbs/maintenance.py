"""Maintenance policies: for how long a licence gets updates, and which."""

from collections.abc import Collection

from django.db import transaction
from django.db.models import ProtectedError

from audit import rows
from licenses.errors import PolicyIsUsed
from licenses.models import MaintenancePolicy


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


@transaction.atomic
def delete_maintenance_policy(policy: MaintenancePolicy) -> None:
    """Deletes a policy that no licence is on. Raises PolicyIsUsed."""
    # Asked first, since Django would fetch all of them to say which.
    if policy.licenses.exists():
        raise PolicyIsUsed
    try:
        rows.delete(policy)
    except ProtectedError as error:
        raise PolicyIsUsed from error
