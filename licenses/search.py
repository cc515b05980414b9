"""Finding licences by what was asked: text, product, status and end; order and totals; all in the
database. The customer's list and the back office's ask here."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Value, When

from licenses.models import Activation, ExpirationStrategy, License, LicenseMetadata, LicenseUser
from licenses.status import EXPIRING_SOON, Status

# Where a text is looked for: what the customer may see, and what staff may see beside it.
FOR_CUSTOMERS = ("key", "product__name", "product__display_name", "notes")
FOR_STAFF = (
    *FOR_CUSTOMERS,
    "name",
    "order_number",
    "internal_notes",
    "user__email",
    "user__first_name",
    "user__last_name",
    "user__company",
)
MOST_WORDS = 5  # what follows them counts as one


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was asked of licences; what is left out does not narrow the search.

    Every word of `text` has to occur somewhere. `expires_within` are days from now; `usable`
    leaves out what is revoked or suspended.
    """

    text: str = ""
    product_id: UUID | str | None = None
    status: Status | None = None
    expires_within: int | None = None
    never_expires: bool = False
    usable: bool = False


def find(
    licenses: QuerySet[License], wanted: Wanted, *, now: datetime, for_staff: bool = False
) -> QuerySet[License]:
    """Those of the licences that are wanted. Staff finds them also by what customers don't see:
    people, machines, what the vendor wrote for itself."""
    condition = Q()
    for word in wanted.text.split(maxsplit=MOST_WORDS - 1):
        condition &= _has_word(word, for_staff=for_staff)
    if wanted.product_id:
        condition &= Q(product_id=wanted.product_id)
    if wanted.status:
        condition &= status_filter(wanted.status, now)
    if wanted.expires_within is not None:
        condition &= expires_within(wanted.expires_within, now)
    if wanted.never_expires:
        condition &= Q(expires_at=None)
    if wanted.usable:
        condition &= Q(revoked=False, suspended=False)
    return licenses.filter(condition)


def _has_word(word: str, *, for_staff: bool) -> Q:
    """The condition that the word occurs somewhere in the licence or in what hangs on it."""
    fields = FOR_STAFF if for_staff else FOR_CUSTOMERS
    found: Q = reduce(or_, (Q(**{f"{field}__icontains": word}) for field in fields))
    metadata = LicenseMetadata.objects.filter(license=OuterRef("pk"))
    metadata = metadata.filter(Q(key__icontains=word) | Q(value__icontains=word))
    if not for_staff:
        return found | Q(Exists(metadata.filter(visible=True)))
    holders = LicenseUser.objects.filter(license=OuterRef("pk"), user__email__icontains=word)
    machines = Activation.objects.filter(license=OuterRef("pk"))
    machines = machines.filter(Q(hostname__icontains=word) | Q(fingerprint__icontains=word))
    return found | Q(Exists(metadata)) | Q(Exists(holders)) | Q(Exists(machines))


def status_filter(status: Status, now: datetime) -> Q:
    """The condition that a licence has this status at `now`: `status.standing_of` as a query."""
    return _conditions(now)[status]


def _conditions(now: datetime) -> dict[Status, Q]:
    soon = now + EXPIRING_SOON
    standing = Q(revoked=False, suspended=False)
    waiting = Q(
        expiration_strategy=ExpirationStrategy.DELAYED, validity__gt=0, expires_at__isnull=True
    )
    return {
        Status.REVOKED: Q(revoked=True),
        Status.SUSPENDED: Q(revoked=False, suspended=True),
        Status.EXPIRED: standing & Q(expires_at__lte=now),
        Status.EXPIRING_SOON: standing & Q(expires_at__gt=now, expires_at__lte=soon),
        Status.NOT_STARTED: standing & waiting,
        Status.ACTIVE: standing & ~waiting & (Q(expires_at__isnull=True) | Q(expires_at__gt=soon)),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """How many of the customer's licences there are, by what he would do about them.

    `active` counts those that can be used now, those that expire soon among them.
    """

    all: int
    active: int
    expiring_soon: int
    expired: int
    products: tuple[tuple[UUID, str], ...]  # with the names that customers read


def totals(licenses: QuerySet[License], now: datetime) -> Totals:
    """The totals over all of the customer's licences, and of which products they are."""
    return totals_from(list(counts(licenses, now)))


def counts(licenses: QuerySet[License], now: datetime) -> QuerySet[License, Any]:
    """What `totals_from` makes the totals of: one row for each product, in one query that an index
    of licences answers."""
    conditions = _conditions(now)
    usable = (
        conditions[Status.ACTIVE]
        | conditions[Status.EXPIRING_SOON]
        | conditions[Status.NOT_STARTED]
    )
    each = Value(1)  # no column, so that the index has all that is read
    return (
        licenses.order_by()
        .values_list("product", "product__name", "product__display_name")
        .annotate(
            every=Count(each),
            active=Count(each, filter=usable),
            soon=Count(each, filter=conditions[Status.EXPIRING_SOON]),
            expired=Count(each, filter=conditions[Status.EXPIRED]),
        )
    )


def totals_from(by_product: list[tuple[Any, ...]]) -> Totals:
    """The sums, and the products by their names."""
    in_order = sorted(by_product, key=lambda row: str(row[1]))
    counted = [row[3:] for row in in_order] or [(0, 0, 0, 0)]
    every, active, soon, expired = map(sum, zip(*counted, strict=True))
    products = tuple((pk, shown or name) for pk, name, shown, *_counts in in_order)
    return Totals(all=every, active=active, expiring_soon=soon, expired=expired, products=products)


def expires_within(days: int, now: datetime) -> Q:
    """The condition that the licence expires from now within so many days."""
    return Q(expires_at__gt=now, expires_at__lte=now + timedelta(days=days))


SORTS = ("product", "status", "seats", "expires", "created")
DEFAULT_SORT = "-created"


def sorted_by(licenses: QuerySet[License], sort: str, now: datetime) -> QuerySet[License]:
    """The licences ordered by a column of SORTS, descending with a leading `-`.

    Licences that never expire come last when ordered by expiry, whichever way. The primary key
    settles ties, so that pages never overlap.
    """
    column = _column(sort.removeprefix("-"), now)
    descending = sort.startswith("-")
    order = column.desc(nulls_last=True) if descending else column.asc(nulls_last=True)
    return licenses.order_by(order, "pk")


def _column(name: str, now: datetime) -> Any:
    """What a column is sorted by; statuses go from active to revoked."""
    if name == "status":
        ranks = enumerate(reversed(Status))
        conditions = _conditions(now)
        return Case(*(When(conditions[status], then=Value(rank)) for rank, status in ranks))
    return {
        "product": F("product__name"),
        "seats": F("total_activations"),
        "expires": F("expires_at"),
        "created": F("created_at"),
    }[name]
