"""The one door into a vendor's scope, and the one out of all of them.

Nobody else imports django_scopes (tests/tenancy/test_door.py): what has to happen whenever a vendor
is entered or left happens here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar
from uuid import UUID

from django.db import models
from django_scopes import ScopedManager, ScopeError, get_scope, scope, scopes_disabled

from tenancy.models import Vendor

M = TypeVar("M", bound=models.Model)

__all__ = [
    "ScopeError",
    "ScopedManager",
    "current_vendor",
    "inside",
    "is_inside",
    "outside",
    "within_scope",
]


@contextmanager
def inside(vendor: Vendor | UUID) -> Iterator[None]:
    """Inside, queries on tenants' rows reach this vendor's alone; raises TypeError for no vendor.

    Doors can be nested; the innermost counts.
    """
    if not isinstance(vendor, Vendor | UUID):
        raise TypeError("Only a vendor or its id can be entered.")
    with scope(vendor=vendor):
        yield


@contextmanager
def outside(reason: str) -> Iterator[None]:
    """Leaves all scopes: queries reach the rows of every vendor. The reason is for the reader of
    the code; raises ValueError without one. No more than yes or no should get out."""
    if not reason.strip():
        raise ValueError("Say why every vendor's rows have to be reached.")
    with scopes_disabled():
        yield


def is_inside() -> bool:
    """Whether this runs inside some vendor's scope."""
    return "vendor" in get_scope()


def current_vendor() -> Vendor:
    """The vendor in whose scope this runs; raises ScopeError outside, or for one entered by id."""
    vendor = get_scope().get("vendor")
    if not isinstance(vendor, Vendor):
        raise ScopeError("This needs the scope of one vendor.")
    return vendor


def within_scope(rows: models.QuerySet[M]) -> models.QuerySet[M]:
    """Rows that may have no vendor: those of the scope's vendor, outside every scope those of
    none, and all where all scopes were left."""
    current = get_scope()
    if not current.get("_enabled", True):
        return rows
    return rows.filter(vendor=current.get("vendor"))
