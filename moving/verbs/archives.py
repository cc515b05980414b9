"""Moving out: everything of a vendor in one file, and from it into another installation.

The file is read twice: first it is looked through as a whole and the bytes of release files are
laid onto the shelf, then all rows are written in one transaction. So what is damaged changes
nothing.
"""

import json
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from io import RawIOBase
from pathlib import Path
from typing import IO, Any, cast
from uuid import UUID

from cryptography.fernet import InvalidToken
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.files import File
from django.db import DataError, IntegrityError, connection, models, transaction
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import trail
from mail.models import OutgoingEmail
from moving import tables
from moving.errors import ArchiveRefused
from moving.models import Move
from moving.sealed import Sealing, opened
from releases.files.shelf import storage
from releases.models import ReleaseFile
from tenancy.door import inside
from tenancy.models import Vendor
from tenancy.table import vendor_by_company_id, vendor_by_id
from webhooks.models import Delivery

FORMAT = 1
AT_ONCE = 500  # rows
PIECE = 1024 * 1024  # bytes
KINDS = (AttributeError, LookupError, TypeError, ValueError, ValidationError, DataError)
LONGEST_LINE = 64 * 1024 * 1024  # bytes


# --- Out ----------------------------------------------------------------------------------------


def leave(vendor: Vendor, file: IO[bytes], passphrase: str) -> Counter[str]:
    """Writes everything of the vendor as it is at one moment; how many rows there are by table.
    People may go on meanwhile; what they do then is not in it. Raises ArchiveRefused."""
    with inside(vendor):
        # Before the moment, so that both trails end with it.
        trail.record("vendor-taken-out", vendor)
    sealing = Sealing(file, passphrase)
    packed = zlib.compressobj(6)
    counted: Counter[str] = Counter()
    with _one_moment(), inside(vendor.pk):
        for part in _told(vendor, counted):
            sealing.write(packed.compress(part))
    sealing.write(packed.flush())
    sealing.close()
    return counted


def _told(vendor: Vendor, counted: Counter[str]) -> Iterator[bytes]:
    about = {"format": FORMAT, "schema": schema(), "vendor": str(vendor.pk)}
    yield _line({**about, "company": vendor.company_id, "made": timezone.now().isoformat()})
    for model in tables.vendors_tables():
        label = model._meta.label
        for row in tables.rows_of(model, vendor.pk).iterator(chunk_size=AT_ONCE):
            counted[label] += 1
            yield _line({"table": label, "row": _opened(row)})
    stored = ReleaseFile.objects.exclude(key="").order_by("pk")
    for key, size in stored.values_list("key", "size"):
        counted["files"] += 1
        yield _line({"file": key, "size": size})
        yield from _bytes_of(key, size)
    yield _line({"end": dict(counted)})


def _opened(row: models.Model) -> dict[str, Any]:
    try:
        return tables.told(row, secrets=True)
    except InvalidToken as error:
        text = _("A secret in %(table)s was encrypted by none of KEY_ENCRYPTION_KEYS.")
        raise ArchiveRefused(text % {"table": row._meta.label}) from error


def _line(told: dict[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _bytes_of(key: str, size: int) -> Iterator[bytes]:
    try:
        with storage().open(key) as file:
            while piece := file.read(PIECE):
                size -= len(piece)
                yield piece
    except OSError as error:
        raise ArchiveRefused(_("A release file could not be read: %s.") % error) from error
    if size:
        raise ArchiveRefused(_("A release file is not as long as it should be."))


@contextmanager
def _one_moment() -> Iterator[None]:
    """Everything that is read inside is as it was at one moment; others may write meanwhile. To be
    entered outside any scope, since PostgreSQL wants to be told before anything is asked."""
    if connection.in_atomic_block:
        yield  # a test's
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield
    else:
        # Django's own transactions take the lock of who writes.
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")


def schema() -> dict[str, list[str]]:
    """The last migrations of our rooms that this database has, by which two versions are told
    apart, however a database has come there."""
    ours = {model._meta.app_label for model in tables.vendors_tables()}
    loader = MigrationLoader(connection)
    found: dict[str, list[str]] = {}
    for app, name in sorted(loader.graph.leaf_nodes()):
        if app in ours:
            applied = (app, name) in loader.applied_migrations
            found.setdefault(app, []).append(name if applied else "")
    return found


# --- In -----------------------------------------------------------------------------------------


def enter(path: Path, passphrase: str) -> tuple[Vendor, Counter[str]]:
    """Brings a vendor in with all that is its own; the vendor, and how many rows there are by
    table. Raises ArchiveRefused; then nothing was changed."""
    stored: list[str] = []
    try:
        with path.open("rb") as file, _understood():
            about = _look_through(_Parts(opened(file, passphrase)), stored)
        with path.open("rb") as file, _understood():
            parts = _Parts(opened(file, passphrase))
            counted = _write(parts, UUID(about["vendor"]))
    except BaseException:
        for key in stored:
            storage().delete(key)
        raise
    vendor = vendor_by_id(about["vendor"])
    if vendor is None:
        raise ArchiveRefused(_("The file has no vendor in it."))
    return vendor, counted


@contextmanager
def _understood() -> Iterator[None]:
    """What is of another kind than an export says is refused."""
    try:
        yield
    except KINDS as error:
        raise _odd() from error


def _look_through(parts: "_Parts", stored: list[str]) -> dict[str, Any]:
    """Reads all of it, and lays its files onto the shelf; what its first line says."""
    about = parts.line()
    _check(about)
    counted: Counter[str] = Counter()
    for told in parts.lines():
        if "table" in told:
            counted[told["table"]] += 1
            if _vendor_of(told) != about["vendor"]:
                raise _odd()
        elif "file" in told:
            counted["files"] += 1
            _store(about["vendor"], told, parts, stored)
        elif told.get("end") != dict(counted):
            raise _odd()
        else:
            parts.end()
            return about
    raise _odd()


def _vendor_of(told: dict[str, Any]) -> Any:
    row = told["row"]
    return row.get("id") if told["table"] == Vendor._meta.label else row.get("vendor_id")


def _check(about: dict[str, Any]) -> None:
    if about.get("format") != FORMAT:
        raise ArchiveRefused(_("The file has a format that this version does not know."))
    theirs, ours = about.get("schema"), schema()
    if not isinstance(theirs, dict):
        raise _odd()
    if theirs != ours:
        apart = [app for app in sorted({*ours, *theirs}) if ours.get(app) != theirs.get(app)]
        raise ArchiveRefused(
            _("The file is of another version of the portal (%(rooms)s). Update the older one.")
            % {"rooms": ", ".join(apart)}
        )
    if vendor_by_company_id(about["company"]):
        raise ArchiveRefused(
            _("There is a vendor of the company id “%(company)s” already.")
            % {"company": about["company"]}
        )
    if vendor_by_id(about["vendor"]):
        raise ArchiveRefused(_("This vendor is here already, under another company id."))


def _store(vendor_id: str, told: dict[str, Any], parts: "_Parts", stored: list[str]) -> None:
    key = str(told["file"])
    folder, _slash, name = key.partition("/")
    if folder != vendor_id or not name.isalnum() or told["size"] < 0:
        raise _odd()
    if storage().exists(key):
        raise ArchiveRefused(_("A file of this vendor lies here already. Run clean_up first."))
    stored.append(key)  # before: what breaks off leaves its beginning
    storage().save(key, File(cast(Any, _Taken(parts, told["size"]))))


@transaction.atomic
def _write(parts: "_Parts", vendor_id: UUID) -> Counter[str]:
    counted: Counter[str] = Counter()
    parts.line()
    with inside(vendor_id):
        try:
            for model, rows in _batches(parts):
                _insert(model, rows)
                counted[model._meta.label] += len(rows)
            # Now, since at the end nobody would know why.
            connection.check_constraints()
        except IntegrityError as error:
            raise ArchiveRefused(
                _("Something of this vendor, such as a domain or an id, is here already.")
            ) from error
    return counted


def _batches(parts: "_Parts") -> Iterator[tuple[type[models.Model], list[Any]]]:
    known = {model._meta.label for model in tables.vendors_tables()}
    rows: list[Any] = []
    for told in parts.lines():
        if "file" in told:
            parts.skip(told["size"])
            continue
        model = apps.get_model(told["table"]) if told.get("table") in known else None
        if rows and (type(rows[0]) is not model or len(rows) == AT_ONCE):
            yield type(rows[0]), rows
            rows = []
        if model is not None:
            rows.append(_at_rest(tables.made(model, told["row"])))
    if rows:
        yield type(rows[0]), rows


def _at_rest(row: Any) -> Any:
    """What is under way is brought to its end by whoever has begun it, and by nobody else: e-mails,
    what webhooks wait for, a source that is read."""
    if isinstance(row, OutgoingEmail) and row.due_at:
        row.state, row.due_at, row.claim = OutgoingEmail.State.NOT_NEEDED, None, None
    elif isinstance(row, Delivery) and row.due_at:
        row.state, row.due_at, row.claim = Delivery.State.GIVEN_UP, None, None
    elif isinstance(row, Move) and row.is_running:
        row.state, row.encrypted_token = Move.State.STOPPED, ""
        row.finished_at = row.updated_at
    return row


def _insert(model: type[models.Model], rows: list[Any]) -> None:
    """Saves rows as they are: nothing of them is set to now."""
    fields = list(tables.columns_of(model))
    most = max(connection.ops.bulk_batch_size(fields, rows), 1)
    manager: Any = model._default_manager
    for start in range(0, len(rows), most):
        manager._insert(rows[start : start + most], fields=fields, using=connection.alias, raw=True)


def _odd() -> ArchiveRefused:
    return ArchiveRefused(_("The file says something that this version does not understand."))


class _Parts:
    """What was packed, as lines and bytes."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts, self._unpacked = parts, zlib.decompressobj()
        self._left = bytearray()

    def _more(self) -> bool:
        """Whether something came; of a part no more than is unpacked at once."""
        data = self._unpacked.unconsumed_tail or next(self._parts, b"")
        if not data:
            return False
        try:
            self._left += self._unpacked.decompress(data, PIECE)
        except zlib.error as error:
            raise _odd() from error
        return True

    def line(self) -> dict[str, Any]:
        while (end := self._left.find(b"\n")) < 0:
            if len(self._left) > LONGEST_LINE or not self._more():
                raise _odd()
        text = bytes(self._left[:end])
        del self._left[: end + 1]
        try:
            told = json.loads(text)
        except ValueError as error:
            raise _odd() from error
        if not isinstance(told, dict):
            raise _odd()
        return told

    def lines(self) -> Iterator[dict[str, Any]]:
        """Up to and with the one that says that it is the last."""
        while True:
            told = self.line()
            yield told
            if "end" in told:
                return

    def take(self, size: int) -> bytes:
        """At most so many bytes, none at the end of all."""
        while not self._left:
            if not self._more():
                return b""
        data = bytes(self._left[:size])
        del self._left[:size]
        return data

    def skip(self, size: int) -> None:
        while size:
            taken = self.take(min(size, PIECE))
            if not taken:
                raise _odd()
            size -= len(taken)

    def end(self) -> None:
        """Reads what comes after the last line, of which there is nothing but the proof of it."""
        while self._more():
            if self._left:
                raise _odd()


class _Taken(RawIOBase):
    """So many bytes of the parts, as a file."""

    def __init__(self, parts: _Parts, size: int) -> None:
        super().__init__()
        self._parts, self._size, self.size = parts, size, size

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        wanted = self._size if size < 0 else min(size, self._size)
        data = self._parts.take(min(wanted, PIECE)) if wanted else b""
        if wanted and not data:
            raise _odd()
        self._size -= len(data)
        return data
