"""What rooms count of what happens, for whoever listens: the building's metrics, or nobody."""

from collections.abc import Callable
from functools import partial

from django.db import transaction

SEAT_TAKEN, SEAT_REFUSED = "seat-taken", "seat-refused"

LISTENERS: list[Callable[[str], None]] = []


def count(what: str) -> None:
    """Counts one, whatever becomes of the transaction that is open."""
    for listener in LISTENERS:
        listener(what)


def count_once_committed(what: str) -> None:
    """Counts one when the open transaction is committed."""
    if LISTENERS:
        transaction.on_commit(partial(count, what))
