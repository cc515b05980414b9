"""As whom the tests speak to PostgreSQL: as the web role, but where something else is said."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, models
from psycopg.pq import TransactionStatus

from audit.append_only import opened
from tenancy.door import Way, outside
from tests.postgres import OWNER, WEB

__all__ = ["OWNER", "WEB", "everywhere", "speaking_as", "unguarded"]


@contextmanager
def speaking_as(role: str) -> Iterator[None]:
    """On PostgreSQL the role of the connection, inside a transaction or not; "none" is the
    superuser who made the server."""
    if connection.vendor == "sqlite":
        yield
        return
    _become(role)
    try:
        yield
    finally:
        # A transaction that failed takes the change back by itself.
        if connection.connection.info.transaction_status != TransactionStatus.INERROR:
            _become(WEB)


def _become(role: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {role}")


@contextmanager
def everywhere() -> Iterator[None]:
    """Reaches the rows of every vendor, which no role of the portal's can."""
    with outside(Way.EMAILS, "A test looks at every vendor."), speaking_as("none"):
        yield


@contextmanager
def unguarded(*tables: type[models.Model]) -> Iterator[None]:
    """Takes the guard off tables that are written once, as only who owns the server can."""
    with speaking_as("none"), opened(*tables):
        yield
