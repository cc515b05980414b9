"""Workbooks (XLSX) as records, read by a process of their own (workbook.py). Knows no model."""

import json
import subprocess
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from signal import SIGXCPU

from django.utils.translation import gettext as _

from imports.errors import TableRefused
from imports.tables import Record, names_in

READER = Path(__file__).with_name("workbook.py")
SECONDS = 300  # by the clock; a processor's time ends sooner (workbook.SECONDS)


@dataclass(frozen=True, slots=True)
class Workbook:
    """What is in it: the sheet that was read, of all that can be seen and are not empty the first
    rows, and of the one that was read all as lines of JSON."""

    sheet: str
    sheets: dict[str, list[list[str]]]
    lines: list[str]

    def records(self) -> Iterator[Record]:
        for line in self.lines:
            number, cells, odd = json.loads(line)
            yield Record(number, cells, {int(at): name for at, name in odd.items()})


def read(data: bytes, known: Collection[str], sheet: str = "") -> Workbook:
    """Reads the sheet, or the one that has the most headings that are `known`. Raises
    TableRefused."""
    workbook = _read(data, sheet)
    best = max(workbook.sheets, key=lambda name: _worth(workbook.sheets[name], known))
    return workbook if sheet or best == workbook.sheet else _read(data, best)


def _worth(rows: list[list[str]], known: Collection[str]) -> int:
    return max(names_in(cells, known) for cells in rows)


def _read(data: bytes, sheet: str) -> Workbook:
    # With no setting of the portal's, and what it complains of stays where it is.
    command = [sys.executable, "-I", str(READER), sheet]
    try:
        ran = subprocess.run(  # noqa: PLW1510  how it ended is looked at
            command, input=data, capture_output=True, env={}, timeout=SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise TableRefused(_sentence("time")) from error
    if ran.returncode < 0 or ran.stderr.rstrip().endswith(b"MemoryError"):
        # It was ended at one of its limits, or had no room left to say so.
        raise TableRefused(_sentence("time" if ran.returncode == -SIGXCPU else "memory"))
    if ran.returncode:
        raise RuntimeError(ran.stderr.decode(errors="replace")[-1000:])  # no fault of the file's
    first, *lines = ran.stdout.decode().splitlines()
    about = json.loads(first)
    if "refused" in about:
        raise TableRefused(_sentence(about["refused"]))
    return Workbook(about["sheet"], about["sheets"], lines)


def _sentence(name: str) -> str:
    """What is wrong and what to do, for what the process says."""
    return {
        "columns": _("The sheet has more than 100 columns. Delete those that are not needed."),
        "damaged": _(
            "The workbook can't be read: it is damaged, or its program writes it in its own way. "
            "Save the sheet as “CSV UTF-8” and upload that."
        ),
        "empty": _("The workbook is empty. Its first row names the columns."),
        "entities": _(
            "The workbook has entities in its XML, which no spreadsheet program writes. Open it in "
            "yours and save it anew."
        ),
        "hidden": _("All sheets of the workbook that have rows are hidden. Show the one to read."),
        "large": _("The workbook is larger than 50 MB unpacked. Save the sheet as “CSV UTF-8”."),
        "memory": _("Reading the workbook takes too much memory. Save the sheet as “CSV UTF-8”."),
        "merged": _("Too many cells of the sheet are merged. Split them and fill in each."),
        "numbers": _(
            "This is a document of Apple Numbers. Export it as Excel (.xlsx) or CSV, and upload "
            "that."
        ),
        "ods": _(
            "This is an OpenDocument file (.ods). Save it as an Excel workbook (.xlsx) or as CSV, "
            "and upload that."
        ),
        "office": _("This is no spreadsheet but another kind of Office document."),
        "password": _("The file is protected by a password. Save it without one, and upload that."),
        "strict": _(
            "The workbook is saved as “Strict Open XML”. Save it as an ordinary Excel workbook "
            "(.xlsx), and upload that."
        ),
        "text": _("The sheet has more than 10 MB of text. Import it in several parts."),
        "time": _("Reading the workbook takes too long. Save the sheet as “CSV UTF-8”."),
        "xlsb": _(
            "This is a binary workbook (.xlsb). Save it as an Excel workbook (.xlsx) or as CSV, "
            "and upload that."
        ),
        "zip": _("This is a ZIP file. Unpack it, and upload the table that is in it."),
    }[name]
