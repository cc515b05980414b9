"""`python3 dev.py bench`: every row of the table is made. How long anything takes is not tested."""

import os
import re
import subprocess
import sys

import pytest

import development as dev
from tests import postgres
from tests.conftest import ON_POSTGRESQL

on_postgresql = pytest.mark.skipif(not ON_POSTGRESQL, reason="it measures on PostgreSQL")
PROGRAMS = ["the portal", "plain Django", "the floor"]
PAGES = [
    "licences",
    "licences, of one product",
    "licences, active",
    "licences, searched",
    "licences, by product",
    "licences, by status",
    "licences, by seats",
    "licences, by expiry",
    "licences, last page",
    "a licence",
    "downloads",
    "offline",
    "profile",
    "activity",
    "offline file, look",
    "offline file, answer",
    "sign in",
    "feed by licence key",
    "health",
    "back office: first page",
    "back office: a licence",
    "back office: a customer's story",
    "back office: licences",
    "back office: users",
    "back office: machines",
    "back office: audit trail",
    "back office: e-mails",
    "back office: find a key",
    "back office: find an e-mail",
    "back office: find a host name",
    "back office: find a group of a key",
    "back office: find a part of a name",
    "back office: find a part of a host name",
    "back office: find the beginning of a fingerprint",
    *(
        f"back office: {rows}, {asked}"
        for rows in ("licences", "users", "machines", "audit trail", "e-mails", "downloads")
        for asked in ("a rare word", "a common word", "both")
    ),
    "back office: export of licences, first byte",
]


@pytest.fixture(scope="module")
def printed() -> str:
    """What the command prints for two small vendors."""
    try:
        postgres.programs()
    except postgres.NoServer as error:
        pytest.skip(str(error))
    options = ["--sizes", "50,200", "--rounds", "1", "--seconds", "0.1", "--generator", "python"]
    done = subprocess.run(
        [sys.executable, "-m", "bench.table", *options],
        cwd=dev.ROOT,
        env={name: os.environ[name] for name in dev.OF_THE_MACHINE if name in os.environ},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def rows(text: str) -> list[list[str]]:
    """The cells of all tables, without their heads."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    found = [line.strip("| ").split(" | ") for line in lines if "---" not in line]
    return [cells for cells in found if re.search(r"\d", cells[-1])]


@on_postgresql
@pytest.mark.in_full
@pytest.mark.processes
def test_every_row_is_there_and_every_cell_is_filled(db: None, printed: str) -> None:
    found = rows(printed)
    assert [cells[0] for cells in found] == [*PROGRAMS, *PROGRAMS, *PAGES, "of the customer with"]
    for cells in found:
        assert all(re.fullmatch(r"> 20 s|(> )?[\d,.]+", cell) for cell in cells[1:]), cells


@on_postgresql
@pytest.mark.in_full
@pytest.mark.processes
def test_the_programs_send_pages_of_one_length(db: None, printed: str) -> None:
    lengths = [int(cells[8].replace(",", "")) for cells in rows(printed) if cells[0] in PROGRAMS]
    assert max(lengths) <= 1.1 * min(lengths)


def test_the_page_of_the_documentation_has_the_same_rows() -> None:
    page = (dev.ROOT / "docs/performance.md").read_text()
    assert [cells[0] for cells in rows(page) if cells[0] in PAGES] == PAGES
