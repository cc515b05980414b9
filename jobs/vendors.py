"""What a chore does at one vendor after the other, where one that fails stops none after it."""

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar
from uuid import UUID

from django.db import connection

from jobs.turns import sentence_of
from tenancy.door import inside
from tenancy.models import Vendor
from tenancy.waiting import passes

logger = logging.getLogger(__name__)

V = TypeVar("V", Vendor, UUID)
NAMED = 5  # vendors in the sentence; the log has a line for each


class SomeVendorsFailed(Exception):
    """At some vendors it failed, for the reasons that the log tells; at the others `done` things
    were done, and stay so."""

    def __init__(self, names: list[str], of: int, first: Exception, done: int) -> None:
        more = ", …" if len(names) > NAMED else ""
        where = ", ".join(names[:NAMED]) + more
        reason = sentence_of(first)
        super().__init__(f"At {len(names)} of {of} vendors ({where}); the first: {reason}")
        self.done = done


def at_each(act: Callable[[V], int], vendors: Iterable[V]) -> int:
    """Does it inside the scope of each of the vendors; how many things that were in all.

    What fails at a vendor is logged and stops none after it. Raises SomeVendorsFailed at the end,
    by which the chore counts as failed and is tried again; and at once what is raised because
    there is no database any more.
    """
    every = list(vendors)
    done, failed = 0, dict[str, Exception]()
    for vendor in every:
        try:
            with inside(vendor):
                done += act(vendor)
        except Exception as error:
            if passes(error) and not connection.is_usable():
                raise
            name = vendor.company_id if isinstance(vendor, Vendor) else str(vendor)
            logger.exception("What is done at each vendor failed at %s.", name)
            failed[name] = error
    if failed:
        first = next(iter(failed.values()))
        raise SomeVendorsFailed(list(failed), len(every), first, done)
    return done
