"""A customer's whole story, put together of chapters that the apps bring.

An app registers functions in its module `chapters`; the page asks each for its chapter, so that
this app knows nothing of licences and downloads.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from django.utils.functional import Promise

from accounts.models import User
from backoffice.pages import in_words

SHOWN = 10


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one place of a chapter's table; with `url` it is a link, with `right` for who
    has that."""

    text: str
    url: str = ""
    right: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """A button below a chapter, for who has the right."""

    text: str
    url: str
    right: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """One part of the story: the newest rows of a table, mostly SHOWN, and where all of them are;
    `total` is how many, as `backoffice.pages.counted` has it."""

    id: str
    title: str | Promise
    columns: Sequence[str | Promise]
    rows: list[list[Cell]]
    total: int
    empty: str | Promise
    all_url: str = ""
    actions: Sequence[Action] = ()

    @property
    def number(self) -> str:
        """How many rows there are, in words."""
        return in_words(self.total)

    @property
    def labelled_rows(self) -> "list[list[tuple[str | Promise, Cell]]]":
        """The rows, each cell with its column's title, which a phone shows beside it."""
        return [list(zip(self.columns, row, strict=True)) for row in self.rows]


# Of whom the chapter is, and who reads it.
Teller = Callable[[User, User], Chapter]
_tellers: list[tuple[int, str, Teller]] = []


def register(place: int, right: str, teller: Teller) -> None:
    """Registers what makes a chapter, and the right without which nobody reads it; the one with
    the lowest place comes first."""
    _tellers.append((place, right, teller))


def story_of(user: User, *, reader: User) -> list[Chapter]:
    """The chapters of this customer that the reader may read, with the buttons for him."""
    ordered = sorted(_tellers, key=lambda each: each[0])
    chapters = [teller(user, reader) for _place, right, teller in ordered if reader.has_perm(right)]
    return [_for_reader(chapter, reader) for chapter in chapters]


def _for_reader(chapter: Chapter, reader: User) -> Chapter:
    allowed = [action for action in chapter.actions if reader.has_perm(action.right)]
    rows = [[_cell_for(cell, reader) for cell in row] for row in chapter.rows]
    return replace(chapter, actions=allowed, rows=rows)


def _cell_for(cell: Cell, reader: User) -> Cell:
    """The cell; without its link for who may not follow it."""
    return cell if not cell.right or reader.has_perm(cell.right) else Cell(cell.text)
