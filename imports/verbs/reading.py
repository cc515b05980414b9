"""How a file is read: in which letters or from which sheet, where its columns are named and what
they mean. What can't be known is asked (columns.py)."""

from collections.abc import Iterator
from typing import Any

from imports import csv_files, tables, workbooks
from imports.encodings import decoded
from imports.errors import TableRefused
from imports.headings import Headings, headings_of
from imports.kinds import KINDS
from imports.models import DataImport
from imports.recognising import is_workbook
from imports.tables import Column, Record, Table

State = DataImport.State
FIELDS = ("state", "layout", "content", "rows")  # what reading finds out


def read(row: DataImport) -> None:
    """Reads the original and fills in FIELDS; nothing is saved. What of `layout` was chosen before
    counts: letters or a sheet. Raises TableRefused."""
    headings = headings_of(row.kind, KINDS[row.kind].rows)
    data, chosen = bytes(row.original), row.layout
    about: dict[str, Any]
    if is_workbook(data):
        workbook = workbooks.read(data, headings.known, chosen.get("sheet", ""))
        records = workbook.records()
        about = {"sheet": workbook.sheet, "sheets": list(workbook.sheets)}
    else:
        found = decoded(data, chosen.get("letters", ""))
        records = csv_files.records(found.text, headings.known)
        about = {"letters": found.letters, "line": found.line}
    table = _table(records, headings, about)
    about |= {"above": table.above, "foreign": table.foreign}
    row.layout = about | {"columns": tables.packed(table.columns)}
    row.content, row.rows = table.content, table.rows
    row.state = State.ASKING if _is_open(row) else State.CHECKING


def _table(records: Iterator[Record], headings: Headings, about: dict[str, Any]) -> Table:
    """The table of these records. Where another sheet may be meant, one that can't be read is a
    table of nothing, and `about` says why."""
    try:
        table = tables.read(records, headings.known)
    except TableRefused as refused:
        if len(about.get("sheets", ())) < 2:  # noqa: PLR2004  there is no other
            raise
        about["refused"] = str(refused)
        return Table([], "", 0, 0, [])
    headings.fill_in(table.columns)
    return table


def _is_open(row: DataImport) -> bool:
    """Whether something about the file has to be said by somebody."""
    means = [column.means for column in columns_of(row)]
    required = KINDS[row.kind].rows.required
    is_guess = bool(row.layout.get("letters")) or len(row.layout.get("sheets", ())) > 1
    return is_guess or None in means or not {*required} <= {*means}


def columns_of(row: DataImport) -> list[Column]:
    return tables.unpacked(row.layout.get("columns", ()))


def meanings(row: DataImport) -> list[str]:
    """The name of what each column of the file holds; empty where it is left out."""
    return [column.means or "" for column in columns_of(row)]


def headings_by_meaning(row: DataImport) -> dict[str, str]:
    """What the file calls the columns that it has."""
    return {column.means: column.heading for column in columns_of(row) if column.means}
