"""What the portal keeps of a customer, as tables that the apps bring: shown, and handed out.

An app registers its tables in `ready()`, so that this app knows nothing of licences. Each gives
rows of the one customer alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.models import User
from web.moments import at, day

Cell = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Table:
    """One table: `name` is that of its files, `about` says in a sentence what is in it; a column
    has by its name in files how people read it and what stands in a row's cell."""

    name: str
    title: str | Promise
    about: str | Promise
    columns: Mapping[str, tuple[str | Promise, Cell]]
    rows: Callable[[User], QuerySet[Any]]

    @property
    def cells(self) -> dict[str, Cell]:
        return {name: cell for name, (_title, cell) in self.columns.items()}


TABLES: dict[str, Table] = {}
_places: dict[str, int] = {}


def register(place: int, table: Table) -> None:
    """Registers a table; the one with the lowest place comes first."""
    _places[table.name] = place
    TABLES[table.name] = table


def in_order() -> list[Table]:
    return sorted(TABLES.values(), key=lambda table: _places[table.name])


def in_words(value: Any) -> str:
    """A cell as people read it."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return at(value)
    return day(value) if isinstance(value, date) else str(value)
