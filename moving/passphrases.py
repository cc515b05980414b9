"""The passphrase of a vendor's file, for commands: never on the command line."""

import getpass
import os
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from moving.sealed import SHORTEST_PASSPHRASE

VARIABLE = "VENDOR_PASSPHRASE"


def add_argument(parser: CommandParser) -> None:
    parser.add_argument(
        "--passphrase-file",
        default="",
        help=f"a file whose first line is the passphrase; otherwise {VARIABLE} or a question",
    )


def asked_for(options: dict[str, Any], *, twice: bool) -> str:
    """The passphrase. Raises CommandError."""
    if options["passphrase_file"]:
        try:
            lines = Path(options["passphrase_file"]).read_text().splitlines()
        except OSError as error:
            raise CommandError(f"The passphrase can't be read: {error.strerror}.") from error
        passphrase = lines[0] if lines else ""
    else:
        passphrase = os.environ.get(VARIABLE, "") or _typed(twice=twice)
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise CommandError(f"A passphrase has at least {SHORTEST_PASSPHRASE} characters.")
    return passphrase


def _typed(*, twice: bool) -> str:
    passphrase = getpass.getpass("Passphrase: ")
    if twice and getpass.getpass("Once more: ") != passphrase:
        raise CommandError("These are two different passphrases.")
    return passphrase
