"""Every statement goes to the server in one message with what the wall has to know about it.

PostgreSQL runs a message of several statements as one transaction, if none is open. So there is no
statement inside a vendor's scope that is not in a transaction which began with `set_config`, at
the price of no round trip; a page view holds no transaction open, and a connection that a pool
(pgbouncer) gives to somebody else carries nothing over. What can't be sent that way fails loudly
outside a transaction.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.backends.postgresql import base, operations, schema
from django.db.transaction import TransactionManagementError
from psycopg import sql
from psycopg.pq import TransactionStatus

from tenancy.transactions import OwnSteps
from tenancy.waiting import longest_wait
from tenancy.wall import SAYING, Said, said, saying

# Milliseconds: as long as visitors wait for a lock, and longer than PostgreSQL takes to let those
# pass for whom somebody before the migration waits (deadlock_timeout, a second).
LOCK_WITHIN = 2000
# Made at run time by which psycopg is there.
DjangosCursor: Any = base.Cursor
DjangosServerSideCursor: Any = base.ServerSideCursor


def _to_say(connection: Any, now: Said | None = None) -> str:
    """What to send before the next statement; nothing where no vendor, no way out and no longest
    wait is to be said and none can have been said before, nor where only a rollback is listened
    to."""
    status = connection.info.transaction_status
    vendor, way = now or said()
    wait = longest_wait()
    if status == TransactionStatus.INERROR:
        return ""
    if status == TransactionStatus.IDLE and vendor is None and way is None and wait is None:
        return ""
    return saying(vendor, way, wait)


def _together(to_say: str, query: Any) -> Any:
    """One message of what to say and the statement: text, or what psycopg has composed."""
    return sql.SQL(to_say) + query if isinstance(query, sql.Composable) else to_say + query


class SayFirst:
    """What to say is said by a statement of its own, which counts while the transaction lasts."""

    def _say_first(self, now: Said | None = None) -> None:
        connection: Any = self._conn  # type: ignore[attr-defined]
        to_say = _to_say(connection, now)
        if not to_say:
            return
        if connection.autocommit and connection.info.transaction_status == TransactionStatus.IDLE:
            raise TransactionManagementError(
                "Inside a vendor's scope this needs a transaction: see tenancy.door.reading."
            )
        DjangosCursor(connection).execute(to_say)


class Cursor(SayFirst, DjangosCursor):  # type: ignore[misc]
    """A cursor whose statements say the vendor."""

    def execute(self, query: Any, params: Any = None, **kwargs: Any) -> Any:
        to_say = _to_say(self._conn)
        if not to_say:
            return super().execute(query, params, **kwargs)
        super().execute(_together(to_say, query), params, **kwargs)
        self.nextset()
        return self

    def executemany(self, *args: Any, **kwargs: Any) -> None:
        self._say_first()
        super().executemany(*args, **kwargs)

    # Both say it when they begin, whatever door is open by then.

    @contextmanager
    def copy(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
        self._say_first()
        with super().copy(*args, **kwargs) as copy:
            yield copy

    def stream(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
        self._say_first()
        yield from super().stream(*args, **kwargs)


class ServerSideCursor(SayFirst, DjangosServerSideCursor):  # type: ignore[misc]
    """The same for `QuerySet.iterator`: policies are asked whenever rows are fetched, so that what
    was said when it began is said again, whatever door is open by then."""

    _said: Said | None = None

    def execute(self, *args: Any, **kwargs: Any) -> Any:
        self._said = said()
        self._say_first()
        return super().execute(*args, **kwargs)

    def fetchone(self) -> Any:
        self._say_first(self._said)
        return super().fetchone()

    def fetchmany(self, size: int = 0) -> Any:
        self._say_first(self._said)
        return super().fetchmany(size)

    def fetchall(self) -> Any:
        self._say_first(self._said)
        return super().fetchall()

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Any:
        row = self.fetchone()
        if row is None:
            raise StopIteration
        return row

    def scroll(self, *args: Any, **kwargs: Any) -> None:
        self._say_first(self._said)
        super().scroll(*args, **kwargs)


class DatabaseSchemaEditor(schema.DatabaseSchemaEditor):
    """A migration that comes upon the wall fails, instead of seeing no rows: it has to go past it
    (`tenancy.wall.PastTheWall`). One that does not get a lock soon fails, too, and is begun anew
    (`manage.py migrate`): whoever comes to the table queues behind it as long as it waits."""

    def __enter__(self) -> Any:
        entered = super().__enter__()
        if self.atomic_migration:
            self.execute("SET LOCAL row_security = off")
            self.execute(f"SET LOCAL lock_timeout = '{LOCK_WITHIN}ms'")
        return entered


class DatabaseOperations(operations.DatabaseOperations):
    def last_executed_query(self, cursor: Any, sql: str, params: Any) -> str:
        """The statement as it was asked for, in logs and for who counts statements."""
        query = super().last_executed_query(cursor, sql, params)
        if query and query.startswith(SAYING):
            return query.partition("; ")[2]
        return query


class DatabaseWrapper(OwnSteps, base.DatabaseWrapper):
    ops_class = DatabaseOperations
    SchemaEditorClass = DatabaseSchemaEditor

    def get_connection_params(self) -> dict[str, Any]:
        return {**super().get_connection_params(), "cursor_factory": Cursor}

    def check_deferred(self) -> None:
        """Foreign keys, which lock the rows that they lead to."""
        with self.wrap_database_errors:
            DjangosCursor(self.connection).execute("SET CONSTRAINTS ALL IMMEDIATE")

    def chunked_cursor(self) -> Any:
        """What `QuerySet.iterator` reads by. A server's cursor lives in a transaction; without one
        everything is read at once."""
        return super().chunked_cursor() if self.in_atomic_block else self.cursor()

    def create_cursor(self, name: str | None = None) -> Any:
        if not name:
            return super().create_cursor()
        return ServerSideCursor(
            self.connection, name=name, scrollable=False, withhold=self.connection.autocommit
        )
