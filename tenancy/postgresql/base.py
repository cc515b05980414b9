"""Every statement goes to the server in one message with what the wall has to know about it.

PostgreSQL runs a message of several statements as one transaction, if none is open. So there is no
statement inside a vendor's scope that is not in a transaction which began with `set_config`, at
the price of no round trip; a page view holds no transaction open, and a connection that a pool
(pgbouncer) gives to somebody else carries nothing over. What can't be sent that way fails loudly
outside a transaction.
"""

from typing import Any

from django.db.backends.postgresql import base, operations
from django.db.transaction import TransactionManagementError
from psycopg import sql
from psycopg.pq import TransactionStatus

from tenancy.wall import SAYING, said, saying

# Made at run time by which psycopg is there.
DjangosCursor: Any = base.Cursor
DjangosServerSideCursor: Any = base.ServerSideCursor


def _to_say(connection: Any) -> str:
    """What to send before the next statement; nothing where no vendor and no way out is to be
    said and none can have been said before, nor where only a rollback is listened to."""
    status = connection.info.transaction_status
    vendor, way = said()
    if status == TransactionStatus.INERROR:
        return ""
    if status == TransactionStatus.IDLE and vendor is None and way is None:
        return ""
    return saying(vendor, way)


class SayFirst:
    """What to say is said by a statement of its own, which counts while the transaction lasts."""

    def _say_first(self) -> None:
        connection: Any = self._conn  # type: ignore[attr-defined]
        to_say = _to_say(connection)
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
        if isinstance(query, sql.Composable):
            query = query.as_string(self._conn)
        super().execute(to_say + query, params, **kwargs)
        self.nextset()
        return self

    def executemany(self, *args: Any, **kwargs: Any) -> None:
        self._say_first()
        super().executemany(*args, **kwargs)

    def copy(self, *args: Any, **kwargs: Any) -> Any:
        self._say_first()
        return super().copy(*args, **kwargs)

    def stream(self, *args: Any, **kwargs: Any) -> Any:
        self._say_first()
        return super().stream(*args, **kwargs)


class ServerSideCursor(SayFirst, DjangosServerSideCursor):  # type: ignore[misc]
    """The same for `QuerySet.iterator`: policies are asked whenever rows are fetched."""

    def execute(self, *args: Any, **kwargs: Any) -> Any:
        self._say_first()
        return super().execute(*args, **kwargs)

    def fetchone(self) -> Any:
        self._say_first()
        return super().fetchone()

    def fetchmany(self, size: int = 0) -> Any:
        self._say_first()
        return super().fetchmany(size)

    def fetchall(self) -> Any:
        self._say_first()
        return super().fetchall()


class DatabaseOperations(operations.DatabaseOperations):
    def last_executed_query(self, cursor: Any, sql: str, params: Any) -> str:
        """The statement as it was asked for, in logs and for who counts statements."""
        query = super().last_executed_query(cursor, sql, params)
        if query and query.startswith(SAYING):
            return query.partition("; ")[2]
        return query


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations

    def get_connection_params(self) -> dict[str, Any]:
        return {**super().get_connection_params(), "cursor_factory": Cursor}

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
