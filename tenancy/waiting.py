"""How long to wait for what somebody else has locked, and which of the database's errors pass."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import InterfaceError, InternalError, OperationalError

_longest: ContextVar[float | None] = ContextVar("longest wait", default=None)

# By the first characters of PostgreSQL's code: no connection, a transaction that has to be begun
# anew, no room or memory left, a lock that did not come, somebody who ended it, a broken disk; and
# a server that may only be read, as it is while another one takes over.
PASSING = ("08", "40", "53", "55P03", "57", "58", "25006", "25P03")
# The same of SQLite.
PASSING_ON_SQLITE = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
    }
)
HELD = {"40P01", "55P03"}
HELD_ON_SQLITE = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
LACKS = {"42P01", "42703"}
LACKS_ON_SQLITE = re.compile("^no such (table|column)|has no column named")
TAKEN_ON_SQLITE = (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)


def longest_wait() -> float | None:
    """For how many seconds a lock is waited for here; None for as long as it takes."""
    return _longest.get()


@contextmanager
def waiting_at_most(seconds: float) -> Iterator[None]:
    """Inside, what waits longer than that for somebody's lock fails with an OperationalError: for
    whoever serves people, since a thread that waits is one less for everybody."""
    token = _longest.set(seconds)
    try:
        yield
    finally:
        _longest.reset(token)


def leads_nowhere(error: BaseException) -> bool:
    """Whether a row was refused because another one, which it leads to, is there no more."""
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        return str(cause) == "FOREIGN KEY constraint failed"
    return getattr(cause, "sqlstate", None) == "23503"


def is_taken(error: BaseException) -> bool:
    """Whether a row was refused because there is one already of what may be there once."""
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", 0) in TAKEN_ON_SQLITE
    return getattr(cause, "sqlstate", None) == "23505"


def is_in_the_way(error: BaseException) -> bool:
    """Whether somebody else's lock was, so that it may work in a moment: a lock did not come in
    time, or each waited for the other."""
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF in HELD_ON_SQLITE
    return getattr(cause, "sqlstate", None) in HELD


def lacks_tables(error: BaseException) -> bool:
    """Whether it was asked for a table or a column that is not there."""
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        return LACKS_ON_SQLITE.search(str(cause)) is not None
    return getattr(cause, "sqlstate", None) in LACKS


def passes(error: BaseException) -> bool:
    """Whether this says that the database can't be used at the moment, and nothing about what it
    was asked: it was locked for too long, it is full, it restarts, it is not there."""
    if not isinstance(error, OperationalError | InterfaceError | InternalError):
        return False
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF in PASSING_ON_SQLITE
    code: str | None = getattr(cause, "sqlstate", None)
    if code is None:
        return not isinstance(error, InternalError)
    return code.startswith(PASSING)
