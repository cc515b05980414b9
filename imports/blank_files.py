"""A workbook to be filled in and imported."""

import io
from collections.abc import Sequence

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

TEXT = "@"  # the format by which keys and days stay as they are typed
WIDTH = 24  # characters


def in_workbook(names: Sequence[str], title: str) -> bytes:
    """A workbook (XLSX) whose one sheet has these columns, of texts, and no rows."""
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet(title)
    sheet.freeze_panes = "A2"
    for at in range(1, len(names) + 1):
        column = sheet.column_dimensions[get_column_letter(at)]
        column.width, column.number_format = WIDTH, TEXT
    sheet.append([_heading(sheet, name) for name in names])
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def _heading(sheet: object, name: str) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, value=name)
    cell.font = Font(bold=True)
    return cell
