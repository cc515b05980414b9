"""Where the bytes of release files lie: Django's storage named `releases`.

Each file has a key that nobody can guess, below its vendor's id. Bytes are stored before the row
that names them is written, outside any transaction, because a large file takes minutes; what does
not get its row is deleted again (`Shelf`), or by `manage.py clean_up` after a crash.
"""

import hashlib
import logging
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage, storages
from django.db import DatabaseError

from jobs.vendors import at_each
from releases.files.uploads import ReceivedFile
from releases.models import ReleaseFile
from tenancy.table import every_vendor
from web.disks import is_out

logger = logging.getLogger(__name__)

LEFT_OVER_AFTER = 24 * 60 * 60  # seconds
Progress = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Stored:
    """Bytes on the shelf: their key, their size in bytes and their SHA-256 in hex."""

    key: str
    size: int
    sha256: str


def storage() -> Storage:
    """The storage of release files."""
    return storages["releases"]


def local_path(key: str) -> Path | None:
    """The path of a stored file on this machine; None when an object store has it."""
    shelf = storage()
    return Path(shelf.path(key)) if isinstance(shelf, FileSystemStorage) else None


class _Measured(File[bytes]):
    """A file that is read once, front to back, and hashed on the way."""

    def __init__(self, file: IO[bytes], progress: Progress | None) -> None:
        super().__init__(file)
        self.source = file
        self.digest = hashlib.sha256()
        self.read_so_far = 0
        self.progress = progress

    def seekable(self) -> bool:
        return False

    def read(self, size: int = -1) -> bytes:
        data = self.source.read(size)
        self.digest.update(data)
        self.read_so_far += len(data)
        if self.progress:
            self.progress(len(data))
        return data

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        while data := self.read(chunk_size or self.DEFAULT_CHUNK_SIZE):
            yield data


class Shelf:
    """What one act has stored for one vendor."""

    def __init__(self, vendor_id: UUID) -> None:
        self.vendor_id = vendor_id
        self.keys: list[str] = []

    def store(self, file: IO[bytes] | ReceivedFile, progress: Progress | None = None) -> Stored:
        """Stores a file; `progress` is told the number of each further bytes.

        An upload was hashed as it came in and is moved; any other file is hashed as it is read.
        Raises OSError, or what the object store's client raises, when it can't be written.
        """
        key = f"{self.vendor_id}/{secrets.token_hex(24)}"
        self.keys.append(key)
        if isinstance(file, ReceivedFile):
            storage().save(key, file)
            return Stored(key, int(file.size or 0), file.sha256)
        measured = _Measured(file, progress)
        storage().save(key, measured)
        return Stored(key, measured.read_so_far, measured.digest.hexdigest())

    def clear(self) -> None:
        """Deletes everything that was stored and has no row: one may have been committed before
        the exception came. When the database can't say, or the storage does not delete, `clean_up`
        deletes it later."""
        try:
            kept = set(ReleaseFile.objects.filter(key__in=self.keys).values_list("key", flat=True))
        except DatabaseError:
            return
        for key in set(self.keys) - kept:
            try_to_delete(key)


def try_to_delete(key: str) -> None:
    """Deletes what nobody names any more; what the disk or the store does not let go is left to
    `clean_up`."""
    try:
        storage().delete(key)
    except Exception as error:
        if not is_out(error):
            raise
        logger.error("A file is left to the daily clean-up: %s: %s", type(error).__name__, error)


@contextmanager
def opened(key: str) -> Iterator[IO[bytes]]:
    """A stored file, to be read from its beginning on, bit by bit also where an object store has
    it. Raises FileNotFoundError, or what the store's client raises."""
    path, shelf = local_path(key), storage()
    if path is not None:
        with path.open("rb") as file:
            yield file
        return
    if not shelf.exists(key):
        raise FileNotFoundError(key)
    with closing(shelf.bucket.Object(key).get()["Body"]) as body:  # type: ignore[attr-defined]
        yield body


def put_back(key: str, file: IO[bytes]) -> None:
    """Stores a file that a back-up has kept, under the key that it had: all of it or nothing.
    Raises OSError, or what the store's client raises."""
    with ReceivedFile("upload", "", 0, None) as received:
        shutil.copyfileobj(file, received)
        received.size = received.tell()
        received.seek(0)
        saved = storage().save(key, received)
    if saved != key:
        storage().delete(saved)
        raise FileExistsError(key)


@contextmanager
def shelf_for(vendor_id: UUID) -> Iterator[Shelf]:
    """A shelf that is cleared when the block ends with an exception. Needs the vendor's scope."""
    shelf = Shelf(vendor_id)
    try:
        yield shelf
    except BaseException:
        shelf.clear()
        raise


def remove_left_overs(vendor_id: UUID) -> int:
    """Deletes a vendor's stored files that no row names, once they are a day old.

    Runs in the vendor's scope; returns how many files it deleted.
    """
    shelf, deleted = storage(), 0
    for name in _names(shelf, str(vendor_id)):
        key = f"{vendor_id}/{name}"
        if _age(shelf, key) > LEFT_OVER_AFTER and not ReleaseFile.objects.filter(key=key).exists():
            shelf.delete(key)
            deleted += 1
    return deleted


def _age(shelf: Storage, key: str) -> float:
    """How old a stored file is, in seconds; one that is just being deleted counts as new."""
    try:
        return time.time() - shelf.get_modified_time(key).timestamp()
    except FileNotFoundError:
        return 0


def _names(shelf: Storage, folder: str) -> list[str]:
    try:
        return shelf.listdir(folder)[1]
    except FileNotFoundError:
        return []


def remove_broken_uploads() -> int:
    """Deletes uploads that a crash left behind, once they are a day old; returns how many."""
    folder, deleted = Path(settings.FILE_UPLOAD_TEMP_DIR), 0
    for path in folder.glob("*.upload*"):
        if path.is_file() and time.time() - path.stat().st_mtime > LEFT_OVER_AFTER:
            path.unlink(missing_ok=True)
            deleted += 1
    return deleted


def signed_url(key: str, *, method: str, parameters: dict[str, Any]) -> str:
    """A short-lived address of a file in the object store, for one method (GET or HEAD)."""
    url: str = storage().url(key, parameters=parameters, http_method=method)  # type: ignore[call-arg]
    return url


def clean_up() -> str:
    """The daily chore (jobs/chores.py): what broken uploads left behind, of every vendor."""
    left_over = remove_broken_uploads()
    left_over += at_each(lambda vendor: remove_left_overs(vendor.pk), every_vendor())
    return f"Deleted {left_over} files that uploads had left behind."
