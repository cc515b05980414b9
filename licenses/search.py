"""Finding licences in a customer's list: search, filters, order and totals, all in the database."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Value, When

from licenses.models import ExpirationStrategy, License, LicenseMetadata
from licenses.status import EXPIRING_SOON, Status


def with_text(licenses: QuerySet[License], text: str) -> QuerySet[License]:
    """The licences in whose key, product, notes or visible metadata the text occurs."""
    metadata = LicenseMetadata.objects.filter(license=OuterRef("pk"), visible=True).filter(
        Q(key__icontains=text) | Q(value__icontains=text)
    )
    return licenses.filter(
        Q(key__icontains=text)
        | Q(product__name__icontains=text)
        | Q(product__display_name__icontains=text)
        | Q(notes__icontains=text)
        | Exists(metadata)
    )


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


@dataclass(frozen=True, slots=True)
class Totals:
    """How many of the customer's licences there are, by what he would do about them.

    `active` counts those that can be used now, those that expire soon among them.
    """

    all: int
    active: int
    expiring_soon: int
    expired: int


def totals(licenses: QuerySet[License], now: datetime) -> Totals:
    """The totals over all of the customer's licences, in one query."""
    conditions = _conditions(now)
    usable = (
        conditions[Status.ACTIVE]
        | conditions[Status.EXPIRING_SOON]
        | conditions[Status.NOT_STARTED]
    )
    counts = licenses.aggregate(
        all=Count("pk"),
        active=Count("pk", filter=usable),
        expiring_soon=Count("pk", filter=conditions[Status.EXPIRING_SOON]),
        expired=Count("pk", filter=conditions[Status.EXPIRED]),
    )
    return Totals(**counts)


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
