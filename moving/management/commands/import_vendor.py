"""`manage.py import_vendor`: a vendor that `export_vendor` has written, into this installation."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from moving import passphrases
from moving.verbs import archives
from web.errors import PortalError


class Command(BaseCommand):
    help = (
        "Brings in a vendor from a file of export_vendor, all of it or nothing. Secrets are "
        "encrypted with the keys of this installation. On SQLite nobody can write meanwhile."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file")
        passphrases.add_argument(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        passphrase = passphrases.asked_for(options, twice=False)
        try:
            vendor, counted = archives.enter(Path(options["file"]), passphrase)
        except PortalError as error:
            raise CommandError(error.sentence) from error
        except OSError as error:
            raise CommandError(f"The file can't be read: {error.strerror}.") from error
        self.stdout.write(f"{vendor.company_id} is here: {counted.total()} rows.")
        self.stdout.write("Its people sign in anew. Compare the trail: manage.py verify_audit.")
