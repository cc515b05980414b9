"""The one door into a vendor's scope, and the one out of all of them.

Nobody else imports django_scopes (tests/tenancy/test_door.py): what has to happen whenever a vendor
is entered or left happens here. On PostgreSQL each statement says which door is open
(tenancy/wall.py). A door is no transaction: what is read in it is read statement by statement,
and what verbs write in it stays written whatever follows.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, models, transaction
from django.utils import timezone
from django_scopes import ScopedManager, ScopeError, get_scope, scope

from tenancy.models import Vendor
from tenancy.wall import Way

M = TypeVar("M", bound=models.Model)

__all__ = [
    "ScopeError",
    "ScopedManager",
    "Way",
    "current_vendor",
    "inside",
    "is_inside",
    "outside",
    "reading",
    "within_scope",
]


@contextmanager
def inside(vendor: Vendor | UUID) -> Iterator[None]:
    """Inside, queries on tenants' rows reach this vendor's alone; raises TypeError for no vendor.

    Doors can be nested; the innermost counts. Whoever enters with the vendor's row, and not by its
    id, reads moments in the vendor's time zone inside (Django's current one).
    """
    if not isinstance(vendor, Vendor | UUID):
        raise TypeError("Only a vendor or its id can be entered.")
    clocks = timezone.override(vendor.zone) if isinstance(vendor, Vendor) else nullcontext()
    with scope(vendor=vendor, way=None), clocks:
        yield


# Ways out to rows whose managers know no scope: of tenants' rows they reach none.
UNSCOPED = {Way.HOSTS, Way.VENDORS, Way.OPERATORS}


@contextmanager
def outside(way: Way, reason: str) -> Iterator[None]:
    """Opens a way out: what it leads to is read for every vendor, while writing reaches no more
    than before (but for operators' own rows, which are no vendor's). The reason is for the reader
    of the code; raises ValueError without one. No more than yes or no, or whose turn it is, should
    get out.

    On SQLite the ways to tenants' rows lead to all of them.
    """
    if not reason.strip():
        raise ValueError("Say why every vendor's rows have to be reached.")
    with scope(way=way, _enabled=way in UNSCOPED):
        yield


@contextmanager
def reading(using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """What is read row by row (`QuerySet.iterator`) is read in here, in a transaction of its own on
    PostgreSQL: an answer that is streamed, or a check that walks a table. No verb is called in it.
    `using` names another database than the primary (tenancy/replica.py).

    On SQLite it is nothing, since a transaction there would keep everybody else from writing.
    """
    if connection.vendor == "sqlite":
        yield
        return
    with transaction.atomic(using):
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
