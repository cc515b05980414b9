"""A table whose rows are written once, kept so by the database itself."""

from collections.abc import Iterator, Mapping
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
SQLITE_TRIGGERS = {
    "update": "BEFORE UPDATE ON %(table)s FOR EACH ROW",
    "delete": "BEFORE DELETE ON %(table)s FOR EACH ROW",
}
PG_TRIGGERS = {**SQLITE_TRIGGERS, "all": "BEFORE TRUNCATE ON %(table)s FOR EACH STATEMENT"}


class AppendOnly(models.BaseConstraint):
    """UPDATE and DELETE (on PostgreSQL also TRUNCATE) fail with an IntegrityError.

    `erasable` names columns, each with the SQL of its emptiness. A row's UPDATE passes when it
    empties all of them and leaves everything else as it was; there is no way back. On PostgreSQL
    a column that is added later is guarded once the constraint is removed and added again.

    Made of triggers. On SQLite they belong to the table's definition like every constraint, so
    that they survive when Django rebuilds the table.
    """

    def __init__(self, *, name: str, erasable: Mapping[str, str] | None = None) -> None:
        super().__init__(name=name)
        self.erasable = dict(erasable or {})

    def _refused(self, model: type[models.Model], editor: BaseDatabaseSchemaEditor) -> str:
        """The condition under which an UPDATE is refused; nothing for always."""
        if not self.erasable:
            return ""
        quote = editor.quote_name
        emptied = [f"NEW.{quote(name)} {empty}" for name, empty in self.erasable.items()]
        kept = [
            f"NEW.{quote(column)} = OLD.{quote(column)}"
            for column in (str(one.column) for one in model._meta.concrete_fields)
            if column not in self.erasable
        ]
        return f"WHEN (({' AND '.join([*emptied, *kept])}) IS NOT TRUE) "

    def _create(self, model: type[models.Model], editor: BaseDatabaseSchemaEditor) -> list[Any]:
        """The statements that make the triggers; they follow their table when it is renamed."""
        table = Table(model._meta.db_table, editor.quote_name)
        if editor.connection.vendor == "sqlite":
            body = "BEGIN SELECT RAISE(ABORT, 'these rows are written once'); END"
            triggers = SQLITE_TRIGGERS
        else:
            body, triggers = "EXECUTE FUNCTION portal_append_only()", PG_TRIGGERS
        refused = self._refused(model, editor)
        return [
            Statement(
                f"CREATE TRIGGER {self.name}_{kind} {when} {refused * (kind == 'update')}{body}",
                table=table,
            )
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

    def deconstruct(self) -> Any:
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "erasable": self.erasable} if self.erasable else kwargs

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AppendOnly):
            return NotImplemented
        return (self.name, self.erasable) == (other.name, other.erasable)

    def __hash__(self) -> int:
        return hash(self.name)


@contextmanager
def opened(*tables: type[models.Model]) -> Iterator[None]:
    """Takes the guard off tables for a while: for tests, which empty and falsify them."""
    connection = get_connection()
    editor = connection.SchemaEditorClass(connection)
    guards = [
        (guard, model)
        for model in tables
        for guard in model._meta.constraints
        if isinstance(guard, AppendOnly)
    ]

    def run(statements: list[Any]) -> None:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(str(statement))

    run([statement for guard, model in guards for statement in guard._drop(model, editor)])
    try:
        yield
    finally:
        run([statement for guard, model in guards for statement in guard._create(model, editor)])
