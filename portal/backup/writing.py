"""Making a back-up: the database first, at one moment, and then the release files that it named.

Files never change under their keys, so that one that is copied later is still the one that was
named. One may be deleted meanwhile, when a draft loses it: then the database is dumped once more.
Until everything is there the back-up has a name by which nobody takes it for one.
"""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from django.utils import timezone

from portal.backup import databases, keys, manifest
from portal.backup.errors import Fault
from portal.backup.manifest import Manifest, Part
from portal.backup.taken import Named, Taken
from releases.files.shelf import opened

PREFIX, UNFINISHED = "portal-", ".unfinished-"
ATTEMPTS = 5
BLOCK = 1024 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class Made:
    """A back-up that is whole: where it is, and what it says of itself."""

    folder: Path
    manifest: Manifest


def write(
    entry: databases.Entry, folder: Path, *, keep: int | None = None, kept_keys: Path | None = None
) -> Made:
    """Makes a back-up of the database and of the release files in a folder of the folder, for its
    owner alone; copies the keys into a file apart, if there is one; and then deletes all but the
    newest `keep` of the back-ups there.

    Raises Fault, and leaves nothing of an unfinished back-up.
    """
    mine = keys.at_hand()
    with _alone_in(folder):
        for left in folder.glob(f"{UNFINISHED}*"):
            shutil.rmtree(left)
        if kept_keys:
            _keep_keys(kept_keys, folder)
        now = timezone.now().astimezone(UTC)
        unfinished = folder / f"{UNFINISHED}{now:%Y%m%dT%H%M%SZ}"
        try:
            unfinished.mkdir(mode=0o700)
            made = _write(entry, unfinished, now, newest(folder), mine)
            [key_id, *_others] = mine
            text = manifest.written(made, key_id, mine[key_id])
            with _new(unfinished / manifest.NAME) as file:
                file.write(text.encode())
            whole = _free_name(folder, now)
            unfinished.rename(whole)
        except OSError as error:
            raise Fault(f"The back-up can't be written: {error.strerror or error}.") from error
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        _sync(folder)
        for old in backups_in(folder)[keep:] if keep else ():
            shutil.rmtree(old)
    return Made(whole, made)


def backups_in(folder: Path) -> list[Path]:
    """The whole back-ups in a folder, the newest first."""
    found = [each for each in folder.glob(f"{PREFIX}*") if (each / manifest.NAME).is_file()]
    return sorted(found, reverse=True)


def newest(folder: Path) -> Path | None:
    return next(iter(backups_in(folder)), None)


def _keep_keys(file: Path, folder: Path) -> None:
    if file.resolve().is_relative_to(folder.resolve()):
        raise Fault(
            f"{file} lies among the back-ups: whoever gets one of them would get the keys with it. "
            "Keep them in another place."
        )
    keys.keep(file)


def _write(
    entry: databases.Entry,
    folder: Path,
    now: datetime,
    before: Path | None,
    mine: dict[str, str],
) -> Manifest:
    database = databases.of(entry)
    dump = folder / database.DUMP
    copies = _Copies(folder / manifest.FILES, before and before / manifest.FILES)
    for _attempt in range(ATTEMPTS):
        with _new(dump):
            pass
        taken = database.take(entry, dump)
        missing = [named.key for named in taken.files if not copies.has(named)]
        if not missing or database.names_now(entry).issuperset(missing):
            break
        dump.unlink()
    else:
        raise Fault("Again and again release files were deleted meanwhile: try again.")
    copies.leave_out(taken)
    _sync(dump)
    opens, shut = keys.opened_by(mine, taken.encrypted)
    return Manifest(
        made_at=now.isoformat(timespec="seconds"),
        engine=database.ENGINE,
        server=taken.server,
        migrations=taken.migrations,
        database=Part(database.DUMP, dump.stat().st_size, manifest.digest_of(dump)),
        tables=taken.tables,
        files=copies.parts(),
        keys=opens,
        shut=shut,
        missing=missing,
        differing=copies.differing(taken),
    )


class _Copies:
    """The release files in a back-up. What the back-up before has already is the same file on the
    disk, and is read all the same: only what is as it should be counts."""

    def __init__(self, folder: Path, before: Path | None) -> None:
        self.folder = folder
        self.before = before
        self.held: dict[str, Part] = {}

    def has(self, named: Named) -> bool:
        """Whether there is a copy, now at the latest. Raises OSError where none can be written."""
        if named.key not in self.held:
            path = self.folder / named.key
            _make_folders(path.parent)
            if not self._linked(named, path) and not self._copied(named, path):
                return False
        return True

    def _linked(self, named: Named, path: Path) -> bool:
        earlier = self.before and self.before / named.key
        if not earlier or not earlier.is_file() or earlier.stat().st_size != named.size:
            return False
        if manifest.digest_of(earlier) != named.sha256:
            return False
        try:
            os.link(earlier, path)
        except OSError:
            return False  # Not every file system can.
        self._hold(named, named.size, named.sha256)
        return True

    def _copied(self, named: Named, path: Path) -> bool:
        digest = hashlib.sha256()
        try:
            with opened(named.key) as source, _new(path) as copy:
                while data := source.read(BLOCK):
                    digest.update(data)
                    copy.write(data)
        except FileNotFoundError:
            path.unlink(missing_ok=True)
            return False
        self._hold(named, path.stat().st_size, digest.hexdigest())
        return True

    def _hold(self, named: Named, size: int, sha256: str) -> None:
        self.held[named.key] = Part(f"{manifest.FILES}/{named.key}", size, sha256)

    def leave_out(self, taken: Taken) -> None:
        """Deletes what was copied in an earlier attempt and is named no more."""
        for key in self.held.keys() - {named.key for named in taken.files}:
            (self.folder / key).unlink()
            del self.held[key]

    def parts(self) -> list[Part]:
        return [self.held[key] for key in sorted(self.held)]

    def differing(self, taken: Taken) -> list[str]:
        there = (named for named in taken.files if named.key in self.held)
        return [each.key for each in there if self.held[each.key].sha256 != each.sha256]


def _make_folders(folder: Path) -> None:
    """For their owner alone, each of them."""
    for each in (folder.parent, folder):
        each.mkdir(mode=0o700, exist_ok=True)


@contextmanager
def _new(path: Path) -> Iterator[IO[bytes]]:
    """A new file for its owner alone, which lies on the disk when the block has ended."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        yield file
        file.flush()
        os.fsync(descriptor)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _free_name(folder: Path, now: datetime) -> Path:
    name, number = f"{PREFIX}{now:%Y%m%dT%H%M%SZ}", 1
    path = folder / name
    while path.exists():
        number += 1
        path = folder / f"{name}-{number}"
    return path


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Keeps other back-ups out of the folder, which is made if it is missing. Raises Fault."""
    descriptor: Any = None
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise Fault(f"Another back-up is being written into {folder}.") from None
    except OSError as error:
        if descriptor is not None:
            os.close(descriptor)
        raise Fault(f"Nothing can be written into {folder}: {error.strerror}.") from error
    try:
        yield
    finally:
        os.close(descriptor)
