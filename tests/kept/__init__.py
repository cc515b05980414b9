"""What a release has left behind, kept as long as databases of it are migrated: the demo's database
as the release made it, and its migrations, each with a digest.

`python -m tests.kept 1.0.0` writes both for the release that is about to be made.
"""

import gzip
import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
# With which the kept databases are encrypted and signed.
KEYS = {
    "SECRET_KEY": "kept-database-only-0123456789-0123456789-0123456789-abcdefghij",
    "KEY_ENCRYPTION_KEYS": "a2VwdC1kYXRhYmFzZS1vbmx5LTAxMjM0NTY3ODkwMTI=",
    "PARENT_HOST": "portal.localhost",
    "PUBLIC_SCHEME": "http",
}
Migrations = dict[str, dict[str, str]]


def versions() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def told(version: str) -> dict[str, Any]:
    """`migrations` (digest by name, by room) and `rows` (number by table)."""
    content: dict[str, Any] = json.loads((FOLDER / f"{version}.json").read_text())
    return content


def restore(version: str, path: Path) -> None:
    """Makes the release's database at the path."""
    with closing(sqlite3.connect(path)) as database:
        database.executescript(
            gzip.decompress((FOLDER / f"{version}.sql.gz").read_bytes()).decode()
        )


def migrations() -> Migrations:
    """Those of the rooms, as they are now."""
    return {
        folder.parent.name: {
            file.stem: hashlib.sha256(file.read_bytes()).hexdigest()
            for file in sorted(folder.glob("[0-9]*.py"))
        }
        for folder in sorted(ROOT.glob("*/migrations"))
    }


def rows(path: Path) -> dict[str, int]:
    with closing(sqlite3.connect(path)) as database:
        names = database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
        return {
            name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
            for (name,) in sorted(names)
        }


def keep(version: str, path: Path) -> None:
    """Writes what the release leaves, with the database at the path."""
    with closing(sqlite3.connect(path)) as database:
        script = "\n".join(database.iterdump()).encode()
    (FOLDER / f"{version}.sql.gz").write_bytes(gzip.compress(script, 9, mtime=0))
    content = {"migrations": migrations(), "rows": rows(path)}
    (FOLDER / f"{version}.json").write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")
