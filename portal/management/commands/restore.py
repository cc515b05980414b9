"""`manage.py restore`: a back-up into an empty database, all of it or nothing."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection

from portal.backup import reading
from portal.backup.commands import told


class Command(BaseCommand):
    """Raises CommandError, and has changed nothing then."""

    help = "Restores a back-up, compares every row and file, and changes nothing if one differs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="a back-up, or where the back-ups lie")
        parser.add_argument(
            "--replace", action="store_true", help="lose what is in the database now"
        )
        parser.add_argument(
            "--without-keys",
            action="store_true",
            help="although KEY_ENCRYPTION_KEYS does not open what is encrypted",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        connection.close()
        with told("Nothing was changed."):
            folder = reading.backup_at(options["folder"])
            found = reading.restore(
                connection.settings_dict,
                folder,
                replace=options["replace"],
                without_keys=options["without_keys"],
                say=self.stderr.write,
            )
        self.stdout.write(f"Restored {folder}: {found.in_words}, of {found.made_at}.")
        self.stdout.write("Every row and file is as it was. Run manage.py migrate before serving.")
