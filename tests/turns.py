"""Which tests a change is tried with: of a table, a sixteenth of its rows; others at another change.

A table is a test with three and more rows of parameters; all that takes seconds and is marked so (`takes_turns`); and,
on PostgreSQL, what its planner or its collation might answer differently (`by_database`). Its rows
are dealt out to sixteen turns; on SQLite tests about databases, which PostgreSQL has all at each change
but for rows and what takes seconds, to four. Whose turn it is says the commit (`development.turn`), so that the same
one tries the same rows wherever it is tried, and in the long run every row is. `--in-full` tries all
of them, and so does whoever says which tests are run.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from zlib import crc32

import pytest

import development as dev

ABOUT_DATABASES, QUARTERS = "about databases", 4  # a table, and its turns
FEW = 2  # So many rows are no table: one of something, and several.


def waiting(
    items: Iterable[pytest.Item], turn: int, table_of: Callable[[pytest.Item], str]
) -> set[pytest.Item]:
    """Those that wait for another turn, which is a number below `development.TURNS`. Of each table
    a row at least has its turn."""
    tables = defaultdict(list)
    for item in items:
        tables[table_of(item)].append(item)
    return {
        row
        for name, rows in tables.items()
        if len(rows) > FEW
        for place, row in enumerate(sorted(rows, key=_shuffled))
        if place % (turns := min(_turns_of(name), len(rows))) != turn % turns
    }


def _turns_of(table: str) -> int:
    return QUARTERS if table == ABOUT_DATABASES else dev.TURNS


def _shuffled(item: pytest.Item) -> tuple[int, str]:
    """Neighbours in a table are often alike: they are not to wait for the same turn."""
    return crc32(item.nodeid.encode()), item.nodeid
