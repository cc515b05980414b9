"""Locking a licence before it is changed, and many of them by one statement."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from licenses.models import License

# What verbs ask of a licence that they change.
LED_TO = ("product", "user", "vendor", "maintenance_policy")

_held: ContextVar[Mapping[UUID, License] | None] = ContextVar("locked licences", default=None)


def lock(license_id: Any) -> License:
    """The licence, locked until the transaction ends: whoever counts seats holds it.

    PostgreSQL locks the row; on SQLite every transaction takes the write lock as it begins.
    """
    held = (_held.get() or {}).get(license_id)
    return held or _locked().select_related(*LED_TO).get(pk=license_id)


@contextmanager
def holding(ids: Iterable[UUID]) -> Iterator[None]:
    """Locks these licences by one statement; inside, `lock` hands them out.

    For one transaction in which nothing is undone but as a whole, and each is changed by one verb:
    the verbs keep what was handed out in step with its row.
    """
    rows = _locked().filter(pk__in=list(ids)).order_by("pk").prefetch_related(*LED_TO)
    token = _held.set({each.pk: each for each in rows})
    try:
        yield
    finally:
        _held.reset(token)


def _locked() -> QuerySet[License]:
    return License.objects.select_for_update(of=("self",))
