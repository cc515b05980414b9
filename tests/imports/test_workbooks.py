"""Workbooks (XLSX): values as they are meant, one sentence for what can't be read, and an end to
whatever asks for more than there is."""

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.styles import Font

from imports import workbook, workbooks
from imports.errors import TableRefused
from imports.models import DataImport
from imports.verbs import columns, files
from licenses.models import License
from tenancy.door import inside
from tests.imports.test_customers import confirmed, customers, problems, started
from tests.imports.workbooks import (
    HEAD,
    MAIN,
    TYPES,
    by_hand,
    inline,
    made,
    saved,
    sheet,
    zipped,
)
from tests.licenses.test_imports import KEY
from tests.world import World

NAMES = ("email", "first_name", "last_name", "company")
EVE = ("eve@example.com", "Eve", "Müller", "Grüße")
BOTH = inline(*NAMES) + inline(*EVE)
SHARED = f'<sst xmlns="{MAIN}">%s</sst>'


def refused(world: World, data: bytes) -> str:
    """The sentence by which a workbook is refused, of which nothing is kept then."""
    row = started(world, data)
    assert (row.state, row.content, bytes(row.original)) == ("refused", "", b"")
    sentence: str = row.preview["failure"]
    return sentence


# --- As programs write them ---------------------------------------------------------------------


def cells(*texts: str) -> str:
    """A row of shared strings by their places, with the numbers of rows and cells."""
    return "".join(
        f'<c r="{name}" t="s"><v>{at}</v></c>'
        for name, at in zip(texts[::2], texts[1::2], strict=True)
    )


VARIANTS = {
    "openpyxl": made([NAMES, EVE]),
    "texts in the sheet, no numbers": by_hand(sheet(BOTH)),
    "absolute targets": by_hand(sheet(BOTH), prefix="/xl/"),
    "a size that is too small": by_hand(sheet(BOTH, before='<dimension ref="A1"/>')),
    "a size that is huge": by_hand(sheet(BOTH, before='<dimension ref="A1:XFD1048576"/>')),
    "a size that is none": by_hand(
        sheet(BOTH, before='<dimension ref="A1:"/>'.replace("A1:", "A1"))
    ),
    "prefixes": by_hand(
        f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData>'
        + BOTH.replace("<", "<x:").replace("<x:/", "</x:")
        + "</x:sheetData></x:worksheet>"
    ),
    "rich texts, phonetics and shared strings": by_hand(
        sheet(
            "".join(
                f'<row r="{row}">'
                + "".join(
                    f'<c r="{c}{row}" t="s"><v>{at + (row - 1) * 4}</v></c>'
                    for at, c in enumerate("ABCD")
                )
                + "</row>"
                for row in (1, 2)
            )
        ),
        SHARED
        % (
            "".join(f"<si><t>{name}</t></si>" for name in NAMES)
            + "<si><r><t>eve@</t></r><r><rPr><b/></rPr><t>example.com</t></r></si>"
            + "<si><t>Eve</t><rPh sb='0' eb='1'><t>ignored</t></rPh></si>"
            + '<si><t xml:space="preserve"> Müller </t></si><si><t>Grüße</t></si>'
        ),
    ),
    "blank rows and rows of formats": by_hand(
        sheet(
            '<row r="2"/><row r="3"><c r="A3"/><c r="Z3"/></row>'
            + BOTH.replace("<row>", '<row r="5">', 1).replace("<row>", '<row r="9">', 1)
        )
    ),
    "a picture, macros and a theme beside it": by_hand(
        sheet(BOTH),
        parts={
            "xl/vbaProject.bin": b"\x00",
            "xl/media/image1.png": b"x",
            "docProps/app.xml": b"<a/>",
        },
    ),
    "UTF-16": by_hand(
        "",
        parts={
            "xl/worksheets/sheet1.xml": f'<?xml version="1.0" encoding="UTF-16"?>{sheet(BOTH)}'.encode(
                "utf-16"
            )
        },
    ),
    "stored, not packed": None,
}


def stored() -> bytes:
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(made([NAMES, EVE]))) as source,
        zipfile.ZipFile(file, "w") as target,
    ):
        for name in source.namelist():
            target.writestr(name, source.read(name))
    return file.getvalue()


@pytest.mark.parametrize("name", VARIANTS)
def test_a_workbook_is_read_whatever_has_written_it(world: World, name: str) -> None:
    row = started(world, VARIANTS[name] or stored())
    assert row.state == "ready", (row.preview, row.layout)
    assert confirmed(world, row).state == "done"
    assert customers(world)["eve@example.com"] == ("Eve", "Müller", "Grüße")


def test_looks_count_for_nothing(world: World) -> None:
    book = Workbook()
    page = book.active
    page.title = "Customers"
    for line in (NAMES, EVE):
        page.append(line)
    for column in range(1, 300):
        page.cell(1, column).font = Font(bold=True)
    page.freeze_panes = "A2"
    page.auto_filter.ref = "A1:D2"
    page.column_dimensions["B"].hidden = True
    assert started(world, saved(book)).state == "ready"


def test_a_file_is_known_by_what_is_in_it_and_not_by_its_name(world: World) -> None:
    with inside(world.acme):
        row = files.start(
            vendor=world.acme,
            kind="customers",
            file_name="people.csv",
            data=made([NAMES, EVE]),
            options={},
        )
        row.refresh_from_db()
    assert row.state == "ready"


# --- Values -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Ada", "Ada"),
        (3, "3"),
        (3.0, "3"),
        (-1, "-1"),
        (1.5, "1.5"),
        (0.1 + 0.2, "0.3"),
        (123456789012345, "123456789012345"),
        (True, "TRUE"),
        (date(2027, 12, 31), "2027-12-31"),
        (datetime(2027, 12, 31), "2027-12-31"),
        (datetime(2027, 12, 31, 18, 0), "2027-12-31T18:00:00"),
        (time(18, 30), "18:30:00"),
        (timedelta(hours=30), "1 day, 6:00:00"),
        ("two\nlines", "two\nlines"),
        ("a_x000D_b", "a\rb"),
        ("a_x0000_b_xD800_", "a\ufffdb\ufffd"),
        ("00123", "00123"),
    ],
)
def test_a_value_becomes_the_text_that_is_meant(value: Any, text: str) -> None:
    _about, line = workbook.read(made([["x", value]]), "")
    assert line[1] == ["x", text]
    assert line[2] == {}


def test_a_date_cell_is_a_day_and_a_number_a_number(world: World) -> None:
    head = ("product", "email", "key", "expires_at", "allowed_activations", "validity_days")
    rows = [
        head,
        ("Orbit", "eve@example.com", KEY, date(2027, 12, 31), 5, None),
        ("Orbit", "eve@example.com", f"{KEY}2", None, 3.0, 0.5),
    ]
    row = confirmed(world, started(world, made(rows), "licenses"))
    assert row.state == "done", row.errors
    with inside(world.acme):
        first, second = License.objects.get(key=KEY), License.objects.get(key=f"{KEY}2")
    assert (first.expires_on, first.allowed_activations) == (date(2027, 12, 31), 5)
    assert (second.subscription_interval, second.allowed_activations) == ("PT12H", 3)


@pytest.mark.parametrize("epoch", [False, True])
def test_days_are_counted_from_the_workbooks_own_beginning(epoch: bool) -> None:
    from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900

    book = Workbook()
    book.epoch = CALENDAR_MAC_1904 if epoch else CALENDAR_WINDOWS_1900
    book.active.append([date(2027, 12, 31)])
    assert workbook.read(saved(book), "")[1][1] == ["2027-12-31"]


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("=A1", "This is a formula whose result is not in the file."),
        ("=1/0", "This is a formula whose result is not in the file."),
        ("#N/A", "This is a formula that failed."),
        ("#DIV/0!", "This is a formula that failed."),
        (1234567890123456, "This is a number of more than 15 digits"),
        (1.5e300, "This is a number of more than 15 digits"),
    ],
)
def test_what_is_no_value_is_told_cell_by_cell(world: World, value: Any, sentence: str) -> None:
    rows = [NAMES, EVE, ("zoe@example.com", value, "", "")]
    [[row, column, told]] = problems(world, made(rows))
    assert (row, column) == (3, "first_name")
    assert told.startswith(sentence)


def test_a_formula_counts_by_its_result(world: World) -> None:
    formula = '<c r="B2" t="str"><f>UPPER("eve")</f><v>EVE</v></c><c r="C2"><f>1+1</f><v>2</v></c>'
    text = '<c r="D2" t="inlineStr"><is><t>=no formula</t></is></c>'
    row = f'<row r="2"><c r="A2" t="inlineStr"><is><t>eve@example.com</t></is></c>{formula}{text}</row>'
    confirmed(world, started(world, by_hand(sheet(inline(*NAMES) + row))))
    assert customers(world)["eve@example.com"] == ("EVE", "2", "=no formula")


def test_a_shared_formula_counts_by_its_result_and_its_lack_is_told(world: World) -> None:
    first = '<c r="B2" t="str"><f t="shared" ref="B2:B3" si="0">A2</f><v>Eve</v></c>'
    second = '<c r="B3"><f t="shared" si="0"/></c>'
    rows = "".join(
        f'<row r="{n}"><c r="A{n}" t="inlineStr"><is><t>n{n}@example.com</t></is></c>{cell}</row>'
        for n, cell in ((2, first), (3, second))
    )
    told = problems(world, by_hand(sheet(inline(*NAMES) + rows)))
    assert [each[:2] for each in told] == [[3, "first_name"]]


def test_what_is_odd_in_a_column_that_is_left_out_does_not_matter(world: World) -> None:
    row = started(world, made([("email", "Total"), ("eve@example.com", "=1+1")]))
    with inside(world.acme):
        columns.answer(row, ["email", ""])
        row.refresh_from_db()
    assert row.state == "ready"


def test_cells_that_others_cover_are_told_and_those_of_a_title_are_not(world: World) -> None:
    book = Workbook()
    page = book.active
    for line in (("Customers",), NAMES, EVE, ("zoe@example.com", "Zoe", "Z")):
        page.append(line)
    page.merge_cells("A1:D1")
    assert started(world, saved(book)).state == "ready"
    page.merge_cells("D3:D4")
    assert [each[:2] for each in problems(world, saved(book))] == [[4, "company"]]


# --- Sheets -------------------------------------------------------------------------------------


def test_hidden_and_empty_sheets_are_no_question(world: World) -> None:
    row = started(world, made([NAMES, EVE], Empty=[], hidden=[("x",)]))
    assert (row.state, row.layout["sheet"], row.layout["sheets"]) == (
        "ready",
        "Customers",
        ["Customers"],
    )


@pytest.mark.takes_turns
def test_of_several_sheets_the_one_with_headings_is_offered_and_another_can_be_chosen(
    world: World,
) -> None:
    other = [("E-Mail", "Vorname"), ("zoe@example.com", "Zoe")]
    row = started(world, made([("Read me",)], People=[NAMES, EVE], Old=other, hidden=[("x",)]))
    assert (row.state, row.layout["sheet"]) == ("asking", "People")
    assert row.layout["sheets"] == ["Customers", "People", "Old"]
    with inside(world.acme):
        columns.read_otherwise(row, sheet="Customers")
        row.refresh_from_db()
        assert (row.state, row.layout["columns"]) == ("asking", [])
        assert row.layout["refused"] == "The file has no rows below its header."
        columns.read_otherwise(row, sheet="Old")
        row.refresh_from_db()
        assert (row.state, row.layout["sheet"]) == ("asking", "Old")
        columns.answer(row, ["email", "first_name"])
        row.refresh_from_db()
    assert confirmed(world, row).state == "done"
    assert customers(world)["zoe@example.com"] == ("Zoe", "", "")
    assert "eve@example.com" not in customers(world)


def test_hidden_sheets_alone_are_refused(world: World) -> None:
    assert "are hidden" in refused(world, made([], hidden=[NAMES, EVE]))


# --- What is no workbook ------------------------------------------------------------------------

ODS = "application/vnd.oasis.opendocument.spreadsheet"


def cut() -> bytes:
    return made([NAMES, EVE])[:-300]


def bent() -> bytes:
    """One byte in the middle of what is packed is another one."""
    data = bytearray(made([[f"{n}{n * 7919 % 1000}" for n in range(100)] for _ in range(50)]))
    data[len(data) // 3] ^= 0xFF
    return bytes(data)


OTHERS = {
    "ods": (zipped({"mimetype": ODS, "content.xml": "<a/>"}), "an OpenDocument file (.ods)"),
    "numbers": (zipped({"Index/Document.iwa": "x"}), "a document of Apple Numbers"),
    "xlsb": (zipped({"[Content_Types].xml": "", "xl/workbook.bin": "x"}), "a binary workbook (.xlsb)"),
    "docx": (zipped({"[Content_Types].xml": "", "word/document.xml": "x"}), "another kind of Office document"),
    "pptx": (zipped({"[Content_Types].xml": "", "ppt/presentation.xml": "x"}), "another kind of Office document"),
    "zip": (zipped({"people.csv": "email\n"}), "This is a ZIP file."),
    "epub": (zipped({"mimetype": "application/epub+zip"}), "This is a ZIP file."),
    "empty zip": (zipped({}), "This is a ZIP file."),
    "cut off": (cut(), "can't be read: it is damaged"),
    "bent": (bent(), "can't be read: it is damaged"),
    "no XML": (by_hand("<not xml"), "can't be read: it is damaged"),
    "no sheet": (zipped({"[Content_Types].xml": TYPES % ""}), "can't be read: it is damaged"),
    "nothing in it": (made([]), "The workbook is empty."),
    "header alone": (made([NAMES]), "The file has no rows below its header."),
    "strict": (
        by_hand(
            sheet(BOTH),
            parts={"xl/workbook.xml": b'<workbook xmlns="http://purl.oclc.org/ooxml/spreadsheetml/main"/>'},
        ),
        "“Strict Open XML”",
    ),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_workbook_is_told_in_a_sentence(world: World, name: str) -> None:
    data, sentence = OTHERS[name]
    assert sentence in refused(world, data)


def test_a_part_that_is_locked_is_told(world: World) -> None:
    data = bytearray(made([NAMES, EVE]))
    at = data.rindex(b"PK\x01\x02")
    data[at + 8] |= 1
    assert "protected by a password" in refused(world, bytes(data))


# --- Bombs --------------------------------------------------------------------------------------

TENFOLD = "".join(
    f"<!ENTITY {name} '{f'&{before};' * 10}'>"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
LAUGHS = f"<!DOCTYPE z [<!ENTITY a 'lol'>{TENFOLD}]>"
OUTSIDE = '<!DOCTYPE z [<!ENTITY i SYSTEM "file:///etc/passwd">]>'
ONE = "<!DOCTYPE z [<!ENTITY i 'eve@example.com'>]>"
CELL = '<row><c t="str"><v>%s</v></c></row>'


@pytest.mark.parametrize("doctype", [LAUGHS, OUTSIDE, ONE])
@pytest.mark.parametrize("place", ["sheet", "strings", "workbook", "types"])
def test_entities_are_refused_wherever_they_stand(world: World, doctype: str, place: str) -> None:
    at_sheet = f"{HEAD}{doctype}{sheet(CELL % '&i;')}"
    if place == "sheet":
        data = by_hand(at_sheet)
    elif place == "strings":
        data = by_hand(
            sheet('<row><c t="s"><v>0</v></c></row>'),
            f"{HEAD}{doctype}{SHARED % '<si><t>&i;</t></si>'}",
        )
    else:
        name = {"workbook": "xl/workbook.xml", "types": "[Content_Types].xml"}[place]
        data = by_hand(sheet(CELL % "x"), parts={name: f"{HEAD}{doctype}<a>&i;</a>".encode()})
    assert "entities" in refused(world, data)


def test_more_than_fifty_megabytes_unpacked_are_refused(world: World) -> None:
    data = by_hand(sheet(" " * (51 * 1024 * 1024)))
    assert len(data) < 100_000
    assert "larger than 50 MB unpacked" in refused(world, data)


def test_many_parts_count_together(world: World) -> None:
    data = by_hand(sheet(BOTH), parts={f"xl/media/{n}": b" " * (1024 * 1024) for n in range(51)})
    assert "larger than 50 MB unpacked" in refused(world, data)


def test_a_part_that_says_to_be_smaller_than_it_is_is_not_believed(world: World) -> None:
    data = bytearray(by_hand(sheet(BOTH + " " * 1_000_000)))
    at = data.rindex(b"PK\x01\x02")  # the sheet's entry is the last
    data[at + 24 : at + 28] = (100).to_bytes(4, "little")
    assert "can't be read: it is damaged" in refused(world, bytes(data))


ALL_MERGED = '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'
LONG = SHARED % f"<si><t>{'x' * 200_000}</t></si>"
TOO_MUCH: dict[str, Callable[[], bytes]] = {
    "Too many cells of the sheet are merged": lambda: by_hand(sheet(BOTH, after=ALL_MERGED)),
    "more than 100 columns": lambda: made([[f"c{n}" for n in range(101)], ["x"]]),
    "more than 10 MB of text": lambda: by_hand(
        sheet("<row>" + '<c t="s"><v>0</v></c>' * 100 + "</row>"), LONG
    ),
    "more than 20,000 rows": lambda: by_hand(
        sheet(inline("email") + inline("x@y.example") * 20_001)
    ),
}


@pytest.mark.parametrize("sentence", TOO_MUCH)
def test_what_is_too_much_is_told(world: World, sentence: str) -> None:
    assert sentence in refused(world, TOO_MUCH[sentence]())


@pytest.mark.takes_turns
def test_a_cell_at_the_far_end_is_no_problem_as_long_as_it_is_empty(world: World) -> None:
    far = '<row r="1048576"><c r="XFD1048576"/></row>'
    assert started(world, by_hand(sheet(BOTH + far))).state == "ready"


@pytest.mark.takes_turns
def test_memory_has_an_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With less of it, so that it does not take long: a sheet of one row of a million cells."""
    small = tmp_path / "workbook.py"
    small.write_text(Path(workbook.__file__).read_text().replace("MEMORY = 1024", "MEMORY = 128"))
    monkeypatch.setattr(workbooks, "READER", small)
    with pytest.raises(TableRefused, match="too much memory"):
        workbooks.read(by_hand(sheet(f"<row>{'<c/>' * 1_000_000}</row>")), ())


@pytest.mark.takes_turns
def test_time_has_an_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With less of it: a row whose number is beyond all sheets."""
    short = tmp_path / "workbook.py"
    short.write_text(Path(workbook.__file__).read_text().replace("SECONDS = 120", "SECONDS = 1"))
    monkeypatch.setattr(workbooks, "READER", short)
    far = '<row r="4000000000"><c t="str"><v>x</v></c></row>'
    with pytest.raises(TableRefused, match="takes too long"):
        workbooks.read(by_hand(sheet(far)), ())


@pytest.mark.takes_turns
def test_waiting_has_an_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asleep = tmp_path / "workbook.py"
    asleep.write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setattr(workbooks, "READER", asleep)
    monkeypatch.setattr(workbooks, "SECONDS", 1)
    with pytest.raises(TableRefused, match="takes too long"):
        workbooks.read(made([NAMES]), ())


def test_a_process_that_does_not_start_is_no_fault_of_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "workbook.py"
    broken.write_text("import not_installed\n")
    monkeypatch.setattr(workbooks, "READER", broken)
    with pytest.raises(RuntimeError, match="No module named 'not_installed'"):
        workbooks.read(made([NAMES]), ())


def test_the_process_knows_nothing_of_the_portals_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = tmp_path / "told.json"
    asked = tmp_path / "workbook.py"
    asked.write_text(
        "import json, os, sys\n"
        f"json.dump([dict(os.environ), 'django' in sys.modules], open({str(told)!r}, 'w'))\n"
        'print(json.dumps({"refused": "zip"}))\n'
    )
    monkeypatch.setattr(workbooks, "READER", asked)
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    with pytest.raises(TableRefused):
        workbooks.read(b"PK", ())
    environment, has_django = json.loads(told.read_text())
    assert set(environment) <= {"LC_CTYPE"}
    assert not has_django


def test_the_program_has_its_limits_and_can_write_no_file(tmp_path: Path) -> None:
    source = (
        Path(workbook.__file__)
        .read_text()
        .replace(
            "    try:\n        lines = list(",
            f"    try:\n        open({str(tmp_path / 'x')!r}, 'w').write('x' * 100_000)\n        lines = list(",
        )
    )
    tried = tmp_path / "workbook.py"
    tried.write_text(source)
    ran = subprocess.run([sys.executable, "-I", tried], input=made([NAMES]), capture_output=True)
    assert ran.returncode < 0 or b"refused" in ran.stdout
    assert (tmp_path / "x").stat().st_size == 0


# --- The job ------------------------------------------------------------------------------------


def test_a_workbook_waits_for_the_worker_and_nothing_is_read_before(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any) -> None:
        raise AssertionError("The request has read it.")

    monkeypatch.setattr(workbooks, "read", never)
    queued: list[dict[str, str]] = []
    monkeypatch.setattr(type(files.check), "enqueue", lambda _task, **given: queued.append(given))
    row = started(world, made([NAMES, EVE]))
    assert (row.state, row.rows, row.content) == ("reading", 0, "")
    monkeypatch.undo()
    for _again in range(2):
        files.check.call(**queued[0])
    with inside(world.acme):
        row.refresh_from_db()
        assert (row.state, row.rows, DataImport.objects.count()) == ("ready", 1, 1)


def test_a_workbook_whose_job_was_lost_is_read_by_another(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(files.check), "enqueue", lambda _task, **_given: None)
    row = started(world, made([NAMES, EVE]))
    monkeypatch.undo()
    with inside(world.acme):
        long_ago = row.created_at - timedelta(hours=1)
        DataImport.objects.filter(pk=row.pk).update(updated_at=long_ago)
    assert files.go_on() == 1
    with inside(world.acme):
        row.refresh_from_db()
    assert row.state == "ready"
