"""Transactions that others don't wait for: what is left to their end, what is done after it, and
bulk work in steps."""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import QuerySet

logger = logging.getLogger(__name__)

T = TypeVar("T")

# --- The last step ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Left:
    """What was left to the end of a transaction, and who takes it then."""

    take: Callable[[list[Any]], None]
    what: Any


def leave_to_the_end(take: Callable[[list[Any]], None], what: Any) -> None:
    """Has `take` called as the last step of the open transaction, with a list of all that was left
    to it, in that order. What is rolled back, be it to a savepoint, is not among it.

    So a lock for which everybody waits is held for that step alone.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("No transaction is open that could end.")
    # Django forgets what stands here with the savepoint that it was written in.
    connection.run_on_commit.append((set(connection.savepoint_ids), _Left(take, what), False))  # type: ignore[arg-type]


def has_left(connection: Any) -> bool:
    """Whether something was left to the end of the connection's transaction."""
    return any(isinstance(each, _Left) for _sids, each, _robust in connection.run_on_commit)


def take_what_was_left(connection: Any) -> None:
    """Does it now, in the transaction that is about to end."""
    left = [each for _sids, each, _robust in connection.run_on_commit if isinstance(each, _Left)]
    connection.run_on_commit = [
        each for each in connection.run_on_commit if not isinstance(each[1], _Left)
    ]
    for take in dict.fromkeys(each.take for each in left):
        take([each.what for each in left if each.take == take])


def however_it_ends(act: Callable[[], object]) -> None:
    """Has `act` called once the open transaction has ended, be it committed or undone, and at once
    where none is open: for what stays true of something that was refused. What fails in it is
    logged."""
    if not connection.in_atomic_block:
        act()
        return
    _afterwards_of(connection).append(act)


def do_what_comes_after(connection: Any) -> None:
    """Does it, of a transaction that has ended."""
    left = _afterwards_of(connection)
    while left:
        try:
            left.pop(0)()
        except Exception:
            logger.exception("What was left for after a transaction has failed.")


def _afterwards_of(connection: Any) -> list[Callable[[], object]]:
    left: list[Callable[[], object]] | None = getattr(connection, "_afterwards", None)
    if left is None:
        left = connection._afterwards = []
    return left


class OwnSteps:
    """A connection that takes the last step before it commits, where what fails undoes it all, does
    what comes after its transactions, and makes no savepoints in `all_or_none`."""

    def set_autocommit(self, autocommit: bool, *args: Any, **options: Any) -> None:
        """As Django ends a transaction, whether it was committed or rolled back."""
        super().set_autocommit(autocommit, *args, **options)  # type: ignore[misc]
        if autocommit:
            do_what_comes_after(self)

    def savepoint(self) -> str | None:
        """Django takes None for a block that can be undone with the one around it alone."""
        return None if _undone_together.get() else super().savepoint()  # type: ignore[misc]

    def check_deferred(self) -> None:
        """Has the constraints that are left to the end of the transaction checked now."""

    def commit(self) -> None:
        try:
            if has_left(self):
                # That, too, may have to wait for others, who may wait for what is taken last.
                self.check_deferred()
                take_what_was_left(self)
        except BaseException:
            self.rollback()  # type: ignore[attr-defined]
            raise
        super().commit()  # type: ignore[misc]


# --- One savepoint ------------------------------------------------------------------------------

_undone_together: ContextVar[bool] = ContextVar("no savepoints", default=False)


@contextmanager
def all_or_none() -> Iterator[None]:
    """An atomic block in which those inside have no savepoints, which are two statements each. What
    fails in one of them undoes all of it: nothing can be asked any more until it has left."""
    with transaction.atomic():
        token = _undone_together.set(True)
        try:
            yield
        finally:
            _undone_together.reset(token)


# --- Bulk work ----------------------------------------------------------------------------------

LONGEST = 0.1  # seconds after which a transaction of bulk work takes nothing more on
DELETED_AT_ONCE = 200  # rows
SHORTEST_PAUSE = 0.1  # seconds; who waits for SQLite's lock looks as often as that
_END = object()


def in_steps(things: Iterable[T], act: Callable[[T], object]) -> None:
    """Acts on one thing after the other, in transactions that are so short that nobody waits for
    them; each act has to be short. What fails undoes its own transaction alone."""
    left = iter(things)
    for thing in left:
        start = monotonic()
        with transaction.atomic():
            act(thing)
            while monotonic() - start < LONGEST and (more := next(left, _END)) is not _END:
                act(more)  # type: ignore[arg-type]
        _let_others_in(monotonic() - start)


def delete_in_steps(rows: QuerySet[Any]) -> int:
    """Deletes the rows so; how many."""
    deleted = 0

    def some() -> Iterator[list[Any]]:
        while ids := list(rows.order_by().values_list("pk", flat=True)[:DELETED_AT_ONCE]):
            yield ids

    def delete(ids: list[Any]) -> None:
        nonlocal deleted
        deleted += rows.filter(pk__in=ids).delete()[0]

    in_steps(some(), delete)
    return deleted


def _let_others_in(took: float) -> None:
    """On SQLite, which has one lock and no queue, whoever writes on at once gets it again."""
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        sleep(max(took, SHORTEST_PAUSE))
