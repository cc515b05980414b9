"""A copy of the database that may only be read, for what takes long and decides nothing.

`DATABASE_REPLICA_URL` names a standby of PostgreSQL. Only what is read by `from_replica`, or where
`asking` says so, goes there: exports and statistics. Everything else, a page that shows what was
just changed above all, asks the primary, and so does everybody where there is no replica or it does
not answer. Its connection is one of tenancy/postgresql: each statement says the vendor to the wall,
which a standby has from its primary. Outside of a vendor's scope nothing is read there, and what
would be written there raises.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, Error, connection, connections
from django_scopes import ScopeError

from tenancy.waiting import lacks_tables, passes
from tenancy.wall import said

logger = logging.getLogger(__name__)

T = TypeVar("T")

REPLICA = "replica"  # its name in DATABASES
LEFT_ALONE = 30.0  # seconds: for how long one is not asked that did not answer

_asked: ContextVar[str] = ContextVar("the database that is read", default=DEFAULT_DB_ALIAS)
_left_alone_until = 0.0


class WrittenWhileReading(Exception):
    """Something wanted to write where only a copy is read: that belongs to the primary."""


class Router:
    """Which database a query goes to. Rows that were read from the replica lead to the primary
    again, wherever they are used outside of it."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        if _asked.get() == REPLICA:
            _check_scope()
        return _asked.get()

    def db_for_write(self, model: Any, **hints: Any) -> str:
        if _asked.get() == REPLICA:
            raise WrittenWhileReading(f"{model._meta.label} would be written on a replica.")
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        return True  # They are the same rows.

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == DEFAULT_DB_ALIAS


def place() -> str:
    """Where to read what decides nothing: the replica if there is one that answers, else, and
    inside a transaction that may have written, the primary."""
    if REPLICA not in connections.settings or connection.in_atomic_block:
        return DEFAULT_DB_ALIAS
    if monotonic() < _left_alone_until:
        return DEFAULT_DB_ALIAS
    try:
        connections[REPLICA].close_if_health_check_failed()
        connections[REPLICA].ensure_connection()
    except Error as error:
        _leave_alone(error)
        return DEFAULT_DB_ALIAS
    return REPLICA


@contextmanager
def asking(where: str) -> Iterator[None]:
    """Inside, queries that name no database read at this `place`; raises ScopeError where that is
    the replica and this is outside of every vendor's scope."""
    if where == REPLICA:
        _check_scope()
    token = _asked.set(where)
    try:
        yield
    finally:
        _asked.reset(token)


def from_replica(read: Callable[[], T]) -> T:
    """What `read` returns, which only reads, and has read all when it returns. When the replica
    breaks off, or has not yet what its primary has, it is called again for the primary."""
    where = place()
    try:
        with asking(where):
            return read()
    except Error as error:
        if where != REPLICA or not (passes(error) or lacks_tables(error)):
            raise
        _leave_alone(error)
    return read()


def _check_scope() -> None:
    vendor, _way = said()
    if vendor is None:
        raise ScopeError("A replica is read in the scope of one vendor.")


def _leave_alone(error: Error) -> None:
    """One line in the log, and for a while the primary alone is asked."""
    global _left_alone_until  # noqa: PLW0603  of the process, for all its threads
    _left_alone_until = monotonic() + LEFT_ALONE
    connections[REPLICA].close()
    reason = str(error).partition("\n")[0]
    logger.warning("The replica can't be read now; the primary is asked: %s", reason)
