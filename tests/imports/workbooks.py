"""Workbooks as programs write them, and as nobody would: by openpyxl, and by hand."""

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from openpyxl import Workbook

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
TYPES = """<?xml version="1.0" encoding="UTF-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>
<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>
%s</Types>"""
SHARED = """<Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>"""
RELS = """<?xml version="1.0" encoding="UTF-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/%s" Target="%s"/>
</Relationships>"""
BOOK = """<?xml version="1.0" encoding="UTF-8"?>
<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"
 xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">
<sheets><sheet name="Customers" sheetId="1" r:id="rId1"/></sheets></workbook>"""
HEAD = '<?xml version="1.0" encoding="UTF-8"?>'


def made(rows: Iterable[Sequence[Any]], **sheets: Iterable[Sequence[Any]]) -> bytes:
    """A workbook of openpyxl's; further sheets by name, hidden ones begin with `hidden`."""
    book = Workbook()
    for name, content in {"Customers": rows, **sheets}.items():
        sheet = book.active if name == "Customers" else book.create_sheet(name)
        sheet.title = name
        for row in content:
            sheet.append(list(row))
        if name.startswith("hidden"):
            sheet.sheet_state = "hidden"
    return saved(book)


def saved(book: Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def by_hand(
    sheet: str, strings: str = "", *, prefix: str = "", parts: Mapping[str, bytes] | None = None
) -> bytes:
    """A workbook of one sheet whose XML is this, without any style."""
    head = sheet if sheet.startswith("<?xml") else f"{HEAD}{sheet}"
    files: dict[str, str | bytes] = {
        "[Content_Types].xml": TYPES % (SHARED if strings else ""),
        "_rels/.rels": RELS % ("officeDocument", "xl/workbook.xml"),
        "xl/workbook.xml": BOOK,
        "xl/_rels/workbook.xml.rels": RELS % ("worksheet", f"{prefix}worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": head,
        **({"xl/sharedStrings.xml": strings} if strings else {}),
        **(parts or {}),
    }
    return zipped(files)


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def sheet(rows: str, before: str = "", after: str = "", namespace: str = MAIN) -> str:
    return (
        f'<worksheet xmlns="{namespace}">{before}<sheetData>{rows}</sheetData>{after}</worksheet>'
    )


def inline(*cells: str) -> str:
    """A row of texts that stand in the sheet itself, without any number of row or cell."""
    said = "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in cells)
    return f"<row>{said}</row>"
