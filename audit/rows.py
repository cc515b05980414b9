"""Create, change or delete a row and write it down, in one step; what verbs are made of."""

from collections.abc import Collection
from typing import Any, TypeVar

from django.db import models, transaction

from audit import trail

R = TypeVar("R", bound=models.Model)


@transaction.atomic
def create(row: R) -> R:
    """Saves a new row of a vendor, and records the values that it begins with."""
    row.save(force_insert=True)
    trail.record("created", row, changes=trail.values_of(row))
    return row


@transaction.atomic
def change(row: R, *, fields: Collection[str]) -> R:
    """Saves these fields and nothing else, since counters may have moved meanwhile; records what
    differs, if anything does."""
    before = type(row)._base_manager.get(pk=row.pk)
    saved = [*fields, "updated_at"]
    row.save(update_fields=saved)
    trail.record_change(before, row)
    return row


@transaction.atomic
def delete(row: models.Model) -> None:
    """Deletes the row and records what it was. Raises ProtectedError, as Django does."""
    before: Any = type(row)._base_manager.get(pk=row.pk)
    trail.record("deleted", before, changes=trail.gone(before))
    row.delete()
