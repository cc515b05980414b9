"""`manage.py migrate`: tells a database of an earlier layout in one sentence, and gives vendors the
built-in roles of this version."""

from typing import Any

from django.core.management import CommandError
from django.core.management.commands import migrate
from django.db import connections
from django.db.migrations.exceptions import InconsistentMigrationHistory
from django.db.migrations.executor import MigrationExecutor

from accounts.verbs.roles import give_all_built_in_roles


class Command(migrate.Command):
    """Raises CommandError for a database whose tables an earlier layout of the apps made."""

    def handle(self, *args: Any, **options: Any) -> Any:
        try:
            done = super().handle(*args, **options)
        except InconsistentMigrationHistory:
            raise CommandError(
                "This database is of an earlier development version, whose tables can't be taken "
                "over: move it away (for the demo, the folder var/) and start again."
            ) from None
        # Who only asks, or only says that it was done, changes no table.
        looks = options["plan"] or options["check_unapplied"] or options["fake"]
        if not looks and is_up_to_date(options["database"]):
            give_all_built_in_roles()
        return done


def is_up_to_date(database: str) -> bool:
    """Whether the database has every table as this version wants it; after `migrate accounts zero`
    or with a number it has not."""
    executor = MigrationExecutor(connections[database])
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())
