"""`manage.py migrate`, which tells a database of an earlier layout in one sentence."""

from typing import Any

from django.core.management import CommandError
from django.core.management.commands import migrate
from django.db.migrations.exceptions import InconsistentMigrationHistory


class Command(migrate.Command):
    """Raises CommandError for a database whose tables an earlier layout of the apps made."""

    def handle(self, *args: Any, **options: Any) -> Any:
        try:
            return super().handle(*args, **options)
        except InconsistentMigrationHistory:
            raise CommandError(
                "This database is of an earlier development version, whose tables can't be taken "
                "over: move it away (for the demo, the folder var/) and start again."
            ) from None
