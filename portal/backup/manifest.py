"""`manifest.json`: what a back-up holds, sealed with the key in use when it was made.

Digests of the parts tell of damage; the seal, an HMAC, tells of a manifest that somebody without
the key has written or changed.
"""

import hashlib
import hmac
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from portal.backup.errors import Fault

FORMAT = 1
BLOCK = 1024 * 1024  # bytes
NAME = "manifest.json"
FILES = "releases"  # the folder of release files in a back-up, each under its key
TABLE, DIGEST, SHA256 = (re.compile(each) for each in (r"\w+", r"-?\w+", r"[0-9a-f]{64}"))


@dataclass(frozen=True, slots=True)
class Part:
    """A file of the back-up: its path in there, its size in bytes and its SHA-256 in hex."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Table:
    """How many rows a table has, and a digest of them, in whatever order they lie."""

    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a back-up holds."""

    made_at: str  # ISO 8601
    engine: str  # sqlite or postgresql
    server: str  # its version
    migrations: list[list[str]]  # app and name of each that the database has
    database: Part
    tables: dict[str, Table]
    files: list[Part]
    # How many encrypted values each key opens, by its id, and by column how many no key opened
    # that was at hand.
    keys: dict[str, int]
    shut: dict[str, int]
    # Keys of release files that the database names, and that were missing when it was made, or
    # were others than the database says.
    missing: list[str]
    differing: list[str]

    @property
    def faults(self) -> list[str]:
        """What was wrong with the installation already when the back-up was made, in sentences."""
        told = []
        if self.shut:
            where = ", ".join(f"{column}: {n}" for column, n in sorted(self.shut.items()))
            told.append(
                f"{sum(self.shut.values())} ENCRYPTED VALUES OPEN BY NONE OF KEY_ENCRYPTION_KEYS "
                f"({where}): the keys that are set are not all of those of this database. Find the "
                "others as long as they are somewhere; nobody can make them anew."
            )
        for keys, what in ((self.missing, "missing"), (self.differing, "damaged")):
            if keys:
                more = f" and {len(keys) - 3} more" if len(keys) > 3 else ""  # noqa: PLR2004
                told.append(f"Release files are {what}: {', '.join(keys[:3])}{more}.")
        return told

    @property
    def in_words(self) -> str:
        rows = sum(table.rows for table in self.tables.values())
        size = self.database.size + sum(part.size for part in self.files)
        return (
            f"{rows:,} rows in {len(self.tables)} tables, {len(self.files):,} release files, "
            f"{size / 1_000_000:,.1f} MB"
        )


def written(manifest: Manifest, key_id: str, key: str) -> str:
    """The text of the file, sealed with a key."""
    contents = asdict(manifest)
    seal = {"key": key_id, "hmac": _seal(contents, key)}
    return json.dumps({"format": FORMAT, "contents": contents, "seal": seal}, indent=1)


def _seal(contents: dict[str, Any], key: str) -> str:
    text = json.dumps(contents, sort_keys=True, separators=(",", ":"))
    return hmac.digest(f"portal back-up {key}".encode(), text.encode(), "sha256").hex()


def read(folder: Path, keys: dict[str, str]) -> Manifest:
    """The manifest of a back-up. The seal is checked if its key is among these, by their ids.

    Raises Fault.
    """
    try:
        told = json.loads((folder / NAME).read_text(encoding="utf-8"))
        format, contents, seal = int(told["format"]), told.get("contents"), told.get("seal")
    except FileNotFoundError:
        raise Fault(f"{folder} is no back-up, or not a whole one: it has no {NAME}.") from None
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise Fault(f"{folder / NAME} can't be read: {error}.") from error
    if format > FORMAT:
        raise Fault("A newer version of the portal has made this back-up: use that one.")
    try:
        key = keys.get(seal["key"])
        if key and not hmac.compare_digest(_seal(contents, key), seal["hmac"]):
            raise Fault(f"{folder / NAME} has been changed: it is not what was sealed.")
        return _checked(contents)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise Fault(f"{folder / NAME} is damaged: {error!r}.") from error


def _checked(contents: dict[str, Any]) -> Manifest:
    """Raises whatever Python does when something is not as it is written."""
    tables = {name: Table(**each) for name, each in contents.pop("tables").items()}
    database, files = Part(**contents.pop("database")), contents.pop("files")
    found = Manifest(
        **contents, tables=tables, database=database, files=[Part(**each) for each in files]
    )
    for name, table in tables.items():
        if not TABLE.fullmatch(name) or not DIGEST.fullmatch(table.digest):
            raise ValueError(name)
        int(table.rows)
    for part in (found.database, *found.files):
        path = PurePosixPath(part.path)
        if path.is_absolute() or ".." in path.parts or not SHA256.fullmatch(part.sha256):
            raise ValueError(part.path)
    if any(not part.path.startswith(f"{FILES}/") for part in found.files):
        raise ValueError("files")
    return found


def digest_of(path: Path) -> str:
    """The SHA-256 of a file in hex. Raises OSError."""
    with path.open("rb") as file:
        return digest(file)


def digest(file: IO[bytes]) -> str:
    """The SHA-256 of what is left of a file, in hex."""
    read = hashlib.sha256()
    while data := file.read(BLOCK):
        read.update(data)
    return read.hexdigest()
