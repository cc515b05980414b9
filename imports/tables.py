"""CSV files as people's spreadsheets write and read them: reading them.

Knows no model. What is wrong with a whole file is `TableRefused`, whose text is a sentence for
whoever uploaded it; what is wrong with a row is not found here, except its number of cells.
"""

import csv
import io
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from backoffice.cells import unescaped
from web.errors import PortalError

LARGEST = 10 * 1024 * 1024  # bytes
MOST_ROWS = 20_000
MOST_COLUMNS = 100
MOST_NAMED = 5  # columns in a sentence
LONGEST_LINE = 131_072  # characters, as of a cell (csv.field_size_limit)
DELIMITERS = ",;\t"
BOMS_OF_OTHERS = (b"\xff\xfe", b"\xfe\xff")


class TableRefused(PortalError):
    """The file can't be read as a table; `detail` is a sentence that says why."""

    code = "TABLE_REFUSED"
    text = "%(detail)s"


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of cells by column; `number` is the spreadsheet's: the header is row 1.

    `problem` is a sentence when the number of cells is not the header's; then there are none.
    """

    number: int
    cells: dict[str, str]
    problem: str = ""


def decoded(data: bytes) -> str:
    """The file as text. Raises TableRefused."""
    if len(data) > LARGEST:
        raise TableRefused(_("The file is larger than 10 MB. Import it in several parts."))
    if data.startswith(BOMS_OF_OTHERS):
        raise TableRefused(_("The file is in UTF-16. Save it as “CSV UTF-8” and upload it again."))
    if b"\x00" in data:
        raise TableRefused(_("The file has NUL characters in it; it is no CSV file."))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise TableRefused(
            _("Line %(line)d is not in UTF-8. Save the file as “CSV UTF-8” and upload it again.")
            % {"line": line}
        ) from error


def read(
    text: str, *, required: Collection[str], optional: Collection[str], ignored: Collection[str]
) -> list[TableRow]:
    """The rows below the header, empty ones left out. Raises TableRefused.

    Comma, semicolon or tab stand between the cells, whichever the header has most of.
    """
    records = _records(text)
    header = _header(next(records, (1, []))[1], required, {*required, *optional, *ignored})
    wanted = [(at, name) for at, name in enumerate(header) if name not in ignored]
    rows: list[TableRow] = []
    for number, record in records:
        if len(rows) >= MOST_ROWS:
            raise TableRefused(_("The file has more than 20,000 rows. Import it in parts."))
        problem = "" if len(record) == len(header) else _wrong_length(record, header)
        cells = {} if problem else {name: unescaped(record[at].strip(" ")) for at, name in wanted}
        rows.append(TableRow(number, cells, problem))
    if not rows:
        raise TableRefused(_("The file has no rows below its header."))
    return rows


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """The records that are not empty, with their numbers; the header comes first."""
    first = io.StringIO(text, newline="").readline()
    delimiter = max(DELIMITERS, key=first.count)
    if first.count(delimiter) >= MOST_COLUMNS:
        raise TableRefused(
            _("The first row has %(n)s cells, and a file can have 100 columns at most.")
            % {"n": f"{first.count(delimiter) + 1:,}"}
        )
    reader = csv.reader(_lines(text), delimiter=delimiter, strict=True)
    number = 0
    try:
        for number, record in enumerate(reader, 1):
            if any(record):
                yield number, record
    except csv.Error as error:
        raise TableRefused(
            _(
                "Row %(row)d can't be read: a quotation mark is not closed, or a cell or a line "
                "is longer than 131,072 characters."
            )
            % {"row": number + 1}
        ) from error


def _lines(text: str) -> Iterator[str]:
    """The lines, of which a row has one or, with line breaks in its cells, several. Raises
    csv.Error for one that could have a hundred thousand cells."""
    for line in io.StringIO(text, newline=""):
        if len(line) > LONGEST_LINE:
            raise csv.Error("The line is too long.")
        yield line


def _header(record: list[str], required: Collection[str], known: Collection[str]) -> list[str]:
    """The names of the columns. Raises TableRefused for one too many or one too few."""
    header = [name.strip().lower() for name in record]
    if not any(header):
        raise TableRefused(_("The file is empty. Its first row names the columns."))
    twice = [name for name, times in Counter(header).items() if times > 1]
    if twice:
        raise TableRefused(
            _("The header has a column more than once: %(names)s.") % {"names": _listed(twice)}
        )
    unknown = [name for name in header if name not in known]
    if unknown:
        raise TableRefused(
            _("The header has columns that are not known: %(names)s. Known are %(known)s.")
            % {"names": _listed(unknown), "known": ", ".join(sorted(known))}
        )
    missing = [name for name in required if name not in header]
    if missing:
        raise TableRefused(
            _("The header has no column %(names)s. The first row names the columns.")
            % {"names": _listed(missing)}
        )
    return header


def _listed(names: Collection[str]) -> str:
    """The first names, cut."""
    some = [f"“{name[:60]}”" for name in names][:MOST_NAMED]
    return ", ".join(some) + (" …" if len(names) > MOST_NAMED else "")


def _wrong_length(record: list[str], header: list[str]) -> str:
    return _("This row has %(cells)d cells, and the header has %(columns)d.") % {
        "cells": len(record),
        "columns": len(header),
    }
