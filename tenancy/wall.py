"""The database's own wall between vendors: what it is told, and the policies that listen.

On PostgreSQL every table with rows of vendors has row-level security (`RowLevelSecurity`). Each
statement is sent together with the vendor in whose scope it runs (`saying`, by the backend in
tenancy/postgresql), for that one transaction: nothing is left on the connection. A statement that
forgets the vendor reaches this vendor's rows alone, and outside every scope none.

The wall is for the query that somebody forgot, not for SQL that an attacker writes, which could
say another vendor. SQLite has no such wall (docs/security-model.md).
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.db import OperationalError, transaction
from django.db.migrations.operations.base import Operation
from django_scopes import get_scope

from tenancy.waiting import is_in_the_way

# For how long a migration tries to have all of its tables, in seconds, and how long it waits for
# one at a time, in milliseconds: less than PostgreSQL's deadlock_timeout.
TAKEN_WITHIN, AGAIN_AFTER = 10.0, 900
BEFORE = "portal.lock_timeout"  # how long a migration waited before that, as it is kept meanwhile
VENDOR, WAY = "portal.vendor", "portal.way"
SAYING = f"SELECT set_config('{VENDOR}', "
# The vendor that was said, as policies ask for it.
SAID_VENDOR = f"nullif(current_setting('{VENDOR}', true), '')::uuid"


class Way(StrEnum):
    """A way out of the vendor's rows, under the name by which policies know it. Each opens the
    tables that name it in their migrations, and no others: to reading, and that to operators also
    to writing theirs."""

    HOSTS = "hosts"  # whose a host is
    VENDORS = "vendors"  # which vendors there are
    OPERATORS = "operators"  # people who belong to no vendor, and which vendors there are
    DOMAINS = "domains"  # which names vendors have claimed and proved
    EMAILS = "emails"  # which e-mails are due
    WEBHOOKS = "webhooks"  # which events are due at webhooks
    ACTS = "acts"  # what operators did, at every vendor
    PROGRAMS = "programs"  # whose a product or a machine is, and which leases have ended


def saying(vendor: UUID | None, way: Way | None, wait: float | None = None) -> str:
    """The statement that tells the database, until the transaction ends; with `wait` also for how
    many seconds to wait for a lock."""
    id, name = (UUID(str(vendor)) if vendor else ""), (Way(way) if way else "")
    limit = f", set_config('lock_timeout', '{round(wait * 1000)}', true)" if wait else ""
    return f"{SAYING}'{id}', true), set_config('{WAY}', '{name}', true){limit}; "


Said = tuple[UUID | None, Way | None]


def said() -> Said:
    """What the database has to know now: the scope's vendor and the way out that is open."""
    scope = get_scope()
    vendor = scope.get("vendor")
    return getattr(vendor, "pk", vendor), scope.get("way")


class RowLevelSecurity(Operation):
    """Puts a table behind the wall, also for its owner (FORCE): one policy on the column that
    says whose a row is, and one more for reading if there are ways out. Nothing on SQLite.

    With `nobodys`, a way out that reaches the rows of no vendor, to read and to write.
    """

    reversible = True
    reduces_to_sql = True

    def __init__(
        self,
        model: str,
        column: str = "vendor_id",
        ways: tuple[str, ...] = (),
        nobodys: str = "",
    ) -> None:
        self.model = model
        self.column = column
        self.ways = ways
        self.nobodys = nobodys

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Nothing: models know nothing of it."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if schema_editor.connection.vendor != "postgresql":
            return
        table, column = self._names(app_label, schema_editor, to_state)
        schema_editor.execute(
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
        )
        # As an equality the planner merges it with the query's own, and checks it once a query.
        schema_editor.execute(f"CREATE POLICY vendor ON {table} USING ({column} = {SAID_VENDOR})")
        way = f"current_setting('{WAY}', true)"
        if self.ways:
            names = ", ".join(f"'{name}'" for name in self.ways)
            schema_editor.execute(
                f"CREATE POLICY ways_out ON {table} FOR SELECT USING ({way} IN ({names}))"
            )
        if self.nobodys:
            schema_editor.execute(
                f"CREATE POLICY nobodys ON {table} "
                f"USING ({column} IS NULL AND {way} = '{self.nobodys}')"
            )

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if schema_editor.connection.vendor != "postgresql":
            return
        table, _column = self._names(app_label, schema_editor, from_state)
        for policy in ("vendor", "ways_out", "nobodys"):
            schema_editor.execute(f"DROP POLICY IF EXISTS {policy} ON {table}")
        schema_editor.execute(
            f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY"
        )

    def describe(self) -> str:
        return f"Row-level security for {self.model}"

    def _names(self, app_label: str, schema_editor: Any, state: Any) -> tuple[str, str]:
        return (
            _table(app_label, self.model, schema_editor, state),
            schema_editor.quote_name(self.column),
        )


class WayOut(Operation):
    """Opens a way out of a table that is behind the wall already: to reading those rows that meet
    the condition. Nothing on SQLite."""

    reversible = True
    reduces_to_sql = True
    nobodys = ""

    def __init__(self, model: str, way: str, condition: str) -> None:
        self.model = model
        self.ways = (way,)
        self.condition = condition

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Nothing: models know nothing of it."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if schema_editor.connection.vendor != "postgresql":
            return
        table = _table(app_label, self.model, schema_editor, to_state)
        [way] = self.ways
        schema_editor.execute(
            f"CREATE POLICY ways_out ON {table} FOR SELECT "
            f"USING (current_setting('{WAY}', true) = '{way}' AND {self.condition})"
        )

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if schema_editor.connection.vendor != "postgresql":
            return
        table = _table(app_label, self.model, schema_editor, from_state)
        schema_editor.execute(f"DROP POLICY IF EXISTS ways_out ON {table}")

    def describe(self) -> str:
        return f"A way out of {self.model}"


class PastTheWall(Operation):
    """Carries out what has to see the rows of every vendor: values that are filled in, a key or a
    constraint that old rows have to meet. For the owner, who migrates, the policies of the named
    tables rest meanwhile (`app.model`); name those too to which a key leads.

    Without it a migration that comes upon the wall fails loudly (tenancy/postgresql).
    """

    reversible = True

    def __init__(self, models: Sequence[str], operations: Sequence[Operation]) -> None:
        self.models = models
        self.operations = operations

    def state_forwards(self, app_label: str, state: Any) -> None:
        for operation in self.operations:
            operation.state_forwards(app_label, state)

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        states = self._states(app_label, from_state, to_state)
        with self._resting(schema_editor, from_state):
            for operation, (state, after) in zip(self.operations, pairwise(states), strict=True):
                operation.database_forwards(app_label, schema_editor, state, after)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        states = self._states(app_label, to_state, from_state)[::-1]
        back = reversed(self.operations)
        with self._resting(schema_editor, to_state):
            for operation, (state, before) in zip(back, pairwise(states), strict=True):
                operation.database_backwards(app_label, schema_editor, state, before)

    def describe(self) -> str:
        return "; ".join(operation.describe() for operation in self.operations)

    def _states(self, app_label: str, first: Any, last: Any) -> list[Any]:
        """The states before, between and after the operations. The last is there already: to make
        it once more would take longer than all else, since models are drawn anew."""
        states = [first]
        for operation in self.operations[:-1]:
            states.append(states[-1].clone())
            operation.state_forwards(app_label, states[-1])
        return [*states, last]

    @contextmanager
    def _resting(self, schema_editor: Any, state: Any) -> Iterator[None]:
        if schema_editor.connection.vendor != "postgresql":
            yield
            return
        named = [name.split(".") for name in self.models]
        tables = [_table(app, model, schema_editor, state) for app, model in named]
        take_tables(schema_editor, tables[::-1])
        for table in tables:
            schema_editor.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        yield
        # Keys would be added at the end of the migration only.
        for statement in schema_editor.deferred_sql:
            schema_editor.execute(statement, None)
        schema_editor.deferred_sql.clear()
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            schema_editor.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def take_tables(schema_editor: Any, tables: Sequence[str]) -> None:
    """Has the tables to itself until the migration ends, while people are at work. Who has worked
    with a later one and waits for an earlier one waits for the migration, and it for them: of two
    such PostgreSQL ends the one who has waited for a second when it looks. So the migration never
    waits that long at a time, and it is the others who begin anew (503). Afterwards it waits for
    locks as long as before. Raises OperationalError.
    """
    until = time.monotonic() + TAKEN_WITHIN
    schema_editor.execute(f"SELECT set_config('{BEFORE}', current_setting('lock_timeout'), true)")
    for table in tables:
        while True:
            try:
                with transaction.atomic(schema_editor.connection.alias):
                    # The first is waited for as any other: nobody waits for the migration yet.
                    if table != tables[0]:
                        schema_editor.execute(f"SET LOCAL lock_timeout = '{AGAIN_AFTER}ms'")
                    schema_editor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
                break
            except OperationalError as error:
                if table == tables[0] or time.monotonic() > until or not is_in_the_way(error):
                    raise
    # What a savepoint has set stays when it is released.
    schema_editor.execute(f"SELECT set_config('lock_timeout', current_setting('{BEFORE}'), true)")


def _table(app_label: str, model: str, schema_editor: Any, state: Any) -> str:
    table = state.apps.get_model(app_label, model)._meta.db_table
    return str(schema_editor.quote_name(table))
