"""The one door of events: who wants to know what happens at vendors hears of it here.

What the trail records is told in the transaction of the change, once its entries have their places,
so that nothing is missed and nothing told that did not happen. What the trail does not know, since
nothing was changed, is told by itself: what was refused (`refused`), and what ends by time, for
which the follower looks.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.db.models.expressions import Combinable
from django.utils import timezone

from tenancy.door import inside
from tenancy.transactions import however_it_ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """What has happened to a vendor's row: an action of the trail's, or one that it has no entry
    for. `place` is that of the entry in the vendor's chain, None without one; `kept` is what the
    follower has taken of a row before it was deleted."""

    action: str
    row: models.Model
    at: datetime
    place: int | None = None
    customer_id: UUID | None = None
    changes: Mapping[str, list[Any]] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    kept: Any = None


@dataclass(frozen=True, slots=True)
class Follower:
    """Who follows. `wanted` is a condition: whether anybody at the scope's vendor wants to know
    anything, asked in the one statement that holds the chain, so that it costs nothing where nobody
    does. `keep` takes what it needs of a row that is about to be deleted, and `told` is called in
    the vendor's scope and in a transaction."""

    wanted: Callable[[], Combinable]
    keep: Callable[[models.Model], Any]
    told: Callable[[Sequence[Happening]], object]


FOLLOWERS: list[Follower] = []


def follow(follower: Follower) -> None:
    """Registers a follower."""
    FOLLOWERS.append(follower)


def interest() -> dict[str, Any]:
    """What is asked beside the chain: who wants to know."""
    return {f"wanted_{n}": each.wanted() for n, each in enumerate(FOLLOWERS)}


def kept_of(row: models.Model) -> list[Any]:
    """What each follower takes of a row that is about to be deleted."""
    return [each.keep(row) for each in FOLLOWERS]


def tell(chain: models.Model, happenings: Callable[[int], Sequence[Happening]]) -> None:
    """Tells those who want to know, as was asked with the chain; `happenings` are made for the
    follower of a number."""
    for n, follower in enumerate(FOLLOWERS):
        if getattr(chain, f"wanted_{n}", True):
            follower.told(happenings(n))


def refused(action: str, row: Any, *, customer_id: UUID | None = None) -> None:
    """Tells, in a transaction of its own, that something was refused, whatever becomes of the one
    that is open."""
    if FOLLOWERS:
        happening = Happening(action=action, row=row, at=timezone.now(), customer_id=customer_id)
        however_it_ends(partial(_tell_refused, row.vendor_id, happening))


def _tell_refused(vendor_id: UUID, happening: Happening) -> None:
    with inside(vendor_id), transaction.atomic():
        for follower in FOLLOWERS:
            follower.told([happening])
