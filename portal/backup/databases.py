"""What a back-up asks of a database, whichever it is; `of` says which.

Nothing here goes by Django's connection: a back-up sees the rows of every vendor, behind no wall,
and connects as a role that may (docs/operations.md, Back-up and restore).
"""

from pathlib import Path
from typing import Any, Protocol, cast

from portal.backup import postgresql, sqlite
from portal.backup.manifest import Manifest
from portal.backup.taken import Taken

Entry = dict[str, Any]  # of DATABASES


class Database(Protocol):
    """Everything here raises Fault."""

    ENGINE: str
    DUMP: str  # the dump's name in a back-up

    def take(self, entry: Entry, dump: Path) -> Taken:
        """Dumps the database as it is at one moment, while people go on working, and reads what it
        was at that moment. The file is there and empty."""

    def names_now(self, entry: Entry) -> set[str]:
        """The keys of release files that the database names now."""

    def check(self, dump: Path, manifest: Manifest) -> None:
        """Whether a dump can be read to its end and, where that can be seen, has the rows that it
        should."""

    def is_empty(self, entry: Entry) -> bool:
        """Whether there is no table yet. Fails when this role can't make any."""

    def restore(self, entry: Entry, dump: Path, manifest: Manifest) -> None:
        """Puts a dump in the place of whatever there is and compares every table with the manifest;
        changes nothing if it fails."""


def of(entry: Entry) -> Database:
    return cast(Database, sqlite if "sqlite" in entry["ENGINE"] else postgresql)
