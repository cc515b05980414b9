"""`manage.py verify_backup`: whether a back-up is whole, and opens with the keys that are kept."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.backup import keys, reading
from portal.backup.commands import told


class Command(BaseCommand):
    """Changes nothing. Raises CommandError for a back-up that can't be relied on."""

    help = "Reads a back-up to its end and compares every part with what its manifest says."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="a back-up, or where the back-ups lie")
        parser.add_argument(
            "--keys", type=Path, metavar="FILE", help="the file of kept keys, to see that they fit"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with told("Nothing was changed."):
            kept = options["keys"]
            mine = {keys.id_of(key): key for key in keys.read(kept)} if kept else keys.at_hand()
            folder = reading.backup_at(options["folder"])
            found = reading.check(folder, mine)
            if shut := reading.lacking(found, mine):
                raise CommandError(shut)
            self.stdout.write(f"{folder} is whole: {found.in_words}, of {found.made_at}.")
            self.stdout.write(f"All that is encrypted opens with {kept or 'KEY_ENCRYPTION_KEYS'}.")
            for fault in found.faults:
                self.stderr.write(f"When it was made: {fault}")
