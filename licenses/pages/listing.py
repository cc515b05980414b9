"""What the page of a customer's licences asks the database: two messages, whatever is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Left

from licenses import search
from licenses.access import licenses_seen, named, some_shared
from licenses.models import License, Usable
from licenses.search import Totals, Wanted
from tenancy.prepared import prepared, together
from web.requests import PAGE_SIZE


@dataclass(slots=True)
class Listed(Usable):
    """A licence in the list: what is shown of it, without the licence."""

    pk: UUID
    key: str
    product_name: str
    product_display_name: str
    revoked: bool
    suspended: bool
    expires_at: datetime | None
    expires_on: date | None
    expiration_strategy: str
    subscription_interval: str
    allowed_activations: int
    total_activations: int
    name: str
    order_number: str
    note: str
    renewal_url: str

    @property
    def product(self) -> str:
        return self.product_display_name or self.product_name


COLUMNS = (
    "pk",
    "key",
    "product__name",
    "product__display_name",
    "revoked",
    "suspended",
    "expires_at",
    "expires_on",
    "expiration_strategy",
    "subscription_interval",
    "allowed_activations",
    "total_activations",
    "name",
    "order_number",
    "beginning",  # of the notes
    "renewal_url",
)
NOTE = 80  # characters of a note in the list


@dataclass(frozen=True, slots=True)
class Mine:
    """A customer's licences at a moment."""

    user: UUID
    now: datetime
    shared: tuple[UUID, ...] | None
    totals: Totals
    beginning: list[Any] | None = None  # the first page of all, in the usual order

    @classmethod
    def of(cls, user: UUID, now: datetime, *, as_it_begins: bool) -> "Mine":
        """Asks what is shared with the customer and then for totals; with `as_it_begins`, in the
        same message, for the first page, which is what most visitors want."""
        shared = named(some_shared(user))
        asked: list[Any] = [_counts.asked(user, shared, now)]
        if as_it_begins:
            asked.append(_beginning.asked(user, shared, now))
        by_product, *beginning = together(*asked)
        return cls(user, now, shared, search.totals_from(by_product), *beginning)

    def found(self, wanted: Wanted, sort: str) -> "Found":
        return Found(self, wanted, sort)


@dataclass(frozen=True)
class Found(Sequence[Listed]):
    """Those of the licences that are wanted, in order; read as far as they are shown."""

    mine: Mine
    wanted: Wanted
    sort: str

    def __len__(self) -> int:
        if self.wanted == Wanted():
            return self.mine.totals.all
        return self._rows.count() if self.wanted.text else len(self._rows)

    def __getitem__(self, part: Any) -> Any:
        mine, is_first = self.mine, part.start == 0
        begun = mine.beginning if is_first and self._is_as_it_begins else None
        return [Listed(*row) for row in (self._rows[part] if begun is None else begun)]

    @property
    def _is_as_it_begins(self) -> bool:
        return self.wanted == Wanted() and self.sort == search.DEFAULT_SORT

    @cached_property
    def _rows(self) -> Any:
        mine, wanted = self.mine, self.wanted
        values = (mine.user, mine.shared, mine.now, wanted.product_id)
        shape = {"wanted": replace(wanted, product_id=None), "sort": self.sort}
        if not wanted.text:
            return _found.rows(*values, **shape)
        # A text is part of the SQL in many ways, and hardly ever asked for twice.
        return _found.make(*values, **shape)


@prepared
def _counts(user: Any, shared: Any, now: Any, /) -> QuerySet[License, Any]:
    return search.counts(licenses_seen(user, shared), now)


@prepared
def _found(
    user: Any, shared: Any, now: Any, product: Any, /, *, wanted: Wanted, sort: str
) -> QuerySet[License, Any]:
    asked = replace(wanted, product_id=product)
    found = search.find(licenses_seen(user, shared), asked, now=now)
    return _shown(found, sort, now)


@prepared
def _beginning(user: Any, shared: Any, now: Any, /) -> QuerySet[License, Any]:
    """The first page of all in the usual order. Which ones these are, an index answers alone; then
    they are read. Who has thousands doesn't wait until all of them are."""
    seen = search.sorted_by(licenses_seen(user, shared), search.DEFAULT_SORT, now)
    first = seen.values("pk")[:PAGE_SIZE]
    return _shown(License.objects.filter(pk__in=first), search.DEFAULT_SORT, now)


def _shown(found: QuerySet[License], sort: str, now: Any) -> QuerySet[License, Any]:
    in_order = search.sorted_by(found, sort, now).annotate(beginning=Left("notes", NOTE))
    return in_order.values_list(*COLUMNS)
