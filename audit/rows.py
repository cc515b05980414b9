"""Create, change or delete a row and write it down, in one step; what verbs are made of."""

from collections.abc import Collection, Set
from copy import copy
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, models, transaction
from django.db.models.deletion import Collector

from audit import trail

R = TypeVar("R", bound=models.Model)


@transaction.atomic
def create(row: R) -> R:
    """Saves a new row of a vendor, and records the values that it begins with."""
    row.save(force_insert=True)
    trail.record("created", row, changes=trail.values_of(row))
    return row


@transaction.atomic
def change(row: R, *, fields: Collection[str], withheld: Set[str] = frozenset(), **about: Any) -> R:
    """Saves these fields and nothing else, since counters may have moved meanwhile, and records
    what differs; where nothing does, it does neither. Where that is in `withheld` alone, no
    customer sees it; `about` is as in `audit.trail.Draft`."""
    before = type(row)._base_manager.get(pk=row.pk)
    if is_same(before, row, fields):
        return row
    row.save(update_fields=[*fields, "updated_at"])
    after = copy(before)
    for name in fields:
        setattr(after, name, getattr(row, name))
    hidden = trail.changes_between(before, after).keys() <= withheld
    trail.record_change(before, after, visible=False if hidden else None, **about)
    return row


def is_same(before: R, after: R, fields: Collection[str]) -> bool:
    """Whether nothing differs in these fields: a form that was sent unchanged."""
    names = [before._meta.get_field(name).attname for name in fields]  # type: ignore[union-attr]
    return all(getattr(before, name) == getattr(after, name) for name in names)


@transaction.atomic
def delete(row: models.Model) -> None:
    """Deletes the row and records what it was; one that is gone by now, because somebody was
    quicker, is told of once. Raises ProtectedError, as Django does, and TypeError for a row on
    which others hang that have to be recorded as well."""
    _check_unprotected(row)
    rows: Any = type(row)._base_manager.select_for_update(of=("self",))
    before = rows.filter(pk=row.pk).first()
    if before is None:
        return
    trail.record("deleted", before, changes=trail.gone(before))
    _delete(row)


def _check_unprotected(row: models.Model) -> None:
    """Raises ProtectedError for the first row that keeps this one. Django would read all of them
    to say which."""
    for relation in row._meta.related_objects:
        if relation.on_delete is not models.PROTECT:
            continue
        keeping = relation.related_model._base_manager.filter(**{relation.field.name: row})
        if (kept_by := keeping.first()) is not None:
            raise models.ProtectedError("Another row leads to this one.", {kept_by})


def _delete(row: models.Model) -> None:
    """As Django deletes a row with what hangs on it, by statements that name the vendor."""
    doomed = Collector(using=DEFAULT_DB_ALIAS, origin=row)
    doomed.collect([row])
    if set(doomed.data) != {type(row)}:
        raise TypeError(f"Rows hang on this one that are deleted by a verb of theirs: {row._meta}")
    for (field, value), which in doomed.field_updates.items():
        for left in which:
            left.update(**{field.name: value})  # type: ignore[attr-defined]
    for hanging in doomed.fast_deletes:
        hanging._raw_delete(doomed.using)
    type(row)._base_manager.filter(pk=row.pk)._raw_delete(doomed.using)
