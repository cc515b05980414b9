"""CSV files as Excel and others write them: whatever can be read is, the rest is told in one
sentence."""

import csv
import io
from typing import Any

import pytest

from imports.errors import TableRefused
from imports.models import DataImport
from imports.verbs import columns
from tenancy.door import inside
from tests.imports.test_customers import confirmed, customers, problems, started
from tests.world import World

HEAD = "email;first_name;last_name;company"
EVE = "eve@example.com;Eve;Müller;Grüße"
MULLER = ("Eve", "Müller", "Grüße")


def imported(world: World, data: str | bytes) -> dict[str, tuple[str, str, str]]:
    """The customers once a file is imported about which nothing has to be said."""
    assert confirmed(world, started(world, data)).state == "done"
    return customers(world)


# --- Shapes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        f"\r\n{HEAD}\r\n{EVE}\r\n",
        f"\n\n \n;;;\n{HEAD}\n{EVE}\n",
        f"sep=;\r\n{HEAD}\r\n{EVE}\r\n",
        f'"sep=;"\r\n{HEAD}\r\n{EVE}\r\n',
        f"SEP=;\n{HEAD}\n{EVE}",
        f"\ufeffsep=;\r\n{HEAD}\r\n{EVE}\r\n",
        f"{HEAD};;\r\n{EVE};;\r\n",
        f"{HEAD};;;\n{EVE}\n",
        f";{HEAD}\n;{EVE}\n",
        f"email;;first_name;last_name;;company\n{EVE.replace(';', ';;', 1).replace(';Gr', ';;Gr')}\n",
        f"{HEAD};\n{EVE};;;;;;;\n",
        f"{HEAD}\n{EVE}\n ; ; ; \n\u00a0;\t;;\n;;;\n\n",
        f"\ufeff\ufeff{HEAD}\n{EVE}\n",
        f"{HEAD}\r{EVE}\r",
        f"{HEAD}\r\r\n{EVE}\r\r\n",
        f"{HEAD.replace(';', '|')}\n{EVE.replace(';', '|')}\n",
        f"{HEAD.replace(';', chr(9))}\n{EVE.replace(';', chr(9))}\n",
        f"{HEAD.replace(';', ', ')}\n{EVE.replace(';', ', ')}\n",
        '"email", "first_name", "last_name", "company"\n"eve@example.com", "Eve", "Müller", "Grüße"',
        f"EMAIL;First Name;LAST-NAME;Company \n{EVE}\n",
        f"E-Mail;first name;Last_Name;company\n{EVE}\n",
        f"e mail;FirstName;last.name;COMPANY\n{EVE}\n",
        f"Customers 2026\n\nby Grace, of sales\n{HEAD}\n{EVE}\n",
        f"{HEAD}\n{EVE}\n\x1a",
        f"{HEAD}\n\u00a0eve@example.com ;Eve\u00a0;\ufeffMüller;Grüße\n",
    ],
)
def test_a_file_is_read_as_it_comes(world: World, text: str) -> None:
    assert imported(world, text)["eve@example.com"] == MULLER


def test_cells_that_are_missing_at_the_end_are_empty(world: World) -> None:
    found = imported(world, f"{HEAD}\na1@example.com;A;B\na2@example.com\n\na3@example.com;C\n")
    assert found["a1@example.com"] == ("A", "B", "")
    assert found["a2@example.com"] == ("", "", "")
    assert found["a3@example.com"] == ("C", "", "")


def test_a_row_has_the_number_that_a_spreadsheet_gives_it(world: World) -> None:
    text = f'sep=;\n\n{HEAD}\neve@example.com;"E";;\n\n;;;\nx;"A\nB";;\n'
    assert [(row, column) for row, column, _sentence in problems(world, text)] == [
        (6, "email"),
        (6, "first_name"),
    ]


def test_quotes_hold_line_breaks_delimiters_and_quotes(world: World) -> None:
    text = f'{HEAD}\neve@example.com;"Eve ""E"" ";"O;Neil, \'x\'";\n'
    assert imported(world, text)["eve@example.com"] == ('Eve "E"', "O;Neil, 'x'", "")
    told = problems(world, f'{HEAD}\nzoe@example.com;"Z\r\noe";;\n')
    assert told == [[2, "first_name", "There is a line break in it: write it in one line."]]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (f"{HEAD}\neve@example.com;Eve;M;C;more\n", "This row has 5 cells, and the header has 4."),
        (f"{HEAD}\neve@example.com;#N/A;;\n", "This is a formula that failed."),
        (f"{HEAD}\neve@example.com;#REF!;;\n", "This is a formula that failed."),
    ],
)
def test_what_is_wrong_with_a_row_is_said(world: World, text: str, sentence: str) -> None:
    [[row, _column, told]] = problems(world, text)
    assert (row, told.startswith(sentence)) == (2, True)


# --- Letters ------------------------------------------------------------------------------------

TEXT = f"{HEAD}\r\n{EVE}\r\n"


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        b"\xfe\xff" + TEXT.encode("utf-16-be"),
        b"\xff\xfe" + TEXT.replace(";", "\t").encode("utf-16-le"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
        TEXT.encode("utf-32"),
        b"\xef\xbb\xbf" * 3 + TEXT.encode(),
        b"\xff\xfe" + ("\ufeffsep=;\r\n" + TEXT).encode("utf-16-le"),
    ],
)
def test_unicode_is_read_without_a_question(world: World, data: bytes) -> None:
    assert imported(world, data)["eve@example.com"] == MULLER


@pytest.mark.parametrize(
    ("letters", "text"),
    [
        ("cp1252", TEXT),
        ("cp1252", TEXT.replace("Müller", "Œuvre – “€”")),
        ("cp850", TEXT),
        ("mac_roman", TEXT),
        ("cp1250", TEXT.replace("Müller", "Łódź")),
        ("cp1251", TEXT.replace("Müller", "Иванова").replace("Grüße", "Союз")),
        ("cp1253", TEXT.replace("Müller", "Παπά").replace("Grüße", "Ήλιος")),
        ("cp1254", TEXT.replace("Müller", "Yıldız")),
        ("cp932", TEXT.replace("Müller", "山田").replace("Grüße", "東京")),
        ("gb18030", TEXT.replace("Müller", "王").replace("Grüße", "北京")),
    ],
)
def test_other_letters_are_shown_for_a_look_first(world: World, letters: str, text: str) -> None:
    row = started(world, text.encode(letters))
    assert (row.state, row.preview) == ("asking", {})
    assert row.layout["line"] == 2
    assert row.layout["letters"] != ""
    with inside(world.acme):
        if row.layout["letters"] != letters:
            columns.read_otherwise(row, letters=letters)
            row.refresh_from_db()
        assert (row.state, row.layout["letters"]) == ("asking", letters)
        columns.answer(row, ["email", "first_name", "last_name", "company"])
        row.refresh_from_db()
    _email, first, last, company = text.splitlines()[1].split(";")
    assert confirmed(world, row).state == "done"
    assert customers(world)["eve@example.com"] == (first, last, company)


def test_windows_1252_is_the_first_guess_and_its_cells_are_shown(world: World) -> None:
    row = started(world, TEXT.encode("cp1252"))
    assert row.layout["letters"] == "cp1252"
    assert row.layout["foreign"] == ["Müller", "Grüße"]


def test_what_windows_1252_does_not_have_is_guessed_to_be_other_letters(world: World) -> None:
    row = started(world, TEXT.encode("cp850"))  # ü is 0x81, which is nothing in Windows-1252
    assert row.layout["letters"] not in {"", "cp1252"}


def test_letters_that_do_not_fit_are_refused_and_nothing_changes(world: World) -> None:
    row = started(world, TEXT.encode("cp1252"))
    with inside(world.acme), pytest.raises(TableRefused, match="Shift JIS"):
        columns.read_otherwise(row, letters="cp932")
    with inside(world.acme):
        assert DataImport.objects.get().layout["letters"] == "cp1252"


def test_ascii_letters_alone_are_no_question(world: World) -> None:
    assert (
        started(
            world, TEXT.encode().replace("ü".encode(), b"ue").replace("ß".encode(), b"ss")
        ).state
        == "ready"
    )


# --- What is no CSV file ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 512, "an old Office program (.xls)"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "The file is protected by a password.",
        ),
        (b"\x09\x08\x10\x00\x00\x06\x05\x00", "an old Office program (.xls)"),
        (b"<html><table><tr><td>email</td></tr></table></html>", "This is a web page"),
        (b"\xef\xbb\xbf \n<!DOCTYPE HTML>\n<p>email", "This is a web page"),
        (b"MIME-Version: 1.0\nContent-Type: multipart/related", "This is a web page"),
        (b'<?xml version="1.0"?><Workbook/>', "This is an XML file."),
        (b"%PDF-1.7\n", "This is a document or a picture."),
        (b"{\\rtf1 email}", "This is a document or a picture."),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "This is a document or a picture."),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "This is a document or a picture."),
        (b"\x1f\x8b\x08\x00", "This is an archive."),
        (b"7z\xbc\xaf\x27\x1c\x00", "This is an archive."),
        (b"Rar!\x1a\x07", "This is an archive."),
        (bytes(range(256)) * 8, "NUL characters"),
        (b"email\n\x07\x08\x1b", "The file is no text"),
        (b'email\n"eve@example.com\n', "a quotation mark is not closed"),
        (b'email\n"eve"x@example.com\n', "a quotation mark is not closed"),
        (b"\xff\xfe", "The file is empty."),
        (b"sep=;\r\n", "The file is empty."),
        (b"\r\n \r\n\t\r\n", "The file is empty."),
        (b"sep=;\r\nemail\r\n;;\r\n", "The file has no rows below its header."),
    ],
)
def test_another_kind_of_file_is_told_in_a_sentence(
    world: World, data: bytes, sentence: str
) -> None:
    with pytest.raises(TableRefused) as refused:
        started(world, data)
    assert sentence in str(refused.value)


@pytest.mark.takes_turns
@pytest.mark.parametrize("n", [20_000, 20_001])
def test_twenty_thousand_rows_are_the_most(world: World, n: int) -> None:
    buffer = io.StringIO()
    csv.writer(buffer).writerows([["email"], *([f"n{at}@example.com"] for at in range(n))])
    if n > 20_000:
        with pytest.raises(TableRefused, match=r"more than 20,000 rows"):
            started(world, buffer.getvalue())
    else:
        assert started(world, buffer.getvalue()).rows == n


def test_a_hundred_columns_are_the_most(world: World) -> None:
    def of(n: int) -> Any:
        names = ";".join(f"c{at}" for at in range(n - 1))
        return started(world, f"email;{names}\neve@example.com{';x' * (n - 1)}\n")

    assert len(of(100).layout["columns"]) == 100
    with pytest.raises(TableRefused, match="The first row has 101 cells"):
        of(101)
