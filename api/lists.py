"""Lists: filters, order, pages, and the headers that say how many there are.

A filter is `field=…` or `field[op]=…`, `op` one of eq ne gt gte lt lte sw ew cn nc in nin; several
values of `in` and `nin` come as `field[in]=a&field[in]=b`, with or without `[]`. A filter or an
order that is not there is refused: ignoring it would show, or renew, somebody else's rows.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.dateparse import parse_date, parse_datetime

from api.answers import answer
from api.errors import InvalidRequest, NotFound, UnknownFilter
from web.wire import Wire

PAGE_SIZE = 25
LARGEST_PAGE = 100
FURTHEST = 2**31  # rows that are passed over
NAMED = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9.]*)(?:\[(?P<op>[a-z]+)\])?(?:\[\])?")
OF_THE_LIST = frozenset({"page", "limit", "sort", "query", "search"})


class Kind(Enum):
    """What the values of a column are."""

    TEXT = "string"
    NUMBER = "integer"
    FLAG = "boolean"
    MOMENT = "date-time"
    ID = "uuid"


COMPARED = {"eq": "", "ne": "", "gt": "__gt", "gte": "__gte", "lt": "__lt", "lte": "__lte"}
IN_TEXT = {"sw": "__istartswith", "ew": "__iendswith", "cn": "__icontains", "nc": "__icontains"}
AMONG = frozenset({"in", "nin"})
NEGATED = frozenset({"ne", "nc", "nin"})
OF_KIND: Mapping[Kind, frozenset[str]] = {
    Kind.TEXT: frozenset({"eq", "ne", *IN_TEXT, *AMONG}),
    Kind.NUMBER: frozenset({*COMPARED, *AMONG}),
    Kind.FLAG: frozenset({"eq", "ne"}),
    Kind.MOMENT: frozenset(COMPARED),
    Kind.ID: frozenset({"eq", "ne", *AMONG}),
}


@dataclass(frozen=True, slots=True)
class Column:
    """By what rows are filtered and, with `sorts`, put in order: a path of the ORM's; `by` where
    the order is another one's."""

    path: str
    kind: Kind = Kind.TEXT
    sorts: bool = True
    by: str = ""


Condition = Callable[[str, list[str]], Q]


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list can be asked for. `special` are filters that are no column: each makes a
    condition of its operator and its values; `pairs` are two names that belong together, such as a
    metadata's key and value, and `found` the rows that words find."""

    columns: Mapping[str, Column]
    found: Callable[[QuerySet[Any], str], QuerySet[Any]] | None = None
    special: Mapping[str, Condition] = field(default_factory=dict)
    pairs: Mapping[tuple[str, str], Callable[[str, str], Q]] = field(default_factory=dict)
    order: str = "created_at"

    def documented(self) -> dict[str, Any]:
        """The parameters for the OpenAPI document, for `openapi_extra`."""
        of_list = [
            ("page", {"type": "integer", "minimum": 1}),
            ("limit", {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE}),
            ("sort", {"type": "string"}),
        ]
        if self.found:
            of_list.append(("query", {"type": "string"}))
        of_columns = [(name, _schema(each.kind)) for name, each in self.columns.items()]
        names = [*self.special, *(name for pair in self.pairs for name in pair)]
        others = [(name, {"type": "string"}) for name in names if name not in self.columns]
        return {
            "parameters": [
                {"name": name, "in": "query", "required": False, "schema": schema}
                for name, schema in (*of_list, *of_columns, *others)
            ]
        }


def _schema(kind: Kind) -> dict[str, str]:
    if kind in {Kind.MOMENT, Kind.ID}:
        return {"type": "string", "format": kind.value}
    return {"type": kind.value}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the query asks of a list, all of it read."""

    page: int
    limit: int
    order: Sequence[str]
    conditions: Q
    words: str


def listed(
    request: HttpRequest,
    rows: QuerySet[Any],
    listing: Listing,
    show: Callable[[Any], dict[str, Any]] | None = None,
    *,
    showing: Callable[[Sequence[Any]], Callable[[Any], dict[str, Any]]] | None = None,
) -> HttpResponse:
    """The page of rows that the query asks for, each as `show` says it, or as what `showing` makes
    of all of them does.

    Raises InvalidRequest and UnknownFilter.
    """
    asked = read(request, listing)
    chosen = narrowed(rows, listing, asked)
    number = chosen.order_by().count()
    start = (asked.page - 1) * asked.limit
    page: list[Model] = []
    if start < number:
        page = list(chosen.order_by(*asked.order)[start : start + asked.limit])
    said = showing(page) if showing else show
    return _page([said(row) for row in page if said], number, asked.page, asked.limit)


def _page(rows: list[Wire], number: int, page: int, limit: int) -> HttpResponse:
    response = answer(rows)
    response["Pagination-Count"] = str(number)
    response["Pagination-Page"] = str(page)
    response["Pagination-Limit"] = str(limit)
    return response


def listed_few(
    request: HttpRequest, rows: Sequence[Wire], members: Mapping[str, Kind]
) -> HttpResponse:
    """The same of a few that are no rows of a table, as they are on the wire: filtered by what
    their members are, put in order by one, found by words in any text.

    Raises InvalidRequest and UnknownFilter.
    """
    query, chosen = request.GET, list(rows)
    for key, values in query.lists():
        named = NAMED.fullmatch(key)
        if key in OF_THE_LIST:
            continue
        if named is None or named["name"] not in members or (named["op"] or "eq") != "eq":
            raise UnknownFilter(key)
        name = named["name"]
        wanted = value_of(name, members[name], values[-1])
        chosen = [row for row in chosen if row[name] == wanted]
    words = str(value_of("query", Kind.TEXT, query.get("query") or query.get("search") or ""))
    texts = [name for name, kind in members.items() if kind is Kind.TEXT]
    chosen = [row for row in chosen if any(words.lower() in row[name].lower() for name in texts)]
    sort = query.get("sort", "")
    if by := sort.removeprefix("-").removeprefix("+"):
        if by not in members:
            raise UnknownFilter(f"sort={sort}")
        chosen.sort(key=itemgetter(by), reverse=sort.startswith("-"))
    page = _number(query.get("page"), "page", 1, FURTHEST // LARGEST_PAGE)
    limit = _number(query.get("limit"), "limit", PAGE_SIZE, LARGEST_PAGE)
    start = (page - 1) * limit
    return _page(chosen[start : start + limit], len(chosen), page, limit)


def documented_few(members: Mapping[str, Kind]) -> dict[str, Any]:
    """What `listed_few` can be asked for, for `openapi_extra`."""
    columns = {name: Column(name, kind) for name, kind in members.items()}
    return Listing(columns, found=lambda rows, words: rows).documented()


def narrowed(rows: QuerySet[Any], listing: Listing, asked: Asked) -> QuerySet[Any]:
    """The rows that the query asks for, without page and order; for exports, too."""
    chosen = rows.filter(asked.conditions)
    if asked.words and listing.found:
        chosen = listing.found(chosen, asked.words)
    return chosen


def read(request: HttpRequest, listing: Listing) -> Asked:
    """Raises InvalidRequest and UnknownFilter."""
    query = request.GET
    return Asked(
        page=_number(query.get("page"), "page", 1, FURTHEST // LARGEST_PAGE),
        limit=_number(query.get("limit"), "limit", PAGE_SIZE, LARGEST_PAGE),
        order=_order(query.get("sort", ""), listing),
        conditions=_conditions(request, listing),
        words=_words(request, listing),
    )


def _words(request: HttpRequest, listing: Listing) -> str:
    words = request.GET.get("query") or request.GET.get("search") or ""
    if words and listing.found is None:
        raise UnknownFilter("query")
    return str(value_of("query", Kind.TEXT, words))


def _number(text: str | None, name: str, default: int, most: int) -> int:
    if not text:
        return default
    if not text.isdecimal() or not 1 <= int(text[:12]) <= most:
        raise InvalidRequest(f"{name}: use a number from 1 to {most}.")
    return int(text)


def _order(text: str, listing: Listing) -> Sequence[str]:
    """By the column that is named, and by the id where that says nothing."""
    name = text.removeprefix("-").removeprefix("+")
    if not name:
        return (listing.order, "id")
    column = listing.columns.get(name)
    if column is None or not column.sorts:
        raise UnknownFilter(f"sort={text}")
    by = column.by or column.path
    return (f"-{by}" if text.startswith("-") else by, "id")


def _conditions(request: HttpRequest, listing: Listing) -> Q:
    conditions, halves = Q(), dict[str, str]()
    paired = {name for pair in listing.pairs for name in pair}
    for key, values in request.GET.lists():
        if key in OF_THE_LIST:
            continue
        named = NAMED.fullmatch(key)
        name, op = (named["name"], named["op"] or "eq") if named else (key, "")
        if name in paired and op == "eq":
            halves[name] = values[-1]
        elif name in listing.special:
            conditions &= listing.special[name](op, values)
        elif named and name in listing.columns:
            conditions &= condition(key, listing.columns[name], op, values)
        else:
            raise UnknownFilter(key)
    for (first, second), together in listing.pairs.items():
        if first in halves or second in halves:
            conditions &= together(halves.get(first, ""), halves.get(second, ""))
    return conditions


def condition(key: str, column: Column, op: str, values: list[str]) -> Q:
    """What a filter of a column asks for. Raises UnknownFilter and InvalidRequest."""
    if op not in OF_KIND[column.kind]:
        raise UnknownFilter(key)
    if op in AMONG:
        wanted = [value_of(key, column.kind, value) for value in values]
        asked = Q(**{f"{column.path}__in": [each for each in wanted if each is not None]})
    else:
        value = value_of(key, column.kind, values[-1])
        how = COMPARED.get(op) if op in COMPARED else IN_TEXT[op]
        asked = Q(pk__in=()) if value is None else Q(**{f"{column.path}{how}": value})
    return ~asked if op in NEGATED else asked


def value_of(name: str, kind: Kind, text: str) -> Any:
    """The value; None for an id that can't be anybody's. Raises InvalidRequest."""
    if "\x00" in text:
        raise InvalidRequest(f"{name}: this text can't be anywhere.")
    if kind is Kind.TEXT:
        return text
    if kind is Kind.ID:
        try:
            return UUID(text)
        except ValueError:
            return None
    if kind is Kind.FLAG:
        return _flag(name, text)
    return _whole(name, text) if kind is Kind.NUMBER else _moment(name, text)


def _flag(name: str, text: str) -> bool:
    flags = {"true": True, "1": True, "false": False, "0": False}
    if text.lower() not in flags:
        raise InvalidRequest(f"{name}: use true or false.")
    return flags[text.lower()]


def _whole(name: str, text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise InvalidRequest(f"{name}: use a whole number.")
    return int(text)


def _moment(name: str, text: str) -> datetime:
    """A day is its beginning; without a zone it is UTC. A blank is a plus that no program has
    written as %2B."""
    written = text.replace(" ", "+") if "T" in text else text
    try:
        moment = parse_datetime(written)
        day = None if moment else parse_date(text)
    except ValueError:
        moment = day = None
    if moment is None and day is not None:
        moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    if moment is None:
        raise InvalidRequest(f"{name}: use a time such as 2026-12-31T12:00:00Z.")
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError as error:
        raise InvalidRequest(f"{name}: this time is too far.") from error


def row_of(rows: QuerySet[Any], id: str, what: str) -> Any:
    """The row with this id, of the scope's vendor. Raises NotFound."""
    row = rows.filter(pk=_key_of(id, what)).first()
    if row is None:
        raise NotFound(what)
    return row


def rows_of(rows: QuerySet[Any], ids: Iterable[str], what: str) -> list[Any]:
    """The rows with these ids, once each and in their order. Raises NotFound."""
    keys = list(dict.fromkeys(_key_of(id, what) for id in ids))
    found = rows.in_bulk(keys)
    if len(found) < len(keys):
        raise NotFound(what)
    return [found[key] for key in keys]


def _key_of(id: str, what: str) -> UUID:
    try:
        return UUID(id)
    except ValueError:
        raise NotFound(what) from None
