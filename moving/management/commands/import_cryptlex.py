"""`manage.py import_cryptlex`: what a vendor has at a host of the Web API v3 moves in."""

import os
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from moving.models import Move
from moving.nouns import NOUNS
from moving.verbs import moves
from moving.verbs.writing import Superseded
from moving.words import name_of
from tenancy.door import inside
from tenancy.models import Vendor
from tenancy.table import vendor_typed
from web.errors import PortalError

VARIABLE = "CRYPTLEX_TOKEN"
AT_A_TIME = 2.0  # seconds between two lines of progress


class Command(BaseCommand):
    help = (
        "Takes over what a vendor has at Cryptlex or any other host of the Web API v3. Again, it "
        "changes only what has changed there; stopped, it goes on. The token needs to read alone. "
        f"Give it by --token-file or in the environment as {VARIABLE}: one on the command line "
        "stands in the list of processes."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--company", required=True, help="the vendor's company id here")
        parser.add_argument("--url", required=True, help="such as https://api.cryptlex.com")
        parser.add_argument("--token", default="", help="a personal access token of the source")
        parser.add_argument("--token-file", default="", help="a file that holds it")

    def handle(self, *args: Any, **options: Any) -> None:
        vendor = vendor_typed(options["company"])
        if vendor is None:
            raise CommandError("There is no vendor of this company id.")
        token = _token(options)
        with inside(vendor):
            try:
                row = moves.under_way(address=options["url"])
                if row:
                    self.stdout.write("Goes on with what was begun before.")
                else:
                    row = moves.begin(vendor, address=options["url"], token=token, by_jobs=False)
                self._run(row, token)
            except PortalError as error:
                raise CommandError(error.sentence) from error
            except Superseded:
                raise CommandError(
                    "Another command goes on with this, or it was stopped."
                ) from None
            self._tell(row, vendor)

    def _run(self, row: Move, token: str) -> None:
        while True:
            wait = moves.advance(row, token, until=monotonic() + AT_A_TIME)
            if wait is None:
                return
            if wait:
                self.stdout.write(f"Waits for {wait:.0f} s: the source asks for it.")
                sleep(wait)
            counted = row.counts.get(row.noun, {}).get("read", 0)
            self.stdout.write(f"{row.noun}: {counted} read.")

    def _tell(self, row: Move, vendor: Vendor) -> None:
        for noun in NOUNS:
            counts = row.counts.get(noun.name, {})
            told = ", ".join(
                f"{counts.get(name, 0)} {word}"
                for name, word in (
                    ("read", "read"),
                    ("new", "new"),
                    ("changed", "changed"),
                    ("same", "unchanged"),
                    ("refused", "refused"),
                )
            )
            self.stdout.write(f"{noun.name}: {told}.")
        for line in moves.remarks_of(row).iterator(chunk_size=500):
            about = f"{line.source_id} {line.label}".rstrip() if line.number <= 1 else name_of(line)
            self.stdout.write(f"{line.noun} {about}: {line.sentence}")
        if row.state == Move.State.STOPPED:
            raise CommandError(row.why)
        self.stdout.write(f"Everything that can be taken is at {vendor.company_id}.")


def _token(options: dict[str, Any]) -> str:
    if options["token_file"]:
        try:
            return Path(options["token_file"]).read_text().strip()
        except OSError as error:
            raise CommandError(f"The file of the token can't be read: {error.strerror}.") from error
    return options["token"] or os.environ.get(VARIABLE, "")
