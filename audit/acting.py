"""Who acts, and from where: what the audit trail writes beside each change.

The middleware says it for a request. Where nobody says it, it is the system: a command, or the
queue's worker.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenancy.models import Vendor


class Person(Protocol):
    """What the trail needs to know of whoever acts."""

    pk: UUID
    email: str

    @property
    def full_name(self) -> str: ...

    @property
    def is_customer(self) -> bool: ...

    @property
    def is_operator(self) -> bool: ...

    @property
    def vendor(self) -> Vendor | None: ...


class Source(models.TextChoices):
    """What a change came in by."""

    PORTAL = "portal", _("portal")
    BACKOFFICE = "backoffice", _("back office")
    API = "api", _("Web API")
    SYSTEM = "system", _("system")


def nobody() -> Person | None:
    return None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and by what it comes in; `who` is asked only when something changes.

    `at` is the moment to write down, for what is brought in from elsewhere and happened before.
    """

    source: Source = Source.SYSTEM
    ip: str = ""
    who: Callable[[], Person | None] = nobody
    at: datetime | None = None


_actor: ContextVar[Actor] = ContextVar("actor")


def actor() -> Actor:
    """Who acts now; the system, unless `acting` says otherwise."""
    return _actor.get(Actor())


def acting_as(person: Person | None) -> AbstractContextManager[None]:
    """Everything inside is done by this person, from the same source: for who follows a
    link before there is a session, and for jobs in somebody's name."""
    return acting(replace(actor(), who=lambda: person))


@contextmanager
def acting(new: Actor) -> Iterator[None]:
    """Everything inside is done by this actor."""
    token = _actor.set(new)
    try:
        yield
    finally:
        _actor.reset(token)
