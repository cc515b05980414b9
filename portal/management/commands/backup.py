"""`manage.py backup`: database, release files and, apart, the keys."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from portal.backup import keys, writing
from portal.backup.commands import told
from portal.backup.errors import Fault


class Command(BaseCommand):
    """Raises CommandError when there is no back-up, and when there is one of an installation with
    faults of its own."""

    help = (
        "Makes a back-up in a folder of its own below FOLDER, while people work. The keys are no "
        "part of it: say where a copy of them is kept."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="where the back-ups lie")
        kept = parser.add_mutually_exclusive_group()
        kept.add_argument(
            "--keys", type=Path, metavar="FILE", help="a file in another place for the keys"
        )
        kept.add_argument(
            "--keys-kept-elsewhere", action="store_true", help="you keep a copy of them yourself"
        )
        parser.add_argument(
            "--keep", type=int, metavar="N", help="delete all but the newest N back-ups there"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["keys"] and not options["keys_kept_elsewhere"]:
            raise CommandError(
                "A back-up without KEY_ENCRYPTION_KEYS is worth little: nobody ever reads the "
                "private keys in it, and no licence is signed again as programs expect it. Say "
                "--keys FILE, a file in another place than the back-ups, or --keys-kept-elsewhere."
            )
        if options["keep"] is not None and options["keep"] < 1:
            raise CommandError("--keep is the number of back-ups that stay: 1 or more.")
        with told("Nothing is left of the back-up."):
            made = writing.write(
                connection.settings_dict,
                options["folder"],
                keep=options["keep"],
                kept_keys=options["keys"],
            )
            ids = ", ".join(keys.at_hand())
            self.stdout.write(f"{made.folder}: {made.manifest.in_words}.")
            where = f"in {options['keys']}" if options["keys"] else "ELSEWHERE, as you say"
            note = f"It opens with the keys {ids}, which are kept {where}."
            style = self.stdout if options["keys"] else self.stderr
            style.write(note)
            if made.manifest.faults:
                raise Fault("The back-up is made, but: " + " ".join(made.manifest.faults))
