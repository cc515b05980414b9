"""A table whose rows are written once, kept so by the database itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement, Table
from django.db.transaction import get_connection

PG_FUNCTION = """
CREATE OR REPLACE FUNCTION portal_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rows of % are written once', TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation';
END $$
"""
PG_TRIGGERS = {
    "rows": "BEFORE UPDATE OR DELETE ON %(table)s FOR EACH ROW",
    "all": "BEFORE TRUNCATE ON %(table)s FOR EACH STATEMENT",
}
SQLITE_TRIGGERS = {"update": "BEFORE UPDATE ON %(table)s", "delete": "BEFORE DELETE ON %(table)s"}


class AppendOnly(models.BaseConstraint):
    """UPDATE and DELETE (on PostgreSQL also TRUNCATE) fail with an IntegrityError.

    Made of triggers. On SQLite they belong to the table's definition like every constraint, so
    that they survive when Django rebuilds the table.
    """

    def _create(self, model: type[models.Model], editor: BaseDatabaseSchemaEditor) -> list[Any]:
        """The statements that make the triggers; they follow their table when it is renamed."""
        table = Table(model._meta.db_table, editor.quote_name)
        if editor.connection.vendor == "sqlite":
            body = "BEGIN SELECT RAISE(ABORT, 'these rows are written once'); END"
            triggers = SQLITE_TRIGGERS
        else:
            body, triggers = "EXECUTE FUNCTION portal_append_only()", PG_TRIGGERS
        return [
            Statement(f"CREATE TRIGGER {self.name}_{kind} {when} {body}", table=table)
            for kind, when in triggers.items()
        ]

    def constraint_sql(self, model: Any, schema_editor: Any) -> Any:
        """Nothing inside CREATE TABLE; the triggers are made after it."""
        if schema_editor.connection.vendor != "sqlite":
            schema_editor.deferred_sql.append(PG_FUNCTION)
        schema_editor.deferred_sql += self._create(model, schema_editor)

    def create_sql(self, model: Any, schema_editor: Any) -> Any:
        self.constraint_sql(model, schema_editor)
        return ""

    def remove_sql(self, model: Any, schema_editor: Any) -> Any:
        statements = self._drop(model, schema_editor)
        for statement in statements[1:]:
            schema_editor.execute(statement)
        return statements[0]

    def _drop(self, model: Any, schema_editor: Any) -> list[str]:
        if schema_editor.connection.vendor == "sqlite":
            return [f"DROP TRIGGER {self.name}_{kind}" for kind in SQLITE_TRIGGERS]
        table = schema_editor.quote_name(model._meta.db_table)
        return [f"DROP TRIGGER {self.name}_{kind} ON {table}" for kind in PG_TRIGGERS]

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """Nothing about a row's values can break this."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AppendOnly) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)


@contextmanager
def opened(model: type[models.Model]) -> Iterator[None]:
    """Takes the guard off a table for a while: for tests, which empty and falsify it."""
    connection = get_connection()
    editor = connection.SchemaEditorClass(connection)
    guards = [each for each in model._meta.constraints if isinstance(each, AppendOnly)]

    def run(statements: list[Any]) -> None:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(str(statement))

    run([statement for guard in guards for statement in guard._drop(model, editor)])
    try:
        yield
    finally:
        run([statement for guard in guards for statement in guard._create(model, editor)])
