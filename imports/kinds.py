"""The kinds of files that can be imported."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise

from imports.rows import Rows
from imports.steps import LETTERS, Act, Content
from mail.delivery import one_of_many
from web.errors import PortalError


@dataclass(frozen=True, slots=True, kw_only=True)
class ToList:
    """The way to a list of the back office, where the rows of a file are once they are imported."""

    text: str | Promise
    route: str
    right: str  # to read it
    query: Mapping[str, str] | None = None

    @property
    def url(self) -> str:
        return reverse(self.route, query=self.query)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileKind:
    """A kind of file that can be imported.

    `after_create`, if there is one, writes to each customer whom the file brings something; it is
    called with the new row once all of the file is there. What it refuses is left out: the row may
    have changed by then.
    """

    name: str
    label: str | Promise
    rows: type[Rows]
    # Says how many there are to import, as the text of a button.
    button: Callable[[int], str]
    to_list: ToList
    after_create: Callable[..., Any] | None = None
    offer: str | Promise = ""

    @property
    def acts(self) -> Mapping[str, Act]:
        """What its steps do, by name."""
        return {**self.rows.acts, LETTERS: Act(self._write_letters)}

    def _write_letters(self, ids: Content) -> None:
        with one_of_many():
            for made in self.rows.made_rows(ids):
                with suppress(PortalError):
                    if self.after_create:
                        self.after_create(made)


KINDS: dict[str, FileKind] = {}


def register(kind: FileKind) -> None:
    """Adds a kind of file; an app does so when it is ready. One that is there is replaced."""
    KINDS[kind.name] = kind
