"""Checking a back-up, and putting one in the place of what is there.

Whatever can be known beforehand is checked before anything is changed: the back-up itself, its
version, its keys, the database. Then files come first, which nobody sees before a row names them,
and the database last, in one transaction.
"""

from collections.abc import Callable
from pathlib import Path

from django.db.migrations.loader import MigrationLoader

from portal.backup import databases, keys, manifest
from portal.backup.errors import Fault
from portal.backup.manifest import Manifest, Part
from portal.backup.writing import newest
from releases.files.shelf import opened, put_back, storage

Say = Callable[[str], object]
TOLD = 5  # parts that are wrong, at most


def backup_at(folder: Path) -> Path:
    """The folder itself if it is a back-up, or else the newest one in there."""
    return folder if (folder / manifest.NAME).exists() else newest(folder) or folder


def check(folder: Path, mine: dict[str, str]) -> Manifest:
    """What a back-up holds, when every part of it is there, as it was written, and can be read.

    Raises Fault.
    """
    found = manifest.read(folder, mine)
    wrong = [why for part in (found.database, *found.files) if (why := _wrong(folder, part))]
    if wrong:
        more = f" And {len(wrong) - TOLD} more." if len(wrong) > TOLD else ""
        raise Fault(f"{folder} is damaged. {' '.join(wrong[:TOLD])}{more}")
    engine = databases.of({"ENGINE": found.engine})
    engine.check(folder / found.database.path, found)
    return found


def _wrong(folder: Path, part: Part) -> str:
    path = folder / part.path
    try:
        if not path.is_file():
            return f"{part.path} is missing."
        if path.stat().st_size != part.size:
            return f"{part.path} has {path.stat().st_size:,} bytes, and had {part.size:,}."
        if manifest.digest_of(path) != part.sha256:
            return f"{part.path} has been changed."
    except OSError as error:
        return f"{part.path} can't be read: {error.strerror}."
    return ""


def lacking(found: Manifest, mine: dict[str, str]) -> str:
    """What can't be read with these keys, in a sentence; empty when everything can."""
    shut = sum(n for id, n in found.keys.items() if id not in mine)
    if not shut and not found.shut:
        return ""
    ids = ", ".join(sorted(found.keys.keys() - mine.keys())) or "nobody knows which"
    return (
        f"{shut + sum(found.shut.values()):,} ENCRYPTED VALUES IN THIS BACK-UP OPEN BY NONE OF "
        f"KEY_ENCRYPTION_KEYS: private keys that sign licences, second factors, secrets of "
        f"providers and webhooks. The keys that are missing have the ids: {ids}."
    )


def restore(
    entry: databases.Entry, folder: Path, *, replace: bool, without_keys: bool, say: Say
) -> Manifest:
    """Restores a back-up into a database without tables, with `replace` in the place of those
    there; and its release files. `say` is told what is amiss and keeps nobody from restoring.

    Raises Fault when anything is wrong, and has changed nothing then.
    """
    mine = keys.at_hand()
    found = check(folder, mine)
    database = databases.of(entry)
    _check_fits(found, database)
    if (shut := lacking(found, mine)) and not without_keys:
        raise Fault(
            f"{shut} Nothing was changed. Set them, or say --without-keys and lose what they open."
        )
    if not database.is_empty(entry) and not replace:
        raise Fault(
            "The database has tables already: restore into an empty one, or say --replace to lose "
            "everything that is in this one. Nothing was changed."
        )
    for fault in [*found.faults, *([shut] if shut else [])]:
        say(fault)
    new = _new_files(folder, found)
    stored: list[str] = []
    try:
        for part in new:
            key = _key(part)
            stored.append(key)
            with (folder / part.path).open("rb") as file:
                put_back(key, file)
        database.restore(entry, folder / found.database.path, found)
    except BaseException as error:
        for key in stored:
            storage().delete(key)
        if isinstance(error, OSError):
            raise Fault(f"A release file can't be written: {error.strerror or error}.") from error
        raise
    return found


def _check_fits(found: Manifest, database: databases.Database) -> None:
    if found.engine != database.ENGINE:
        raise Fault(
            f"This is a back-up of {found.engine}, and DATABASE_URL names {database.ENGINE}."
        )
    known = MigrationLoader(None, ignore_no_migrations=True).disk_migrations.keys()
    unknown = sorted({(app, name) for app, name in found.migrations} - known)
    if unknown:
        app, name = unknown[-1]
        raise Fault(
            f"A newer version of the portal has made this back-up (it has {app}.{name}): restore "
            "it with that one."
        )


def _new_files(folder: Path, found: Manifest) -> list[Part]:
    """Those that the shelf has not; raises Fault where it has others under the same keys."""
    new = []
    for part in found.files:
        try:
            with opened(_key(part)) as file:
                same = manifest.digest(file) == part.sha256
        except FileNotFoundError:
            new.append(part)
            continue
        if not same:
            raise Fault(
                f"The release file {_key(part)} is there already and is another one: move it away. "
                "Nothing was changed."
            )
    return new


def _key(part: Part) -> str:
    return part.path.removeprefix(f"{manifest.FILES}/")
