"""A customer's whole story, put together of sections that the apps bring.

An app registers a function in its `AppConfig.ready`; the page asks each for its section, so that
this app knows nothing of licences and downloads.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.utils.functional import Promise

from accounts.models import User

SHOWN = 10


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one place of a section's table; with `url` it is a link."""

    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the story: the newest SHOWN rows of a table, and where all of them are."""

    id: str
    title: str | Promise
    columns: Sequence[str | Promise]
    rows: list[list[Cell]]
    total: int
    empty: str | Promise
    all_url: str = ""
    actions: list[Cell] = field(default_factory=list)


Teller = Callable[[User], Section]
_tellers: list[Teller] = []


def register(teller: Teller) -> None:
    """Adds a section below the others; one that is there already stays once."""
    if teller not in _tellers:
        _tellers.append(teller)


def story_of(user: User) -> list[Section]:
    """Every section of this customer, in the order of registration."""
    return [teller(user) for teller in _tellers]
