"""What the columns of a file mean: known, guessed, said, and remembered for the vendor."""

import csv
import io
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from audit.models import AuditEntry
from imports.errors import NotReady
from imports.forms import letters_of
from imports.headings import headings_of
from imports.kinds import KINDS
from imports.models import ColumnMeaning, DataImport
from imports.verbs import columns, files
from tenancy.door import inside
from tests.imports.test_customers import confirmed, customers, started
from tests.imports.workbooks import made
from tests.world import Browser, World, signed_in

GERMAN = "E-Mail-Adresse;Vorname;Nachname;Firma;Telefon\neve@example.com;Eve;Müller;Welt;123\n"
MEANS = ["email", "first_name", "last_name", "company", ""]


@pytest.fixture
def admin(world: World) -> Browser:
    return signed_in(world.acme_admin)


def said(world: World, row: DataImport, means: list[str]) -> DataImport:
    with inside(world.acme):
        columns.answer(row, means)
        row.refresh_from_db()
    return row


def offered(world: World, row: DataImport) -> list[str | None]:
    with inside(world.acme):
        headings = headings_of(row.kind, KINDS[row.kind].rows)
    from imports.verbs import reading

    return headings.offered(reading.columns_of(row))


# --- What is known ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "kind", "name"),
    [
        ("E-Mail", "customers", "email"),
        ("e mail", "customers", "email"),
        ("EMAIL", "customers", "email"),
        ("First name", "customers", "first_name"),
        ("lastName", "customers", "last_name"),
        ("Expires at", "licenses", "expires_at"),
    ],
)
def test_another_spelling_is_no_question(world: World, heading: str, kind: str, name: str) -> None:
    with inside(world.acme):
        known = headings_of(kind, KINDS[kind].rows)
    from imports.headings import key_of

    assert known.said[key_of(heading)] == name


@pytest.mark.parametrize(
    ("heading", "kind", "name"),
    [
        ("Email address", "customers", "email"),
        ("E-Mail-Adresse", "customers", "email"),
        ("Courriel", "customers", "email"),
        ("Vorname", "customers", "first_name"),
        ("Prénom", "customers", "first_name"),
        ("Prenom", "customers", "first_name"),
        ("NACHNAME", "customers", "last_name"),
        ("Nom de famille", "customers", "last_name"),
        ("Firma", "customers", "company"),
        ("Société", "customers", "company"),
        ("Lizenzschlüssel", "licenses", "key"),
        ("Serial number", "licenses", "key"),
        ("Clé de licence", "licenses", "key"),
        ("Gültig bis", "licenses", "expires_at"),
        ("Valable jusqu'au", "licenses", "expires_at"),
        ("Laufzeit in Tagen", "licenses", "validity_days"),
        ("Anzahl", "licenses", "allowed_activations"),
        ("Produkt", "licenses", "product"),
        ("Bemerkungen", "licenses", "notes"),
    ],
)
def test_words_of_others_are_offered_and_not_taken_for_granted(
    world: World, heading: str, kind: str, name: str
) -> None:
    head = ";".join([*(n for n in KINDS[kind].rows.required if n != name), heading, "phone"])
    row = started(world, f"{head}\n{'x;' * head.count(';')}x\n", kind)
    assert row.state == "asking"
    assert offered(world, row)[-2:] == [name, None]


def test_no_word_of_others_means_two_things() -> None:
    for kind in KINDS.values():
        own = {*kind.rows.required, *kind.rows.optional}
        words = [word for words in kind.rows.called.values() for word in words]
        assert len(set(words)) == len(words)
        assert set(kind.rows.called) <= own


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("email;phone\nx@y.example;1\n", ["email", None]),
        ("email;email\nx@y.example;z@y.example\n", ["email", None]),
        ("email;E-Mail\nx@y.example;z@y.example\n", ["email", None]),
        ("email;mail\nx@y.example;z@y.example\n", ["email", None]),
        ("email;\nx@y.example;1\n", ["email"]),
        ("email;;company\nx@y.example;1;Y\n", ["email", None, "company"]),
        ("email;;company\nx@y.example;;Y\n", ["email", "", "company"]),
        ("first_name\nEve\n", ["first_name"]),
        ("x@y.example;Eve\nz@y.example;Zoe\n", [None, None]),
        ("email;role;created\nx@y.example;user;today\n", ["email", "", ""]),
        ("email;!!!\nx@y.example;1\n", ["email", None]),
        (f"email;{'c' * 300}\nx@y.example;1\n", ["email", None]),
    ],
)
def test_what_is_not_known_is_asked(world: World, text: str, means: list[str | None]) -> None:
    row = started(world, text)
    assert [column["means"] for column in row.layout["columns"]] == means
    is_known = None not in means and "email" in means
    # A column of a row that the header has not is told of that row.
    longer = text.splitlines()[1].count(";") >= len(means)
    assert row.state == ("asking" if not is_known else "refused" if longer else "ready")


# --- Saying it ----------------------------------------------------------------------------------


def test_what_is_said_is_done_and_remembered_for_the_vendor_and_the_kind(world: World) -> None:
    row = said(world, started(world, GERMAN), MEANS)
    assert row.state == "ready"
    confirmed(world, row)
    assert customers(world)["eve@example.com"] == ("Eve", "Müller", "Welt")
    again = GERMAN.replace("E-Mail-Adresse", "E-MAIL ADRESSE").replace("eve@", "zoe@")
    assert started(world, again).state == "ready"
    assert started(world, GERMAN.replace("Telefon", "Telefax")).state == "asking"
    assert started(world, GERMAN, "licenses").state == "asking"
    with inside(world.globex):
        assert not ColumnMeaning.objects.exists()
        other = files.start(
            vendor=world.globex, kind="customers", file_name="x", data=GERMAN.encode(), options={}
        )
        assert other.state == "asking"
    with inside(world.acme):
        assert AuditEntry.objects.filter(action="columns-said", subject_id=row.pk).count() == 1


def test_what_is_said_later_counts(world: World) -> None:
    said(world, started(world, GERMAN), MEANS)
    row = started(world, GERMAN)
    assert row.state == "ready"
    row = said(world, row, ["email", "last_name", "first_name", "company", ""])
    assert (row.state, row.preview["rows"][0]["last_name"]) == ("ready", "Eve")
    assert started(world, GERMAN).preview["rows"][0]["first_name"] == "Müller"
    with inside(world.acme):
        assert ColumnMeaning.objects.count() == 5


def test_columns_of_one_name_are_asked_each_time(world: World) -> None:
    text = "mail;mail\neve@example.com;old@example.com\n"
    assert said(world, started(world, text), ["email", ""]).state == "ready"
    assert started(world, text).state == "asking"


@pytest.mark.parametrize(
    ("means", "error"),
    [
        (["", "first_name", "last_name", "company", ""], columns.ColumnMissing),
        (["email", "email", "last_name", "company", ""], columns.ColumnTwice),
        (["email"], NotReady),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_remembered(
    world: World, means: list[str], error: type[Exception]
) -> None:
    row = started(world, GERMAN)
    with inside(world.acme):
        with pytest.raises(error):
            columns.answer(row, means)
        row.refresh_from_db()
        assert row.state == "asking"
        assert not ColumnMeaning.objects.exists()


def test_who_comes_second_changes_nothing(world: World) -> None:
    row = started(world, GERMAN)
    with inside(world.acme):
        stale = DataImport.objects.get(pk=row.pk)
        columns.answer(row, MEANS)
        with pytest.raises(NotReady):
            columns.answer(stale, ["email", "", "", "", ""])
        with pytest.raises(NotReady):
            columns.read_otherwise(stale, letters="cp1252")
    with inside(world.acme):
        done = DataImport.objects.get(pk=row.pk)
    confirmed(world, done)
    with inside(world.acme), pytest.raises(NotReady):
        columns.answer(done, MEANS)


def test_problems_name_columns_as_the_file_does(world: World) -> None:
    row = said(world, started(world, GERMAN.replace("eve@example.com", "eve")), MEANS)
    assert row.errors == [[2, "E-Mail-Adresse", "This is not an e-mail address."]]


# --- Pages --------------------------------------------------------------------------------------


def upload(admin: Browser, data: bytes, kind: str = "customers") -> str:
    file = SimpleUploadedFile("people.csv", data)
    response = admin.post("/imports/dataimport/add/", {"kind": kind, "file": file})
    assert response.status_code == 302, response.content.decode()
    location: str = response["Location"]
    return location


def filled(page: str, **changes: str) -> dict[str, str]:
    """What a browser sends of the form as it is shown."""
    form = re.findall(r'<input type="hidden" name="seen" value="([^"]*)"', page)
    given = {"seen": form[0]}
    for name, options in re.findall(r'<select name="(\w+)".*?>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        given[name] = chosen[1] if chosen else ""
    return given | changes


def test_columns_are_said_on_a_page(world: World, admin: Browser) -> None:
    place = upload(admin, GERMAN.encode())
    response = admin.get(place)
    assert response.status_code == 302
    path = response["Location"]
    page = admin.get(path).content.decode()
    assert "How is people.csv read?" in page
    assert "eve@example.com" in page
    assert filled(page)["column_0"] == "email"
    assert filled(page)["column_4"] == ""
    refused = admin.post(path, filled(page))
    assert refused.status_code == 200
    assert "Choose what this column is, or leave it out." in refused.content.decode()
    twice = admin.post(path, filled(page, column_4="email")).content.decode()
    assert "More than one column is “email”." in twice
    missing = admin.post(path, filled(page, column_0="-", column_4="-")).content.decode()
    assert "No column is “email”, and without it nothing can be imported." in missing
    assert "Nothing was saved yet" in missing
    done = admin.post(path, filled(page, column_4="-"))
    assert (done.status_code, done["Location"]) == (302, place)
    ready = admin.get(place).content.decode()
    assert "Import 1 customer" in ready
    assert "“Telefon” is left out." in ready
    assert "“Vorname” is first_name." in ready
    assert "Read it otherwise" in ready
    assert "“Telefon” is left out." in admin.get(upload(admin, GERMAN.encode())).content.decode()


def test_letters_are_looked_at_on_a_page(world: World, admin: Browser) -> None:
    text = "email;company\neve@example.com;Łódź\n"
    place = upload(admin, text.encode("cp1250"))
    path = admin.get(place)["Location"]
    page = admin.get(path).content.decode()
    assert "Line 2 of the file is not in UTF-8" in page
    assert "£ódŸ" in page
    # Nothing is checked in letters that nobody has looked at, whichever button is pressed.
    assert admin.post(path, filled(page, letters="cp1250")).status_code == 302
    page = admin.get(path).content.decode()
    assert "Łódź" in page
    assert filled(page)["letters"] == "cp1250"
    wrong = admin.post(path, filled(page, letters="cp932")).content.decode()
    assert "can&#x27;t be read in these letters" in wrong
    assert admin.post(path, filled(page, show="show")).status_code == 302
    assert admin.post(path, filled(page)).status_code == 302
    ready = admin.get(place).content.decode()
    assert "Line 2 is not in UTF-8. The file was read as Central Europe (Windows-1250)." in ready
    with inside(world.acme):
        confirmed(world, DataImport.objects.get())
    assert customers(world)["eve@example.com"] == ("", "", "Łódź")


def test_a_sheet_is_chosen_on_a_page(world: World, admin: Browser) -> None:
    names = [("email", "company"), ("eve@example.com", "Welt")]
    place = upload(admin, made([("Notes",), ("x",)], People=names))
    path = admin.get(place)["Location"]
    page = admin.get(path).content.decode()
    assert filled(page)["sheet"] == "People"
    assert admin.post(path, filled(page)).status_code == 302
    ready = admin.get(place).content.decode()
    assert "The sheet “People” was read." in ready
    assert "Not read: “Customers”." in ready


def test_a_page_that_was_left_open_is_shown_anew(world: World, admin: Browser) -> None:
    path = admin.get(upload(admin, "email;company\nx@y.example;ü\n".encode("cp1252")))["Location"]
    page = admin.get(path).content.decode()
    admin.post(path, filled(page, letters="cp1250"))
    stale = admin.post(path, filled(page, letters="cp1250"), follow=True).content.decode()
    assert "The file is read in another way by now. Look again." in stale
    with inside(world.acme):
        assert DataImport.objects.get().state == "asking"


def test_a_file_that_is_over_has_no_such_page(world: World, admin: Browser) -> None:
    row = confirmed(world, started(world, "email\neve@example.com\n"))
    response = admin.get(f"/imports/dataimport/{row.pk}/columns/")
    assert (response.status_code, response["Location"]) == (
        302,
        f"/imports/dataimport/{row.pk}/change/",
    )


def test_a_workbook_that_is_being_read_says_so(
    world: World, admin: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(files.check), "enqueue", lambda _task, **_given: None)
    page = admin.get(upload(admin, made([("email",), ("x@y.example",)])))
    assert page["Refresh"] == "2"
    text = page.content.decode()
    assert "The file is being read. Nothing is imported yet" in text
    assert "<progress" not in text


def test_a_refused_workbook_says_why(world: World, admin: Browser) -> None:
    page = admin.get(upload(admin, made([])))
    text = page.content.decode()
    assert "The workbook is empty." in text
    assert "Nothing was imported. Correct the file and upload it again." in text
    assert "Upload a corrected file" in text


@pytest.mark.parametrize("n", [1, 3])
def test_the_page_asks_the_same_for_one_and_three(world: World, admin: Browser, n: int) -> None:
    head = ";".join(f"c{at}" for at in range(n))
    row = started(world, f"{head}\n{';'.join('x' * n)}\n")
    path = f"/imports/dataimport/{row.pk}/columns/"
    admin.get(path)
    with CaptureQueriesContext(connection) as captured:
        page = admin.get(path).content.decode()
    assert page.count('<select name="column_') == n
    assert len(captured) == 4  # vendor, session; the import, what is remembered
    for name in ("content", "original"):
        assert not any(f'"{name}"' in query["sql"] for query in captured)


# --- Templates ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["customers", "licenses"])
def test_a_template_has_the_columns_and_can_be_filled_in(
    world: World, admin: Browser, kind: str
) -> None:
    rows = KINDS[kind].rows
    names = [*rows.required, *rows.optional]
    text = admin.get(f"/imports/dataimport/template/{kind}.csv")
    assert text["Content-Disposition"] == f'attachment; filename="{kind}.csv"'
    assert next(csv.reader(io.StringIO(text.content.decode("utf-8-sig")))) == names
    book = load_workbook(io.BytesIO(admin.get(f"/imports/dataimport/template/{kind}.xlsx").content))
    assert [cell.value for cell in book.active[1]] == names
    assert book.active.max_row == 1
    line = dict(zip(KINDS[kind].rows.example[0], KINDS[kind].rows.example[1], strict=True))
    line |= {"policy": ""} if kind == "licenses" else {}
    book.active.append([line.get(name) or None for name in names])
    file = io.BytesIO()
    book.save(file)
    row = started(world, file.getvalue(), kind)
    assert row.state == "ready", (row.preview, row.errors)


def test_what_is_typed_into_a_template_stays_a_text(admin: Browser) -> None:
    content = admin.get("/imports/dataimport/template/licenses.xlsx").content
    sheet: Any = load_workbook(io.BytesIO(content)).active
    assert {sheet.column_dimensions[name].number_format for name in "ABCM"} == {"@"}


@pytest.mark.parametrize("path", ["staff.csv", "customers.ods", "customers.csv.xlsx"])
def test_there_are_no_other_templates(admin: Browser, path: str) -> None:
    assert admin.get(f"/imports/dataimport/template/{path}").status_code == 404


@pytest.mark.parametrize(("at", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (99, "CV"), (701, "ZZ")])
def test_a_column_is_called_as_in_a_spreadsheet(at: int, name: str) -> None:
    assert letters_of(at) == name
