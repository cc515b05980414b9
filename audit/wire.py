"""What an entry of the trail looks like on the wire."""

from typing import Any

from audit.models import AuditEntry
from web.wire import Wire, valued


def event(entry: AuditEntry, user: Wire | None) -> Wire:
    """An entry, with the person who acted where that person is still there."""
    return valued(
        {
            "id": entry.pk,
            "createdAt": entry.created_at,
            "updatedAt": entry.created_at,
            "resource": entry.subject_type.rpartition(".")[2],
            "resourceId": entry.subject_id,
            "action": entry.action,
            "changes": [_change(name, *values) for name, values in entry.changes.items()],
            "ipAddress": entry.ip or None,
            "user": user,
        }
    )


def _change(name: str, before: Any, after: Any) -> Wire:
    return valued({"propertyName": name, "oldValue": before, "newValue": after})
