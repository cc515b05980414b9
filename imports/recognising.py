"""What a file is, by its first bytes, whatever it is called. Knows no model."""

import re

from django.utils.translation import gettext as _

from imports.errors import TableRefused

LARGEST = 10 * 1024 * 1024  # bytes
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\x00", b"MM\x00*")
ARCHIVES = (b"\x1f\x8b", b"7z\xbc\xaf\x27\x1c", b"Rar!", b"\xfd7zXZ")
OLD_EXCEL = (b"\x09\x08\x10\x00", b"\x09\x08\x08\x00", b"\x09\x04\x06\x00", b"\x09\x02\x06\x00")
WEB_PAGE = re.compile(rb"\s*(<!doctype html|<html|<table|<meta|mime-version:)", re.IGNORECASE)


def is_workbook(data: bytes) -> bool:
    """Whether it may be a workbook (XLSX), which is a ZIP file; no text begins so. Raises
    TableRefused for what is no table at all, and for what is too large."""
    if len(data) > LARGEST:
        raise TableRefused(_("The file is larger than 10 MB. Import it in several parts."))
    if data.startswith(ZIP):
        return True
    sentence = _other_kind(data)
    if sentence:
        raise TableRefused(sentence)
    return False


def _other_kind(data: bytes) -> str:
    """What it is instead of a table, in a sentence; empty if it may be a text."""
    start = data[:1024].removeprefix(b"\xef\xbb\xbf")
    if data.startswith(OLE) and ENCRYPTED in data:
        return _("The file is protected by a password. Save it without one, and upload that.")
    if data.startswith((OLE, *OLD_EXCEL)):
        return _(
            "This is a file of an old Office program (.xls). Save it as an Excel workbook (.xlsx) "
            "or as CSV, and upload that."
        )
    if WEB_PAGE.match(start):
        return _(
            "This is a web page, whatever it is called. Open it in your spreadsheet program, save "
            "it as an Excel workbook (.xlsx), and upload that."
        )
    if start.lstrip().startswith(b"<?xml"):
        return _(
            "This is an XML file. Open it in your spreadsheet program, save it as an Excel "
            "workbook (.xlsx), and upload that."
        )
    if start.startswith((b"%PDF", b"{\\rtf", *PICTURES)):
        return _("This is a document or a picture. Upload a CSV file or an Excel workbook.")
    if start.startswith(ARCHIVES):
        return _("This is an archive. Unpack it, and upload the table that is in it.")
    return ""
