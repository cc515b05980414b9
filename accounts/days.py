"""What keeps its days when a vendor's time zone changes: rows of the rooms below this one.

A room registers what counts such rows and what moves the moments at which their days end.
"""

from collections.abc import Callable
from datetime import tzinfo

Count = Callable[[], int]
Move = Callable[[tzinfo], int]
_keeping: list[tuple[Count, Move]] = []


def register(count: Count, move: Move) -> None:
    """Adds rows that have days; `move` is a verb that is given the new zone."""
    if (count, move) not in _keeping:
        _keeping.append((count, move))


def counted() -> int:
    """How many days of the scope's vendor there are."""
    return sum(count() for count, _move in _keeping)


def move(zone: tzinfo) -> int:
    """Has every day of the scope's vendor end by the clocks of the zone; how many there are."""
    return sum(move(zone) for _count, move in _keeping)
