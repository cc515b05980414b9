"""`manage.py export_vendor`: everything of a vendor in one file, under a passphrase."""

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from moving import passphrases
from moving.verbs import archives
from tenancy.table import vendor_typed
from web.errors import PortalError


class Command(BaseCommand):
    help = (
        "Writes everything of a vendor into one file for another installation, its signing keys "
        "and password hashes too, encrypted with a passphrase. The vendor may be used meanwhile; "
        "what is done after the beginning is not in the file."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("company_id")
        parser.add_argument("--to", required=True, help="the file, which must not be there yet")
        passphrases.add_argument(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        vendor = vendor_typed(options["company_id"])
        if vendor is None:
            raise CommandError("There is no vendor of this company id.")
        passphrase = passphrases.asked_for(options, twice=True)
        path = Path(options["to"])
        begun = path.with_name(f"{path.name}.part")
        if path.exists():
            raise CommandError("This file is there already.")
        try:
            with _private(begun) as file:
                counted = archives.leave(vendor, file, passphrase)
                file.flush()
                os.fsync(file.fileno())
            begun.rename(path)
        except PortalError as error:
            raise CommandError(error.sentence) from error
        except OSError as error:
            raise CommandError(f"The file can't be written: {error.strerror}.") from error
        finally:
            begun.unlink(missing_ok=True)
        files = counted.pop("files", 0)
        self.stdout.write(f"{counted.total()} rows and {files} files are in {path}.")


def _private(path: Path) -> Any:
    """A new file that nobody else may read; one that a killed run has left gives way."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
