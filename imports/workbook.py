"""A workbook (XLSX) read in a process of its own: `python -I workbook.py [sheet]`, file on standard
input.

It stands alone: of the portal it imports nothing, and it knows none of its secrets. Writes lines
of JSON: what sheets there are and which one is read, then a row each that is not blank, as number,
cells and what is odd about some (`imports.tables.Record`). What it can't read it says as
`{"refused": name}` (imports/workbooks.py has the sentences).

SECURITY: tests/imports/test_workbooks.py. A file of a few kilobytes may ask for terabytes. What it
says of its size is compared with what is read, entities in its XML are refused, and memory and
time have an end, whatever the library does.
"""

import io
import json
import os
import resource
import sys
import warnings
import zipfile
from collections.abc import Iterator
from datetime import datetime, time
from itertools import islice
from re import compile as pattern
from typing import Any

# It would take lxml, where somebody has installed that, and entities with it.
os.environ["OPENPYXL_LXML"] = "False"

from defusedxml import DefusedXmlException
from openpyxl import load_workbook
from openpyxl.utils.cell import range_boundaries
from openpyxl.utils.escape import unescape
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula

LARGEST = 50 * 1024 * 1024  # bytes, unpacked
MEMORY = 1024 * 1024 * 1024  # bytes
LAST = (MEMORY + 16 * 1024 * 1024,) * 2  # bytes, once it is only to be said what is wrong
SECONDS = 120  # of a processor
MOST_ROWS = 20_100  # those of a table, and what stands above its header
MOST_COLUMNS = 100
MOST_SHEETS = 50
LOOKED_AT = 20  # rows of each sheet
LONGEST_HEADING = 100  # characters
MOST_MERGED = 200_000  # cells
LONGEST = 10 * 1024 * 1024  # characters of all cells together
DIGITS = 10**15  # from here on a number's last digits are not those that were typed
ERRORS = {"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#GETTING_DATA"}
MERGED = pattern(
    rb"<(?:\w+:)?mergeCell\s[^>]*?\bref=[\"']([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})[\"']"
)
NO_TEXT = pattern("[\x00\ud800-\udfff]")
STRICT = b"purl.oclc.org/ooxml"  # a dialect that the library does not know
MARK = b"application/vnd.oasis.opendocument"
# What a ZIP file is, by a file in it.
OTHERS = {
    "xl/workbook.bin": "xlsb",
    "Index/Document.iwa": "numbers",
    "Index.zip": "numbers",
    "index.apxl": "numbers",
    "word/document.xml": "office",
    "ppt/presentation.xml": "office",
}

Row = tuple[int, list[Any]]


class RefusedError(Exception):
    """The file can't be read, for a reason that has this name."""


# --- The file -----------------------------------------------------------------------------------


def check(data: bytes) -> None:
    """Raises RefusedError for whatever is no workbook of a bearable size."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise RefusedError("damaged") from error
    with archive:
        names = set(archive.namelist())
        for name, kind in OTHERS.items():
            if name in names:
                raise RefusedError(kind)
        if any(info.flag_bits & 1 for info in archive.infolist()):
            raise RefusedError("password")
        if "mimetype" in names:
            with archive.open("mimetype") as file:
                raise RefusedError("ods" if file.read(100).startswith(MARK) else "zip")
        if "[Content_Types].xml" not in names:
            raise RefusedError("zip")
        if "xl/workbook.xml" in names:
            with archive.open("xl/workbook.xml") as file:
                if STRICT in file.read(4096):
                    raise RefusedError("strict")
        if sum(info.file_size for info in archive.infolist()) > LARGEST:
            raise RefusedError("large")


def opened(data: bytes, *, values: bool) -> Any:
    """The workbook with what its formulas have come to, or with the formulas."""
    return load_workbook(io.BytesIO(data), read_only=True, data_only=values, keep_links=False)


def rows_of(sheet: Any) -> Iterator[Row]:
    """The rows with their numbers. Whatever the sheet says of its size, only what is in it."""
    sheet.reset_dimensions()
    return enumerate(sheet.iter_rows(values_only=True), 1)


def begun(sheet: Any) -> list[list[str]]:
    """The first rows that are not blank, as texts and cut, by which a sheet is chosen."""
    texts = (
        [text_of(value)[0][:LONGEST_HEADING] for value in row[:MOST_COLUMNS]]
        for _number, row in rows_of(sheet)
    )
    return list(islice(filter(any, texts), LOOKED_AT))


def chosen(workbook: Any, wanted: str) -> tuple[Any, dict[str, Any]]:
    """The sheet that is wanted, or the first one that can be seen and is not empty, and what is
    said of it."""
    filled = {sheet.title: begun(sheet) for sheet in workbook.worksheets[:MOST_SHEETS]}
    seen = {name: rows for name, rows in filled.items() if rows and is_visible(workbook[name])}
    if not seen:
        raise RefusedError("hidden" if any(filled.values()) else "empty")
    name = wanted if wanted in seen else next(iter(seen))
    return workbook[name], {"sheet": name, "sheets": seen}


def is_visible(sheet: Any) -> bool:
    return bool(sheet.sheet_state == "visible")


# --- Rows ---------------------------------------------------------------------------------------


def is_formula(value: Any) -> bool:
    if isinstance(value, str):
        return value.startswith("=")
    return isinstance(value, ArrayFormula | DataTableFormula)


class FormulasError(Exception):
    """There are formulas in the sheet."""


def plain_rows(sheet: Any) -> Iterator[tuple[int, list[Any], set[int]]]:
    """The rows of a sheet without formulas. Raises FormulasError."""
    for number, row in rows_of(sheet):
        if any(map(is_formula, row)):
            raise FormulasError
        yield number, list(row), set()


def rows_with_formulas(data: bytes, name: str) -> Iterator[tuple[int, list[Any], set[int]]]:
    """The rows with what their formulas have come to, and where that is not in the file."""
    formulas = rows_of(opened(data, values=False)[name])
    results = rows_of(opened(data, values=True)[name])
    for (number, typed), (_number, row) in zip(formulas, results, strict=True):
        without = {
            at
            for at, (formula, value) in enumerate(zip(typed, row, strict=True))
            if value is None and formula is not None
        }
        yield number, list(row), without


def merged_in(sheet: Any) -> dict[int, set[int]]:
    """By row the places of cells that others cover. The library tells it of whole sheets alone."""
    covered: dict[int, set[int]] = {}
    with sheet._get_source() as source:
        ranges = MERGED.findall(source.read())
    left = MOST_MERGED
    for each in ranges:
        first, top, last, bottom = range_boundaries(each.decode())
        last, bottom = min(last, MOST_COLUMNS), min(bottom, top + MOST_ROWS)
        left -= max(last - first + 1, 0) * (bottom - top + 1)
        if left < 0:
            raise RefusedError("merged")
        for row in range(top, bottom + 1):
            covered.setdefault(row, set()).update(range(first - 1, last))
        covered.get(top, set()).discard(first - 1)
    return covered


def text_of(value: Any) -> tuple[str, str]:
    """A cell's value as a CSV file would have it, and the name of what is odd about it."""
    if value is None:
        return "", ""
    if isinstance(value, str):
        return ("", "error") if value in ERRORS else (NO_TEXT.sub("\ufffd", unescape(value)), "")
    if isinstance(value, bool):
        return str(value).upper(), ""
    if isinstance(value, int | float):
        odd = "digits" if abs(value) >= DIGITS else ""
        return (str(value) if isinstance(value, int) else f"{value:.15g}"), odd
    if isinstance(value, datetime):
        midnight = value.time() == time()
        return (value.date() if midnight else value).isoformat(), ""
    return str(value), ""


def told(rows: Iterator[tuple[int, list[Any], set[int]]], merged: dict[int, set[int]]) -> list[Any]:
    """The rows that are not blank, as they are written."""
    lines, length = [], 0
    for number, row, without in rows:
        if not any(cell is not None for cell in row) and not without:
            continue
        if any(cell is not None for cell in row[MOST_COLUMNS:]):
            raise RefusedError("columns")
        said = [text_of(value) for value in row[:MOST_COLUMNS]]
        odd = {at: name for at, (_text, name) in enumerate(said) if name}
        odd |= dict.fromkeys(without, "formula")
        odd |= dict.fromkeys(merged.get(number, ()), "merged")
        cells = [text for text, _name in said]
        length += sum(map(len, cells))
        if length > LONGEST:
            raise RefusedError("text")
        lines.append([number, cells, odd])
        if len(lines) > MOST_ROWS:
            break
    return lines


def read(data: bytes, wanted: str) -> list[Any]:
    """Everything that is written."""
    check(data)
    sheet, about = chosen(opened(data, values=False), wanted)
    merged = merged_in(sheet)
    try:
        lines = told(plain_rows(sheet), merged)
    except FormulasError:
        lines = told(rows_with_formulas(data, about["sheet"]), merged)
    return [about, *lines]


# --- The process --------------------------------------------------------------------------------


def bound() -> None:
    """Sets an end to memory and time, and lets nothing be written to a disk."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, LAST[1]))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 5))  # told, then killed
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def reason(error: BaseException) -> str:
    """The name of what is wrong, by the error or what has led to it."""
    cause: BaseException | None = error
    while cause:
        if isinstance(cause, DefusedXmlException):
            return "entities"
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, RefusedError):
        return str(error)
    return "memory" if isinstance(error, MemoryError) else "damaged"


def main() -> None:
    data = sys.stdin.buffer.read()
    bound()
    warnings.simplefilter("ignore")  # of what the library leaves out: looks, charts, macros
    try:
        lines = list(map(json.dumps, read(data, sys.argv[1] if len(sys.argv) > 1 else "")))
    except Exception as error:
        resource.setrlimit(resource.RLIMIT_AS, LAST)
        # Whatever a broken file leads the library to, it is the file that is broken.
        lines = [json.dumps({"refused": reason(error)})]
    sys.stdout.writelines(f"{line}\n" for line in lines)


if __name__ == "__main__":
    main()
