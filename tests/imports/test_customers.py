"""Importing customers: reading the file, checking every row, writing all of it or nothing."""

import csv
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from audit.acting import acting_as
from audit.models import AuditEntry
from backoffice.cells import escaped, unescaped
from imports.csv_files import records
from imports.errors import NotReady, TableRefused
from imports.kinds import KINDS
from imports.models import DataImport
from imports.recognising import LARGEST
from imports.tables import read
from imports.verbs import files, writing
from tenancy import transactions
from tenancy.door import inside
from tests.sql import every_statement_names_its_vendor
from tests.world import Browser, World, signed_in

pytestmark = pytest.mark.by_database
HEADER = "email,first_name,last_name,company\n"


@pytest.fixture
def admin(world: World) -> Browser:
    return signed_in(world.acme_admin)


def started(world: World, text: str | bytes, kind: str = "customers", **options: Any) -> DataImport:
    """The import of acme's administrator, checked."""
    data = text if isinstance(text, bytes) else text.encode()
    with inside(world.acme), connection.execute_wrapper(every_statement_names_its_vendor):
        with acting_as(world.acme_admin):
            row = files.start(
                vendor=world.acme,
                kind=kind,
                file_name="people.csv",
                data=data,
                options=options,
            )
        row.refresh_from_db()
    return row


def confirmed(world: World, row: DataImport) -> DataImport:
    with inside(world.acme), connection.execute_wrapper(every_statement_names_its_vendor):
        with acting_as(world.acme_admin):
            files.confirm(row)
        row.refresh_from_db()
    return row


def problems(world: World, text: str | bytes, kind: str = "customers") -> list[list[Any]]:
    row = started(world, text, kind)
    assert row.state == "refused", (row.state, row.preview)
    assert row.error_count == len(row.errors)
    return row.errors


def customers(world: World) -> dict[str, tuple[str, str, str]]:
    with inside(world.acme):
        return {
            person.email: (person.first_name, person.last_name, person.company)
            for person in User.objects.filter(role="user")
        }


# --- The file as a whole ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The file is empty. Its first row names the columns."),
        (b"\n\n", "The file is empty. Its first row names the columns."),
        (b"email\n", "The file has no rows below its header."),
        (b"email\na\x00@b.example\n", "The file has NUL characters in it; it is no CSV file."),
        (b"email\na\x01@b.example\n", "The file is no text, and so no CSV file."),
        (
            "email\na@b.example\n".encode("utf-16")[:-1],
            "The file is damaged: it ends in the middle",
        ),
        (b'email\n"a@b.example\n', "Row 2 can't be read: a quotation mark is not closed"),
        (b"email\n" + b"a" * 200_000 + b"\n", "a cell or a line is longer than 131,072"),
        (b"email\n" + b"," * 200_000 + b"\n", "Row 2 can't be read"),
        (
            ",".join(f"c{n}" for n in range(900_000)).encode() + b"\na\n",
            "The first row has 900,000 cells, and a file can have 100 columns at most.",
        ),
        (
            ",".join(f"c{n}" for n in range(101)).encode() + b"\na\n",
            "The first row has 101 cells, and a file can have 100 columns at most.",
        ),
        (b"x" * (LARGEST + 1), "The file is larger than 10 MB."),
        (b"email\n" + b"a@b.example\n" * 20_001, "The file has more than 20,000 rows."),
    ],
)
def test_a_file_that_is_no_table_is_refused(world: World, data: bytes, sentence: str) -> None:
    with pytest.raises(TableRefused) as refused:
        started(world, data)
    assert sentence in str(refused.value)
    with inside(world.acme):
        assert not DataImport.objects.exists()


@pytest.mark.parametrize(
    "data",
    [
        b"email,first_name,last_name\nEve@Example.com ,Eve,M\xc3\xbcller\n",
        b"\xef\xbb\xbfemail,first_name,last_name\r\neve@example.com,Eve,M\xc3\xbcller\r\n",
        b"email;first_name;last_name\n\n;;\neve@example.com;Eve;M\xc3\xbcller\n",
        b'EMAIL\tlast_name\tfirst_name\neve@example.com\t"M\xc3\xbcller"\tEve\n',
        b"email,first_name,last_name,role,created\neve@example.com,Eve,M\xc3\xbcller,admin,today\n",
    ],
)
def test_files_as_spreadsheets_write_them_are_read(world: World, data: bytes) -> None:
    row = confirmed(world, started(world, data))
    assert row.state == "done"
    assert customers(world)["eve@example.com"] == ("Eve", "Müller", "")


def test_a_file_of_nothing_but_cells_takes_no_more_than_itself() -> None:
    """Ten million cells in a row, in the header or below it, are not made first and then counted."""
    for start in ("", "email\n"):
        text = start + "," * 9_000_000 + "\na\n"
        tracemalloc.start()
        with pytest.raises(TableRefused):
            read(records(text, {"email"}), {"email"})
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 6 * len(text)


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1+1", "@x", "\tx", "\rx", "'=1", "''=1", "'a", "a=1", "-1", "-1.5", ""]
)
def test_cells_come_back_as_they_were(text: str) -> None:
    assert unescaped(escaped(text)) == text
    assert escaped(text)[:1] not in tuple("=+@\t\r")


# --- Rows ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "column", "sentence"),
    [
        (",Eve,,", "email", "This can't be empty."),
        ("eve,Eve,,", "email", "This is not an e-mail address."),
        ("e" * 250 + "@b.example,,,", "email", "This is not an e-mail address."),
        ("support@acme.example,,,", "email", "This address belongs to a member of your staff."),
        (
            'eve@example.com,"E\nve",,',
            "first_name",
            "There is a line break in it: write it in one line.",
        ),
        (f"eve@example.com,{'e' * 101},,", "first_name", "This is longer than 100 characters."),
        (f"eve@example.com,,,{'e' * 151}", "company", "This is longer than 150 characters."),
        ("eve@example.com,Eve,,,,x", "", "This row has 6 cells, and the header has 4."),
    ],
)
def test_what_is_wrong_with_a_row_is_said(
    world: World, line: str, column: str, sentence: str
) -> None:
    before = customers(world)
    text = f"{HEADER}fine@example.com,Fine,,\n{line}\nfiner@example.com,,,\n"
    assert problems(world, text) == [[3, column, sentence]]
    assert customers(world) == before


def test_all_rows_are_checked_and_all_that_is_wrong_is_said(world: World) -> None:
    text = f"{HEADER},{'e' * 101},,\n" + "eve@example.com,,,\n" * 2 + "x,,,\n"
    assert problems(world, text) == [
        [2, "email", "This can't be empty."],
        [2, "first_name", "This is longer than 100 characters."],
        [4, "email", "Row 3 has this e-mail already."],
        [5, "email", "This is not an e-mail address."],
    ]


def test_rows_that_are_there_twice_are_found_far_apart(world: World) -> None:
    lines = [f"n{number}@example.com,,," for number in range(1200)]
    text = HEADER + "\n".join([*lines, "N3@example.com,,,"])
    assert problems(world, text) == [[1202, "email", "Row 5 has this e-mail already."]]


def test_the_first_two_hundred_problems_are_kept_and_all_are_counted(world: World) -> None:
    row = started(world, HEADER + "nobody,,,\n" * 300)
    assert (row.state, row.error_count, len(row.errors)) == ("refused", 300, 200)


def test_checking_asks_no_more_for_more_rows(world: World) -> None:
    def queries(n: int) -> int:
        text = HEADER + "".join(f"n{number}@example.com,,,\n" for number in range(n))
        with CaptureQueriesContext(connection) as captured:
            started(world, text)
        return len(captured)

    assert queries(3) == queries(30) == 15


# --- Writing ------------------------------------------------------------------------------------

TEXT = f"{HEADER}ada@example.com,,King,\neve@example.com,Eve,Moneypenny,Universal\n"


def test_a_ready_import_shows_what_it_will_do_and_writes_nothing(world: World) -> None:
    before = customers(world)
    row = started(world, TEXT)
    assert (row.state, row.rows, row.rows_done) == ("ready", 2, 2)
    assert row.preview["counts"] == {"new_customers": 1, "known_customers": 1}
    assert [line["customer"] for line in row.preview["rows"]] == ["known customer", "new customer"]
    assert row.preview["rows"][0]["last_name"] == "King"
    assert customers(world) == before


def test_known_customers_are_updated_and_new_ones_added(world: World) -> None:
    row = confirmed(world, started(world, TEXT))
    assert (row.state, row.confirmed_by_id) == ("done", world.acme_admin.pk)
    found = customers(world)
    assert found["ada@example.com"] == ("Ada", "King", "")
    assert found["eve@example.com"] == ("Eve", "Moneypenny", "Universal")
    with inside(world.acme):
        eve = User.objects.get(email="eve@example.com")
        told = AuditEntry.objects.filter(subject_type="accounts.user").order_by("-sequence")[:2]
        changed, created = told
    assert not eve.has_usable_password()
    assert (eve.vendor_id, eve.role) == (world.acme.pk, "user")
    assert (created.action, created.customer_id) == ("created", eve.pk)
    assert (changed.action, changed.changes) == ("changed", {"last_name": ["Lovelace", "King"]})
    for entry in told:
        assert (entry.source, entry.actor_id) == ("backoffice", world.acme_admin.pk)
    assert mail.outbox == []


def test_the_file_is_kept_only_as_long_as_it_may_be_imported(world: World) -> None:
    row = started(world, TEXT)
    assert (row.content != "", bytes(row.original)) == (True, TEXT.encode())
    for over in (confirmed(world, row), started(world, f"{HEADER}x,,,\n")):
        assert (over.content, bytes(over.original)) == ("", b"")


def test_another_vendors_customer_is_nobody_here(world: World) -> None:
    confirmed(world, started(world, f"{HEADER}bob@example.com,Robert,,\nada@example.com,Eva,,\n"))
    assert customers(world)["bob@example.com"] == ("Robert", "", "")
    with inside(world.globex):
        assert User.objects.get(pk=world.bob.pk).first_name == "Bob"
        assert User.objects.get(pk=world.ada_of_globex.pk).first_name == "Ada"


def test_new_customers_are_invited_if_that_is_wanted(world: World) -> None:
    confirmed(world, started(world, TEXT, send_emails=True))
    assert [message.to for message in mail.outbox] == [["eve@example.com"]]


def test_who_has_changed_since_the_check_stops_it_all(world: World) -> None:
    row = started(world, f"{HEADER}eve@example.com,,,\nada@example.com,Eva,,\n")
    with inside(world.acme):
        User.objects.filter(pk=world.ada.pk).update(role="support")
    row = confirmed(world, row)
    assert (row.state, row.errors) == (
        "failed",
        [[3, "email", "This address belongs to a member of your staff."]],
    )
    assert row.preview == {"failure": "Something has changed since the file was checked."}
    assert "eve@example.com" not in customers(world)


class Slow:
    """What happens in between, just before an import writes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, act: Any) -> None:
        write = writing.write

        def late(*given: Any, **named: Any) -> bool:
            act()
            return write(*given, **named)

        monkeypatch.setattr(writing, "write", late)


def test_somebody_quicker_makes_the_database_refuse_and_nothing_stays(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = started(world, f"{HEADER}zoe@example.com,,,\neve@example.com,,,\nada@example.com,Eva,,\n")

    def quicker() -> None:
        User.objects.create_user(vendor=world.acme, email="eve@example.com", role="support")

    Slow(monkeypatch, quicker)
    row = confirmed(world, row)
    assert (row.state, row.errors) == (
        "failed",
        [[3, "email", "This address belongs to a member of your staff."]],
    )
    assert customers(world)["ada@example.com"] == ("Ada", "Lovelace", "")
    assert "zoe@example.com" not in customers(world)


def test_a_customer_who_becomes_staff_in_between_is_not_touched(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = started(world, f"{HEADER}zoe@example.com,,,\nada@example.com,Eva,,\n")
    Slow(monkeypatch, lambda: User.objects.filter(pk=world.ada.pk).update(role="support"))
    row = confirmed(world, row)
    assert row.preview["failure"].startswith("Row 3: this customer is not there any more")
    assert "zoe@example.com" not in customers(world)


def test_what_fails_at_the_very_end_leaves_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = started(world, TEXT, send_emails=True)

    def fails(*args: Any, **kwargs: Any) -> None:
        raise IntegrityError

    # So few rows are one transaction, with their e-mails.
    monkeypatch.setattr(transactions, "LONGEST", 60.0)
    kind = replace(KINDS["customers"], after_create=fails)
    monkeypatch.setitem(KINDS, "customers", kind)
    before = customers(world)
    assert confirmed(world, row).state == "failed"
    assert customers(world) == before


def test_jobs_may_run_again(world: World) -> None:
    row = started(world, TEXT)
    ids = {"vendor_id": str(world.acme.pk), "import_id": str(row.pk)}
    files.check.call(**ids)
    files.carry_out.call(**ids)
    assert "eve@example.com" not in customers(world)
    confirmed(world, row)
    with inside(world.acme):
        before = AuditEntry.objects.count()
    files.check.call(**ids)
    files.carry_out.call(**ids)
    with inside(world.acme):
        row.refresh_from_db()
        assert (row.state, AuditEntry.objects.count()) == ("done", before)


def test_a_check_that_was_killed_begins_anew(world: World) -> None:
    row = started(world, TEXT)
    with inside(world.acme):
        DataImport.objects.update(state="checking", rows_done=1, preview={})
    files.check.call(vendor_id=str(world.acme.pk), import_id=str(row.pk))
    with inside(world.acme):
        row.refresh_from_db()
    assert (row.state, row.rows_done) == ("ready", 2)


def test_a_second_confirmation_does_nothing(world: World) -> None:
    row = confirmed(world, started(world, TEXT))
    with pytest.raises(NotReady):
        confirmed(world, row)
    refused = started(world, f"{HEADER}x,,,\n")
    with pytest.raises(NotReady):
        confirmed(world, refused)


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_write_it_once(world: World) -> None:
    row = started(world, TEXT)
    with inside(world.acme):
        DataImport.objects.update(state="importing", confirmed_by=world.acme_admin)

    def work(_n: int) -> None:
        try:
            files.carry_out.call(vendor_id=str(world.acme.pk), import_id=str(row.pk))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(work, range(4)))
    with inside(world.acme):
        row.refresh_from_db()
        assert row.state == "done"
        assert (
            AuditEntry.objects.filter(
                action="created", about__said__subject="eve@example.com"
            ).count()
            == 1
        )


@pytest.mark.parametrize(
    ("state", "steps", "then", "original"),
    [
        ("checking", None, "reading", TEXT.encode()),
        ("ready", None, "reading", TEXT.encode()),
        ("importing", None, "reading", TEXT.encode()),
        ("importing", 3, "importing", b""),
        ("undoing", 3, "undoing", b""),
    ],
)
def test_a_file_that_was_kept_as_text_is_read_anew_unless_it_is_being_written(
    world: World, state: str, steps: int | None, then: str, original: bytes
) -> None:
    """As `manage.py migrate` does it for the files of before."""
    migration = import_module("imports.migrations.0006_layouts")
    row = started(world, TEXT)
    before = {"state": state, "steps": steps, "content": TEXT, "original": b"", "layout": {}}
    with inside(world.acme):
        DataImport.objects.filter(pk=row.pk).update(**before)
        migration.read_anew(apps, None)
        row.refresh_from_db()
    assert (row.state, bytes(row.original), row.content) == (then, original, "")
    if then == "reading":
        files.check.call(vendor_id=str(world.acme.pk), import_id=str(row.pk))
        with inside(world.acme):
            row.refresh_from_db()
        assert (row.state, row.rows) == ("ready", 2)


# --- Pages --------------------------------------------------------------------------------------


def upload(admin: Browser, text: str, kind: str = "customers", **fields: str) -> Any:
    file = SimpleUploadedFile("people.csv", text.encode(), "text/csv")
    return admin.post("/imports/dataimport/add/", {"kind": kind, "file": file, **fields})


def test_an_administrator_uploads_looks_and_confirms(world: World, admin: Browser) -> None:
    assert admin.get("/imports/dataimport/add/").status_code == 200
    response = upload(admin, TEXT)
    assert response.status_code == 302
    page = admin.get(response["Location"])
    text = page.content.decode()
    assert "Refresh" not in page
    assert "Import 2 customers" in text
    assert "1 new customer" in text
    assert "To the customers" not in text
    path = response["Location"].replace("/change/", "/do/import/")
    assert admin.get(path).status_code == 404
    assert admin.post(path).status_code == 302
    done = admin.get(response["Location"]).content.decode()
    assert "Everything in the file is imported." in done
    assert 'href="/accounts/user/?kind=customers">To the customers<' in done
    assert "eve@example.com" in customers(world)
    again = admin.post(path, follow=True).content.decode()
    assert "This import is under way already" in again
    assert "people.csv" in admin.get("/imports/dataimport/").content.decode()


def test_a_page_loads_itself_anew_while_a_job_runs(world: World, admin: Browser) -> None:
    row = started(world, TEXT)
    with inside(world.acme):
        DataImport.objects.update(state="checking", rows_done=1)
    page = admin.get(f"/imports/dataimport/{row.pk}/change/")
    assert page["Refresh"] == "2"
    assert "1 of 2 rows are checked." in page.content.decode()


def test_which_kind_of_file_it_is_has_to_be_said_once(world: World, admin: Browser) -> None:
    page = upload(admin, TEXT, kind="")
    assert page.status_code == 200
    assert "This field is required." in page.content.decode()
    assert "selected" not in admin.get("/imports/dataimport/add/?kind=gold").content.decode()
    page = admin.get(upload(admin, f"{HEADER}x,,,\n")["Location"]).content.decode()
    assert '<a class="button" href="/imports/dataimport/add/?kind=customers">' in page
    page = admin.get("/imports/dataimport/add/?kind=customers").content.decode()
    assert '<option value="customers" selected>' in page
    # The address says nothing else of the form, which is sent to it.
    odd = "/imports/dataimport/add/?kind=customers&file=x&send_emails=on"
    assert "checked" not in admin.get(odd).content.decode()
    assert "This field is required." in admin.post(odd, {"kind": "customers"}).content.decode()


def test_a_refused_file_lists_its_problems(world: World, admin: Browser) -> None:
    page = admin.get(upload(admin, f"{HEADER}x,,,\n,,,a\n")["Location"]).content.decode()
    assert "2 problems" in page
    assert "This is not an e-mail address." in page
    assert "Import 2 customers" not in page


@pytest.mark.parametrize(
    ("text", "kind", "sentence"),
    [
        ("email\n", "customers", "The file has no rows below its header."),
        ("", "customers", "The file is empty. Its first row names the columns."),
        (TEXT, "staff", "Select a valid choice."),
    ],
)
def test_what_is_wrong_with_the_file_is_said_beside_it(
    world: World, admin: Browser, text: str, kind: str, sentence: str
) -> None:
    response = upload(admin, text, kind)
    assert response.status_code == 200
    assert sentence in response.content.decode()
    with inside(world.acme):
        assert not DataImport.objects.exists()


def test_e_mails_are_offered_only_where_some_are_sent(
    world: World, admin: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet = replace(KINDS["licenses"], after_create=None)
    monkeypatch.setitem(KINDS, "licenses", quiet)
    text = "product,email\nOrbit,ada@example.com\n"
    response = upload(admin, text, "licenses", send_emails="on")
    assert response.status_code == 200
    assert "No e-mails are sent for a file of this kind." in response.content.decode()


@pytest.mark.takes_turns
def test_a_file_larger_than_the_portals_own_limit_arrives_whole(
    world: World, admin: Browser
) -> None:
    text = HEADER + "".join(f"n{number}@example.com,,,\n" for number in range(5000))
    assert len(text) > 64 * 1024
    upload(admin, text)
    with inside(world.acme):
        assert DataImport.objects.get().rows == 5000


@pytest.mark.parametrize("kind", ["customers", "licenses"])
def test_the_examples_have_the_columns_of_an_import(admin: Browser, kind: str) -> None:
    response = admin.get(f"/imports/dataimport/example/{kind}.csv")
    assert response.status_code == 200
    header = next(csv.reader(response.content.decode().splitlines()))
    rows = KINDS[kind].rows
    assert set(header) == {*rows.required, *rows.optional}
    assert admin.get("/imports/dataimport/example/staff.csv").status_code == 404


def test_support_and_other_vendors_have_no_imports(world: World) -> None:
    row = started(world, TEXT)
    pages = ["", "add/", "example/customers.csv", f"{row.pk}/change/"]
    support = signed_in(world.acme_support)
    assert [support.get(f"/imports/dataimport/{page}").status_code for page in pages] == [403] * 4
    assert support.post(f"/imports/dataimport/{row.pk}/do/import/").status_code == 403
    assert upload(support, TEXT).status_code == 403
    stranger = signed_in(world.globex_admin)
    assert stranger.get(f"/imports/dataimport/{row.pk}/change/").status_code == 404
    assert stranger.post(f"/imports/dataimport/{row.pk}/do/import/").status_code == 404
    assert "people.csv" not in stranger.get("/imports/dataimport/").content.decode()
    assert "eve@example.com" not in customers(world)


@pytest.mark.parametrize("n", [1, 3])
def test_the_list_asks_the_same_for_one_and_three(world: World, admin: Browser, n: int) -> None:
    for _number in range(n):
        started(world, TEXT)
    admin.get("/imports/dataimport/")
    with CaptureQueriesContext(connection) as captured:
        page = admin.get("/imports/dataimport/").content.decode()
    assert page.count("people.csv") == n
    assert len(captured) == 4  # vendor, session; page; saved views
    for name in ("content", "original"):
        assert not any(f'"{name}"' in query["sql"] for query in captured)
