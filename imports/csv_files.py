"""CSV files as people's spreadsheets write them, as records. Knows no model."""

import csv
import re
from collections.abc import Collection, Iterator
from itertools import islice

from django.utils.translation import gettext as _

from imports.errors import TableRefused
from imports.tables import ERRORS, LOOKED_AT, Record, names_in, too_many

DELIMITERS = ",;\t|"
LONGEST_LINE = 131_072  # characters, as of a cell (csv.field_size_limit)
LINE = re.compile(rf"[^\r\n]{{0,{LONGEST_LINE}}}(?:\r\n|\r|\n|\Z)")
FIRST = re.compile(r"\S[^\r\n]*")
# The line by which Excel is told the delimiter. It is no row of the sheet.
SEP = re.compile(r'"?sep=(.)"?[ ,;\t]*(\r\n|\r|\n)', re.IGNORECASE)


def records(text: str, known: Collection[str]) -> Iterator[Record]:
    """The rows of the text, blank ones too, each with its number. Raises TableRefused.

    Between the cells stands what a first line says (`sep=;`) or else, of comma, semicolon, tab and
    bar, what makes the most headings that are `known`, or the most cells.
    """
    said = SEP.match(text)
    start = said.end() if said else 0
    delimiter = said[1] if said else _delimiter(text, known)
    number = 0
    try:
        for number, cells in enumerate(_reader(text, delimiter, start), 1):
            odd = {at: "error" for at, cell in enumerate(cells) if cell in ERRORS}
            yield Record(number, cells, odd)
    except csv.Error as error:
        raise TableRefused(
            _(
                "Row %(row)d can't be read: a quotation mark is not closed, or a cell or a line "
                "is longer than 131,072 characters."
            )
            % {"row": number + 1}
        ) from error


def _reader(text: str, delimiter: str, start: int = 0) -> Iterator[list[str]]:
    # A quotation mark after a blank quotes, too: a, "b, c".
    return csv.reader(_lines(text, start), delimiter=delimiter, strict=True, skipinitialspace=True)


def _lines(text: str, start: int) -> Iterator[str]:
    """The lines, of which a row has one or, with line breaks in its cells, several. Raises
    csv.Error for one that could have a hundred thousand cells."""
    while start < len(text):
        line = LINE.match(text, start)
        if not line:
            raise csv.Error("The line is too long.")
        yield line[0]
        start = line.end()


def _delimiter(text: str, known: Collection[str]) -> str:
    """What stands between the cells. Raises TableRefused for a first row of far too many."""
    first = FIRST.search(text)
    if first and len(first[0]) > LONGEST_LINE:
        raise too_many(max(map(first[0].count, DELIMITERS)) + 1)
    return max(DELIMITERS, key=lambda each: _worth(text, each, known))


def _worth(text: str, delimiter: str, known: Collection[str]) -> tuple[int, int]:
    """How many known headings the delimiter finds in a row at the top, and cells in the first."""
    begun = list(islice(_begun(text, delimiter), LOOKED_AT))
    names = max((names_in(cells, known) for cells in begun), default=0)
    return names, len(begun[0]) if begun else 0


def _begun(text: str, delimiter: str) -> Iterator[list[str]]:
    """The first rows that are not blank, as far as they can be read with this delimiter."""
    try:
        for cells in _reader(text, delimiter):
            if any(map(str.strip, cells)):
                yield cells
    except csv.Error:
        return
