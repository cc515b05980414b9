"""Cells of CSV files that spreadsheets open: written so that none is run, and read back."""

import re

# A spreadsheet runs a cell that begins so. An apostrophe before it says that it is text; where
# the text itself begins with apostrophes, one more is put before them, so that one comes off.
FORMULA = re.compile(r"'*[=+\-@\t\r]")


NUMBER = re.compile(r"-\d+(\.\d+)?")


def unescaped(cell: str) -> str:
    """The text that `escaped` was given."""
    if cell.startswith("'") and FORMULA.match(cell):
        return cell[1:]
    return cell


def escaped(value: str) -> str:
    """The cell's text for a spreadsheet, which will not run it as a formula."""
    if FORMULA.match(value) and not NUMBER.fullmatch(value):
        return f"'{value}"
    return value
