"""Tables as people's spreadsheets write them: where the columns are named, what is in them, and
the rows below.

Knows no model. A table comes as records, from a CSV file (csv_files.py) or a workbook
(workbooks.py), is kept as lines of JSON, and is read again as rows once it is known what each
column means. What is wrong with a whole file is `TableRefused`, whose text is a sentence for
whoever uploaded it; what is wrong with a row is not found here, except what stands in no cell.
"""

import io
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import chain, islice
from typing import Any

from django.utils.translation import gettext as _

from backoffice.cells import unescaped
from imports.errors import TableRefused
from tenancy.spelling import form_of

MOST_ROWS = 20_000
MOST_COLUMNS = 100
LOOKED_AT = 20  # rows in which the columns may be named
LONGEST_HEADING = 100  # characters that are kept
SAMPLES = 3  # cells of a column that are shown
LONGEST_SAMPLE = 60  # characters
# What spreadsheets write for a formula that failed.
ERRORS = {"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!"}
BLANK = " \u00a0\ufeff"  # what spreadsheets and web pages leave around a text


@dataclass(frozen=True, slots=True)
class Record:
    """A row as it stands in the file, the first one is 1. `odd` says by a cell's place what a
    workbook has there instead of a value: a key of `oddities`."""

    number: int
    cells: Sequence[str]
    odd: Mapping[int, str] = field(default_factory=dict)

    @property
    def is_blank(self) -> bool:
        return not self.odd and not any(map(str.strip, self.cells))


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of cells by column, where something is wrong by column as a sentence, for the whole
    row under the empty name."""

    number: int
    cells: dict[str, str]
    problems: dict[str, str]


@dataclass(slots=True)
class Column:
    """A column of a file: its heading and the first of its cells. `means` is the name of what it
    holds, empty where it is left out, and None as long as nobody knows."""

    heading: str
    samples: list[str]
    means: str | None = None


@dataclass(slots=True)
class Table:
    """A file that was read: `content` has its header and its rows, a line of JSON each, `above`
    says how many rows above the header are left out."""

    columns: list[Column]
    content: str
    rows: int
    above: int
    foreign: list[str]  # the first cells in which there are other letters than A to Z


# --- Reading a file -----------------------------------------------------------------------------


def read(records: Iterable[Record], known: Collection[str]) -> Table:
    """The table; `known` are the stored forms of headings by which the header is found. Raises
    TableRefused."""
    filled = (record for record in records if not record.is_blank)
    begun = list(islice(filled, LOOKED_AT))
    if not begun:
        raise TableRefused(_("The file is empty. Its first row names the columns."))
    above = max(range(len(begun)), key=lambda at: names_in(begun[at].cells, known))
    columns = _columns(begun[above])
    buffer, foreign, number = io.StringIO(), list[str](), 0
    buffer.write(_line(begun[above]))
    for number, record in enumerate(chain(begun[above + 1 :], filled), 1):
        if number > MOST_ROWS:
            raise TableRefused(_("The file has more than 20,000 rows. Import it in parts."))
        buffer.write(_line(record))
        _sample(columns, record, foreign)
    if not number:
        raise TableRefused(_("The file has no rows below its header."))
    return Table(columns, buffer.getvalue(), number, above, foreign)


def names_in(cells: Sequence[str], known: Collection[str]) -> int:
    """How many different headings that are known stand in these cells."""
    return len({form_of(cell) for cell in cells if len(cell) <= LONGEST_HEADING} & {*known})


def too_many(n: int) -> TableRefused:
    return TableRefused(
        _("The first row has %(n)s cells, and a file can have 100 columns at most.")
        % {"n": f"{n:,}"}
    )


def _columns(header: Record) -> list[Column]:
    headings = [cell.strip() for cell in header.cells]
    while headings and not headings[-1]:
        headings.pop()
    if len(headings) > MOST_COLUMNS:
        raise too_many(len(headings))
    return [Column(heading[:LONGEST_HEADING], []) for heading in headings]


def _line(record: Record) -> str:
    content: list[Any] = [record.number, list(record.cells)]
    if record.odd:
        content.append(record.odd)
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n"


def _sample(columns: list[Column], record: Record, foreign: list[str]) -> None:
    """Shows the record's cells in the columns that have few yet."""
    for at, column in enumerate(columns):
        cell = record.cells[at].strip() if at < len(record.cells) else ""
        if cell and len(column.samples) < SAMPLES:
            column.samples.append(cell[:LONGEST_SAMPLE])
        if cell and len(foreign) < SAMPLES and not cell.isascii():
            foreign.append(cell[:LONGEST_SAMPLE])


# --- Reading what was kept ----------------------------------------------------------------------


def rows(content: str, means: Sequence[str]) -> Iterator[TableRow]:
    """The rows of a table whose columns mean this; an empty name leaves a column out."""
    wanted = [(at, name) for at, name in enumerate(means) if name]
    lines = io.StringIO(content)
    next(lines, "")  # the header
    for line in lines:
        number, cells, odd = (*json.loads(line), {})[:3]
        problem = _beyond(cells, len(means))
        if problem:
            yield TableRow(number, {}, {"": problem})
            continue
        cells += [""] * (len(means) - len(cells))
        given = {name: unescaped(cells[at].strip(BLANK)) for at, name in wanted}
        strange = {name: oddity(odd[str(at)]) for at, name in wanted if str(at) in odd}
        yield TableRow(number, given, strange)


def _beyond(cells: Sequence[str], columns: int) -> str:
    """The sentence for a row that has more in it than the header; empty if it has not."""
    if not any(cell.strip() for cell in cells[columns:]):
        return ""
    return _("This row has %(cells)d cells, and the header has %(columns)d.") % {
        "cells": len(cells),
        "columns": columns,
    }


def oddity(name: str) -> str:
    """What a workbook has in a cell instead of a value, in a sentence."""
    return {
        "formula": _(
            "This is a formula whose result is not in the file. Open it in your spreadsheet "
            "program and save it there, or type the value."
        ),
        "error": _("This is a formula that failed. Mend it, or type the value."),
        "digits": _(
            "This is a number of more than 15 digits, of which spreadsheets change the last ones. "
            "Make the cell a text and type it again."
        ),
        "merged": _("This cell is merged with others. Split them and fill in each."),
    }[name]


# --- Columns as a row of the database keeps them -------------------------------------------------


def packed(columns: Iterable[Column]) -> list[dict[str, Any]]:
    return [asdict(column) for column in columns]


def unpacked(columns: Iterable[Mapping[str, Any]]) -> list[Column]:
    return [Column(**column) for column in columns]
