"""A customer's own data as files: CSV, JSON, and all of it in one ZIP. Each is made while it is
sent, a few rows at a time, so that much needs no more memory than little."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from io import RawIOBase
from itertools import islice
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.own_data.tables import Table, in_order
from backoffice.export import BOM, CHUNK, written
from tenancy import replica
from tenancy.door import inside, reading
from tenancy.models import Vendor

Parts = Iterator[bytes]


def csv_of(table: Table, user: User, vendor: Vendor) -> Parts:
    """The table as CSV, no cell of which a spreadsheet runs as a formula."""
    yield (BOM + written([list(table.columns)])).encode()
    for rows in _rows(table, user, vendor):
        yield written(list(row.values()) for row in rows).encode()


def json_of(table: Table, user: User, vendor: Vendor) -> Parts:
    """The table as a JSON array with an object a row; moments are in UTC, in ISO 8601."""
    before = "[\n"
    for rows in _rows(table, user, vendor):
        lines = (json.dumps(row, ensure_ascii=False, default=_in_json) for row in rows)
        yield (before + ",\n".join(lines)).encode()
        before = ",\n"
    yield b"\n]\n" if before == ",\n" else b"[]\n"


FORMS: dict[str, tuple[Callable[[Table, User, Vendor], Parts], str]] = {
    "csv": (csv_of, "text/csv; charset=utf-8"),
    "json": (json_of, "application/json"),
}


def _in_json(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat() if isinstance(value, date) else str(value)


def _rows(table: Table, user: User, vendor: Vendor) -> Iterator[list[dict[str, Any]]]:
    """The rows in parts. They are read while the answer is sent, when the request's scope has
    ended; and in it again for each part, since others run in between."""
    with inside(vendor):
        found = table.rows(user)
    where = replica.place()
    with reading(where):
        unread = found.iterator(chunk_size=CHUNK)
        while True:
            with inside(vendor), replica.asking(where):
                part = [
                    {name: cell(row) for name, cell in table.cells.items()}
                    for row in islice(unread, CHUNK)
                ]
            if not part:
                return
            yield part


# --- All of it ----------------------------------------------------------------------------------


class Outlet(RawIOBase):
    """What a ZIP is written into: a place that gives away what it has."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, part: Any) -> int:
        self._parts.append(bytes(part))
        return len(part)

    def taken(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def archive_of(user: User, vendor: Vendor) -> Parts:
    """Every table as CSV and as JSON, with a text that says what they are."""
    outlet = Outlet()
    with ZipFile(outlet, "w", ZIP_DEFLATED) as archive:
        with inside(vendor):
            archive.writestr("README.txt", explained(user, vendor))
        for table in in_order():
            for form, (parts_of, _type) in FORMS.items():
                with archive.open(f"{table.name}.{form}", "w", force_zip64=True) as file:
                    for part in parts_of(table, user, vendor):
                        file.write(part)
                        yield outlet.taken()
    yield outlet.taken()


def explained(user: User, vendor: Vendor) -> str:
    """The archive's README: each file, its columns, how values are written."""
    head = _(
        "What the portal of %(vendor)s keeps of %(email)s.\n\n"
        "Each table is there twice, as CSV (UTF-8, with a comma between) and as JSON. Moments are "
        "in UTC (ISO 8601); what is empty is not known or has no end. In CSV an apostrophe stands "
        "before a text that a spreadsheet would run as a formula.\n"
    ) % {"vendor": vendor.name, "email": user.email}
    return "\n".join((head, *map(_explained, in_order())))


def _explained(table: Table) -> str:
    columns = (f"  {name}: {title}" for name, (title, _cell) in table.columns.items())
    return "\n".join((f"{table.name}.csv, {table.name}.json", f"{table.about}", *columns, ""))
