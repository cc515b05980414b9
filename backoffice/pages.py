"""Pages of a list that need no count of it and no offset: each begins where another ended.

A list is sorted by one column that an index answers, and the id settles ties. Where a page begins
is a place: the value and the id of a row that is shown, or that was shown and is gone. What stands
behind a place is read in parts that an index answers each: what is equal there, what is beyond it,
and what has no value, which stands where the database's index has it.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from django.core import signing
from django.core.paginator import Paginator
from django.db import connection, models
from django.db.models import QuerySet
from django.utils.formats import number_format
from django.utils.translation import gettext as _

MOST_COUNTED = 10_000
LAST = "last"

Rows = QuerySet[Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A column that rows can be sorted by: whether no two rows of a vendor share a value, and
    whether its index has ids against the column's own direction."""

    name: str
    unique: bool = False
    ids_against: bool = False

    def ordered(self, *, descending: bool) -> "Order":
        return Order(self, descending=descending)


@dataclass(frozen=True, slots=True)
class Order:
    """A column and a direction."""

    column: Column
    descending: bool

    @property
    def reverse(self) -> "Order":
        return Order(self.column, descending=not self.descending)

    @property
    def ids_descending(self) -> bool:
        return self.descending != self.column.ids_against

    @property
    def id(self) -> str:
        return "-pk" if self.ids_descending else "pk"

    @property
    def terms(self) -> tuple[str, ...]:
        """For `order_by`."""
        name = f"-{self.column.name}" if self.descending else self.column.name
        return (name,) if self.column.unique else (name, self.id)


def columns_of(model: type[models.Model]) -> dict[str, Column]:
    """The columns by which an index answers a vendor's rows in order, by name: those of its unique
    pairs (vendor, column) and of its indexes (vendor, column, id). Of a model without vendors the
    same without the vendor."""
    names = {field.name for field in model._meta.fields}
    lead = ("vendor",) if "vendor" in names else ()
    found = {}
    for index in model._meta.indexes:
        *head, name, last = ["", "", *(each for each, _direction in index.fields_orders)]
        if index.condition is None and last == "id" and tuple(head[2:]) == lead:
            down, ids_down = (way == "DESC" for _name, way in index.fields_orders[-2:])
            found[name] = Column(name, ids_against=down != ids_down)
    alone = [(field.name,) for field in model._meta.fields if field.unique and not lead]
    pairs = [each.fields for each in model._meta.total_unique_constraints]
    for *head, name in map(tuple, [*alone, *pairs]):
        if tuple(head) == lead and not model._meta.get_field(name).null and name != "id":
            found[name] = Column(name, unique=True)
    return found


@dataclass(frozen=True, slots=True)
class Place:
    """Between two rows of a list: behind a row, or before it for who goes back."""

    value: Any
    pk: Any
    back: bool


class Places:
    """Places of a list as texts, which are signed: those of another vendor, list or order, and what
    was made up, are no places.
    """

    def __init__(self, model: type[models.Model], order: Order, owner: str) -> None:
        self.field: Any = model._meta.get_field(order.column.name)
        self.key: Any = model._meta.pk
        salt = f"backoffice.pages:{owner}:{model._meta.label_lower}:{','.join(order.terms)}"
        self.signer = signing.Signer(salt=salt)

    def text(self, row: Any, *, back: bool) -> str:
        value = getattr(row, self.field.attname)
        told = None if value is None else self.field.value_to_string(row)
        return self.signer.sign_object([told, str(row.pk), int(back)])

    def read(self, text: str) -> Place | None:
        """The place; None when the text is none."""
        try:
            value, pk, back = self.signer.unsign_object(text)
        except (signing.BadSignature, ValueError):
            return None
        return Place(self.field.to_python(value), self.key.to_python(pk), bool(back))


@dataclass(frozen=True, slots=True)
class KeyPage:
    """Some rows in order, and the places of the pages before and behind them; empty where there
    are none."""

    rows: list[Any]
    previous: str
    next: str

    @property
    def is_all(self) -> bool:
        return not (self.previous or self.next)


@dataclass(frozen=True, slots=True)
class Walk:
    """A list and the pages of it."""

    rows: Rows
    order: Order
    places: Places
    size: int

    @classmethod
    def through(cls, rows: Rows, order: Order, *, owner: str, size: int) -> Self:
        return cls(rows, order, Places(rows.model, order, owner), size)

    def page(self, text: str) -> KeyPage:
        """The page at that place; the first where it is none. Where rows have gone meanwhile, so
        that nothing is left there, the nearest page."""
        place = self.places.read(text) if text and text != LAST else None
        if place is None:
            return self._end(last=text == LAST)
        order = self.order.reverse if place.back else self.order
        found = behind(self.rows, order, place, self.size + 1)
        if not found:
            return self._end(last=not place.back)
        return self._page(found, back=place.back, at_end=False)

    def _end(self, *, last: bool) -> KeyPage:
        """The first page or the last."""
        order = self.order.reverse if last else self.order
        found = list(self.rows.order_by(*order.terms)[: self.size + 1])
        return self._page(found, back=last, at_end=True)

    def _page(self, found: list[Any], *, back: bool, at_end: bool) -> KeyPage:
        more, shown = len(found) > self.size, found[: self.size]
        if back:
            shown.reverse()
        before, after = (more, not at_end) if back else (not at_end, more)
        return KeyPage(
            shown,
            previous=self.places.text(shown[0], back=True) if before else "",
            next=self.places.text(shown[-1], back=False) if after else "",
        )


def behind(rows: Rows, order: Order, place: Place, number: int) -> list[Any]:
    """At most so many rows behind a place, in order."""
    found: list[Any] = []
    for part in parts_behind(rows, order, place):
        found += part[: number - len(found)]
        if len(found) == number:
            break
    return found


def parts_behind(rows: Rows, order: Order, place: Place) -> list[Rows]:
    """What stands behind a place, one after the other: rows with the same value, rows with one
    beyond it, rows without one."""
    name = order.column.name
    has_value, has_none = {f"{name}__isnull": False}, {f"{name}__isnull": True}
    nullable = rows.model._meta.get_field(name).null
    at_same = has_none if place.value is None else {name: place.value}
    beyond_id = {f"pk__{'lt' if order.ids_descending else 'gt'}": place.pk}
    beyond = {f"{name}__{'lt' if order.descending else 'gt'}": place.value}
    parts = []
    if not order.column.unique:
        parts.append(rows.filter(**at_same, **beyond_id).order_by(order.id))
    if place.value is not None:
        parts.append(rows.filter(**beyond).order_by(*order.terms))
        if nullable and not _none_first(order):
            parts.append(rows.filter(**has_none).order_by(order.id))
    elif _none_first(order):
        parts.append(rows.filter(**has_value).order_by(*order.terms))
    return parts


def _none_first(order: Order) -> bool:
    """Whether rows without a value come first: where the database sorts them by itself, so that
    an index has them there."""
    return connection.features.order_by_nulls_first != order.descending


def counted(rows: Rows) -> int:
    """How many rows there are, of which at most MOST_COUNTED + 1 are looked at.

    Rows in an order that an index has are found by it; without order the database may read a table
    from its beginning, where another vendor's rows can be.
    """
    return rows.values("pk")[: MOST_COUNTED + 1].count()


def in_words(found: int) -> str:
    """What `counted` has found, in words."""
    if found > MOST_COUNTED:
        return _("more than %(most)s") % {"most": number_format(MOST_COUNTED, force_grouping=True)}
    return number_format(found, force_grouping=True)


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Numbered pages of what is searched in steps (the choices of a field), without counting it
    to its end."""

    @cached_property
    def count(self) -> int:
        return counted(self.object_list)  # type: ignore[arg-type]
