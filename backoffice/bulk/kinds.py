"""Of what kinds of rows many can be changed at once: rooms below say how."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.functional import Promise

from web.errors import PortalError

# Changes the row of this id if it is as this digest says, and raises PortalError if not. It is
# atomic: what is refused changes nothing.
Act = Callable[[UUID, str], object]


@dataclass(frozen=True, slots=True)
class Kind:
    """Rows of one kind: what they are called, by which right they are changed, what an error means
    that leaves one alone because it is another by now, how a change with typed values is made
    (raises ValueError where there is none such any more), in what the rows of these ids are changed
    so that they are locked together, what rows are called by their ids, where the page of one is,
    whether rows are gone when they are changed, so that what stands for their digest is their name,
    and whether what is done to them is to delete them."""

    rows: str | Promise
    right: str
    changed_meanwhile: type[PortalError]
    act: Callable[[str, Mapping[str, Any]], Act]
    holding: Callable[[Iterable[UUID]], AbstractContextManager[None]]
    names: Callable[[Iterable[UUID]], Mapping[UUID, str]]
    route: str
    ends_rows: bool = False
    deletes: bool = False


KINDS: dict[str, Kind] = {}


def register(name: str, kind: Kind) -> None:
    """Adds a kind; an app does so when it is ready."""
    KINDS[name] = kind
