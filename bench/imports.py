"""Importing licences: `.venv/bin/python -m bench.imports [--rows 10000] [--postgresql]`.

Checks and imports a file with half as many new customers as licences, in this process, with the
worker's own code, and then the same with a tenth of the rows. Prints seconds, rows per second,
how long the longest transaction of those that write it takes, how much the process's peak memory
grows, and ratios within the same run. Pauses between transactions are left out. Before, the same
table is read as CSV and as a workbook: seconds, those of a processor, how much the peak of this process grows, and the
peak of the one that reads the workbook.
"""

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

from bench.throwaway import set_up


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--postgresql", action="store_true")
    given = parser.parse_args()
    if not given.postgresql:
        set_up()
        measure(given.rows)
        return
    from tests import postgres

    with postgres.server() as entry:
        set_up(f"postgresql://{entry['USER']}@/{entry['NAME']}?host={entry['HOST']}")
        measure(given.rows)


def measure(rows: int) -> None:
    import logging

    from accounts.models import BuiltIn, User
    from accounts.verbs.vendors import begin_vendor
    from licenses.models import LicensePolicy, Product
    from licenses.verbs.products import create_product
    from tenancy.door import inside
    from tenancy.models import Vendor

    logging.disable(logging.WARNING)
    vendor = begin_vendor(Vendor(company_id="acme", name="Acme Instruments"))
    with inside(vendor):
        admin = User.objects.create_user(
            vendor=vendor, email="admin@acme.example", role=BuiltIn.ADMIN
        )
        create_product(Product(vendor=vendor, name="Orbit"))
        LicensePolicy.objects.create(vendor=vendor, name="Yearly", subscription_interval="P1Y")
        read_both(vendor, rows)
        heading = ("rows", "check s", "rows/s", "import s", "rows/s", "longest s", "check/import")
        print(" ".join(f"{name:>12}" for name in heading), f"{'peak +MiB':>12}")
        few = run(vendor, admin, rows // 10, "few")
        many = run(vendor, admin, rows, "many")
    print(
        f"ratio to a tenth of the rows: check {many[0] / few[0]:.1f}, import {many[1] / few[1]:.1f}"
    )


def read_both(vendor: Any, rows: int) -> None:
    """Reads the table as CSV and as XLSX, in the vendor's scope."""
    import resource

    from imports.models import DataImport
    from imports.verbs import reading

    table = lines_of(rows, "read")
    taken = {}
    heading = ("file", "bytes", "read s", "CPU s", "peak +MiB", "child MiB")
    print(" ".join(f"{name:>12}" for name in heading))
    for name, data in {"CSV": in_csv(table), "XLSX": in_xlsx(table)}.items():
        row = DataImport(vendor=vendor, kind="licenses", original=data)
        before, used = forget_peak(), sum(os.times()[:4])
        seconds = timed(lambda row=row: reading.read(row))
        taken[name] = sum(os.times()[:4]) - used
        grown = in_mib("VmHWM") - before
        child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        assert (row.state, row.rows) == ("checking", rows)
        figures = (seconds, taken[name], grown, child)
        print(f"{name:>12} {len(data):12,}", " ".join(f"{figure:12.2f}" for figure in figures))
    print(f"ratio XLSX to CSV, of a processor: {taken['XLSX'] / taken['CSV']:.1f}")


def lines_of(rows: int, name: str) -> list[list[str]]:
    return [
        HEADER.strip().split(","),
        *(
            f"Orbit,{name}{n // 2}@example.com,Ada,Number {n // 2},Works Ltd,Yearly,,3,,,,Order {n}".split(
                ","
            )
            for n in range(rows)
        ),
    ]


def in_csv(table: list[list[str]]) -> bytes:
    return "".join(",".join(line) + "\n" for line in table).encode()


def in_xlsx(table: list[list[str]]) -> bytes:
    import io

    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Licences")
    for line in table:
        sheet.append(line)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def run(vendor: Any, admin: Any, rows: int, name: str) -> tuple[float, float]:
    """Seconds of checking and of importing, in the vendor's scope."""
    from imports.verbs import files
    from tenancy import transactions

    data = in_csv(lines_of(rows, name))
    before = forget_peak()
    row = files.start(vendor=vendor, kind="licenses", file_name="bench.csv", data=data, options={})
    ids = {"vendor_id": str(vendor.pk), "import_id": str(row.pk)}
    check = timed(lambda: files.check.call(**ids))
    row.refresh_from_db()
    assert row.state == "ready", (row.state, row.errors[:3])
    files.confirm(row)
    lengths: list[float] = []
    let_others_in, transactions._let_others_in = transactions._let_others_in, lengths.append
    whole = timed(lambda: files.carry_out.call(**ids))
    # Whatever there was no time for is another job's, which waits in the queue.
    while not ended(row):
        whole += timed(lambda: files.carry_out.call(**ids))
    transactions._let_others_in = let_others_in
    assert row.state == "done", (row.state, row.preview)
    grown = in_mib("VmHWM") - before
    figures = (check, rows / check, whole, rows / whole, max(lengths), check / whole, grown)
    print(f"{rows:12,}", " ".join(f"{figure:12.1f}" for figure in figures))
    return check, whole


def ended(row: Any) -> bool:
    row.refresh_from_db()
    return not row.is_running


def timed(act: Any) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def in_mib(name: str) -> float:
    """What the kernel says about this process's memory: VmRSS is now, VmHWM the peak."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) / 1024


def forget_peak() -> float:
    """Lets the peak begin anew and gives what is used now, in MiB."""
    Path("/proc/self/clear_refs").write_text("5")
    return in_mib("VmRSS")


HEADER = (
    "product,email,first_name,last_name,company,policy,key,allowed_activations,"
    "allowed_deactivations,validity,expires_at,notes\n"
)


if __name__ == "__main__":
    sys.exit(main())
