"""Queries whose SQL is made once and then sent with other values.

Django makes a query set's SQL anew each time it is asked for, which takes longer than the database
needs to answer it. What every page asks for is therefore a function that makes the query set of
values that are not there yet:

    @prepared
    def machines_of(license, /, *, newest_first):
        return Activation.objects.filter(license=license).order_by(…)

    machines_of(license.pk, newest_first=True)  # a list of activations

Values are given by position and may be anything that is compared with a column: a tuple of them is
there as a tuple, and None as None, since these change the SQL. Whatever else does is given by name.
The vendor is the scope's, as it is for every query, and is asked
for whenever the query is sent; outside a scope it fails loudly.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property, lru_cache, update_wrapper
from inspect import Parameter, signature
from types import SimpleNamespace
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import OperationalError, connection, connections
from django.db.models import Count, Expression, QuerySet, Value
from django_scopes import ScopeError, scope

from tenancy.wall import SAID_VENDOR, VENDOR, WAY, Way, said

R = TypeVar("R")
T = TypeVar("T")
# What is given, what is said by name, which part is wanted, and whether it is to be counted.
Kind = tuple[tuple[Any, ...], tuple[tuple[str, Any], ...], tuple[int, int] | None, bool]
MOST_KEPT = 500  # statements of a process
LONGEST_KEPT = 16  # values of a tuple; the statement of a longer one is made anew each time
# With a blank, so that no parameter of a query has such a name.
THE_VENDOR, THE_HOST, THE_NOW = "the vendor", "the host", "the moment"


class Given(Expression):
    """A value that is given when the query is sent."""

    def __init__(self, name: str, plus: timedelta = timedelta()) -> None:
        super().__init__()
        self.name = name
        self.plus = plus

    def __add__(self, other: Any) -> Any:
        return Given(self.name, self.plus + other)

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", [self]

    def of(self, values: Mapping[str, Any]) -> Any:
        """The value, as the database takes it."""
        value = values[self.name]
        return adapted(value + self.plus if self.plus else value)


class HostsVendor(Expression):
    """Whose the host is that a request came to, in a message that `at_host` sends."""

    WHOSE = (
        'SELECT "vendor_id" FROM "tenancy_host" '
        'WHERE "name" = %s AND ("served_until" IS NULL OR "served_until" > %s)'
    )

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return f"({self.WHOSE})", [Given(THE_HOST), Given(THE_NOW)]

    def as_postgresql(self, compiler: Any, connection: Any) -> Any:
        return SAID_VENDOR, []


def adapted(value: Any) -> Any:
    """A value as this database's driver takes it."""
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, UUID) and not connection.features.has_native_uuid_field:
        return value.hex
    return value


@dataclass(frozen=True)
class Statement:
    """A query set's SQL, with what is given in the place of values, and how its answer is read."""

    queryset: QuerySet[Any]
    compiler: Any
    sql: str
    params: Sequence[Any]

    @cached_property
    def converters(self) -> Any:
        return self.compiler.get_converters(
            [column[0] for column in self.compiler.select[: self.compiler.col_count]]
        )

    def bound(self, values: Mapping[str, Any]) -> list[Any]:
        return [each.of(values) if isinstance(each, Given) else each for each in self.params]

    def read(self, answer: list[Any]) -> list[Any]:
        """The rows as the query set gives them: its own way of reading, with the answer put in the
        place where it would ask."""
        compiler = copy(self.compiler)
        compiler.connection = connections[connection.alias]
        compiler.execute_sql = lambda *_args, **_kwargs: [answer]
        compiler.get_converters = lambda _columns: self.converters
        query = copy(self.queryset.query)
        query.get_compiler = lambda *_args, **_kwargs: compiler  # type: ignore[method-assign]
        asking: Any = SimpleNamespace(
            db=connection.alias,
            query=query,
            _fields=self.queryset._fields,  # type: ignore[attr-defined]
            _known_related_objects={},
        )
        rows: Any = self.queryset._iterable_class(asking)
        return list(rows)


@dataclass(frozen=True)
class Asked(Generic[R]):
    """A prepared query with its values, ready to be sent: for all rows, for a part of them, or for
    how many there are."""

    prepared: "Prepared[R]"
    values: Mapping[str, Any]
    given: tuple[Any, ...]
    shape: tuple[tuple[str, Any], ...]
    part: "tuple[int, int] | None" = None
    counts: bool = False

    def statement(self, whose: str) -> Statement | None:
        """The statement for the scope's vendor (THE_VENDOR) or the host's (THE_HOST)."""
        kind = (self.given, self.shape, self.part, self.counts)
        longest = max((len(each) for each in self.given if isinstance(each, tuple)), default=0)
        make = _statement if longest <= LONGEST_KEPT else _statement.__wrapped__
        return make(self.prepared, kind, whose, connection.vendor)


class Rows(Sequence[R]):
    """What a query finds, for a paginator: counted, and read by the page."""

    def __init__(self, asked: Asked[R]) -> None:
        self.asked = asked
        self.first: tuple[int, list[R]] | None = None  # how many, and the first page

    def begun(self, size: int) -> tuple[Asked[Any], Asked[R]]:
        """What finds out how many rows there are, and the first of them."""
        return replace(self.asked, counts=True), replace(self.asked, part=(0, size))

    def __len__(self) -> int:
        if self.first:
            return self.first[0]
        return _number(together(replace(self.asked, counts=True))[0])

    def __getitem__(self, part: Any) -> Any:
        start = part.start or 0
        if self.first and start == 0:
            number, rows = self.first
            if part.stop <= len(rows) or len(rows) == number:
                return rows[: part.stop]
        return together(replace(self.asked, part=(start, part.stop)))[0]


def _number(counted: list[int]) -> int:
    """What was counted; nothing of what is known to find nothing without asking."""
    return counted[0] if counted else 0


def begin(size: int, rows: Sequence[Rows[Any]], *asked: Asked[Any]) -> list[Any]:
    """Reads how many rows there are and the first page of each, and the rows of further queries,
    which it gives back: all in one message."""
    beginnings = [each for some in rows for each in some.begun(size)]
    answers = together(*beginnings, *asked)
    for number, some in enumerate(rows):
        counted, first = answers[2 * number : 2 * number + 2]
        some.first = _number(counted), first
    return answers[len(beginnings) :]


class Prepared(Generic[R]):
    """A function that makes a query set, called for the rows."""

    def __init__(self, make: Callable[..., QuerySet[Any, R]]) -> None:
        self.make = make
        self.names = [
            name
            for name, each in signature(make).parameters.items()
            if each.kind is Parameter.POSITIONAL_ONLY
        ]
        update_wrapper(self, make)

    def asked(self, *values: Any, **shape: Any) -> Asked[R]:
        """The query, to be sent together with others; what is given by name can be hashed."""
        named: dict[str, Any] = {}
        given = tuple(_given(named, *each) for each in zip(self.names, values, strict=True))
        return Asked(self, named, given, tuple(sorted(shape.items())))

    def rows(self, *values: Any, **shape: Any) -> Rows[R]:
        """The rows, to be read by the page."""
        return Rows(self.asked(*values, **shape))

    def __call__(self, *values: Any, **shape: Any) -> list[R]:
        """The rows; raises ScopeError outside every vendor's scope."""
        rows: list[R] = together(self.asked(*values, **shape))[0]
        return rows


def _given(named: dict[str, Any], name: str, value: Any) -> Any:
    """What stands for the value: its name, under which it is noted; a tuple of such names; None."""
    if value is None:
        return None
    if isinstance(value, tuple):
        return tuple(_given(named, f"{name} {i}", each) for i, each in enumerate(value))
    named[name] = value
    return name


def _stand_in(given: Any) -> Any:
    """The expression for a name, or for each of many."""
    if isinstance(given, tuple):
        return tuple(map(_stand_in, given))
    return None if given is None else Given(given)


def prepared(make: Callable[..., QuerySet[Any, R]]) -> Prepared[R]:
    """Makes a prepared query of a function that makes a query set."""
    return Prepared(make)


@lru_cache(MOST_KEPT)
def _statement(query: Prepared[Any], kind: Kind, whose: str, database: str) -> Statement | None:
    """The statement, made once; None for what is known to find nothing."""
    given, shape, part, counts = kind
    vendor: Expression = HostsVendor() if whose == THE_HOST else Given(THE_VENDOR)
    with scope(vendor=vendor, way=None):
        queryset = _narrowed(query.make(*map(_stand_in, given), **dict(shape)), part, counts)
        compiler = queryset.query.get_compiler(connection.alias)
        try:
            sql, params = compiler.as_sql()
        except EmptyResultSet:
            return None
    if compiler.has_extra_select or queryset._prefetch_related_lookups:  # type: ignore[attr-defined]
        raise TypeError("Prepared queries have plain columns, and fetch nothing after.")
    return Statement(queryset, compiler, sql, tuple(params))


def _narrowed(
    queryset: QuerySet[Any, Any], part: tuple[int, int] | None, counts: bool
) -> QuerySet[Any, Any]:
    if counts:
        every: Any = queryset.order_by().values(every=Value(1)).annotate(number=Count("*"))
        queryset = every.values_list("number", flat=True)
    return queryset[part[0] : part[1]] if part else queryset


def forget_statements() -> None:
    """Makes all statements anew when they are asked for: for tests that change what makes them."""
    _statement.cache_clear()


def together(*asked: Asked[Any]) -> list[Any]:
    """The rows of each query, sent in the scope's vendor's name: on PostgreSQL in one message.

    Raises ScopeError outside every vendor's scope.
    """
    vendor, _way = said()
    if vendor is None:
        raise ScopeError("A prepared query needs the scope of one vendor.")
    given = {THE_VENDOR: vendor}
    statements = [each.statement(THE_VENDOR) for each in asked]
    return _sent(statements, [{**each.values, **given} for each in asked])


def at_host(name: str, now: datetime, *asked: Asked[Any]) -> list[Any]:
    """The rows of each query at the vendor whose host this is; none if it is nobody's.

    On PostgreSQL it is one message: its first statement finds whose the host is and says it to the
    wall, and only what follows can read the vendor's rows, as behind any door.
    """
    given = {THE_HOST: name, THE_NOW: now}
    statements = [each.statement(THE_HOST) for each in asked]
    values = [{**each.values, **given} for each in asked]
    if connection.vendor != "postgresql":
        return _sent(statements, values)
    return _as_first(lambda: _sent(statements, values, before=SAYING_HOSTS, bound=(name, now)))


# Which way out is open, then by it whose the host is: that vendor is said, and the way closed.
SAYING_HOSTS = (
    f"SELECT set_config('{VENDOR}', '', true), set_config('{WAY}', '{Way.HOSTS}', true)",
    f"SELECT set_config('{VENDOR}', coalesce(({HostsVendor.WHOSE})::text, ''), true), "
    f"set_config('{WAY}', '', true)",
)


def _sent(
    statements: Sequence[Statement | None],
    values: Sequence[Mapping[str, Any]],
    before: Sequence[str] = (),
    bound: Sequence[Any] = (),
) -> list[list[Any]]:
    """The rows of each statement; what is to be said `before` them is sent with them."""
    known = [(each, given) for each, given in zip(statements, values, strict=True) if each]
    messages = [(each.sql, each.bound(given)) for each, given in known]
    answers: list[list[Any]]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            params = [*bound, *(param for _sql, params in messages for param in params)]
            cursor.execute("; ".join([*before, *(sql for sql, _params in messages)]), params)
            for _said in before:
                cursor.nextset()
            answers = [_answer(cursor, number) for number in range(len(messages))]
        else:
            answers = [cursor.execute(sql, params).fetchall() for sql, params in messages]
    read = iter([each.read(answer) for (each, _given), answer in zip(known, answers, strict=True)])
    return [next(read) if each else [] for each in statements]


def _answer(cursor: Any, number: int) -> list[Any]:
    if number:
        cursor.nextset()
    answer: list[Any] = cursor.fetchall()
    return answer


def _as_first(send: Callable[[], T]) -> T:
    """Sends what a request asks first of all. It is also how a connection that was kept shows
    whether it still leads anywhere, so that nothing has to be asked for that."""
    connection.health_check_done = True  # type: ignore[attr-defined]
    try:
        return send()
    except OperationalError:
        if connection.in_atomic_block or connection.is_usable():
            raise
        connection.close()
        return send()
