"""Runs drills and prints a table of each: `python3 dev.py drill [--small] [name …]`."""

import argparse
import importlib
import os
import pkgutil
import re
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

import drills
from bench.report import table

DOCS = Path(__file__).resolve().parents[1] / "docs"
# Beside the drills.
PARTS = {"__main__", "across", "load", "newer_tables", "places", "servers", "stage"}


def names() -> list[str]:
    return sorted({each.name for each in pkgutil.iter_modules(drills.__path__)} - PARTS)


def main() -> int:
    """1 when something did not hold, or a drill broke; the drills after it are run all the same."""
    parser = argparse.ArgumentParser(prog="dev.py drill", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*names(), []], help="all of them without one")
    parser.add_argument("--small", action="store_true", help="for a first look, as the tests do")
    parser.add_argument("--minutes", type=float, help="how long soak takes (60)")
    told = "the commit that upgrade begins with, and whose tests older_tests runs"
    parser.add_argument("--from", dest="origin", metavar="COMMIT", help=told)
    parser.add_argument("--write", action="store_true", help="write what is seen into docs")
    options = parser.parse_args()
    failed = []
    for name in options.names or names():
        module = importlib.import_module(f"drills.{name}")
        how: dict[str, object] = {"small": options.small}
        if hasattr(module, "MINUTES"):
            how["minutes"] = options.minutes
        if hasattr(module, "ORIGIN"):
            how["origin"] = options.origin
        print(f"\n## {(module.__doc__ or name).splitlines()[0]}\n", flush=True)
        try:
            print(table(module.HEADS, []), end="", flush=True)
            rows = []
            for cells in module.run(**how):
                print(f"| {' | '.join(cells)} |", flush=True)
                rows.append(cells)
            if options.write:
                write(name, table(module.HEADS, rows))
        except Exception as error:
            failed.append(name)
            # What a drill asserts is a text to read; of all else the place says most.
            if isinstance(error, AssertionError) and error.args:
                print(f"FAILED: {error}", flush=True)
            else:
                print(f"FAILED: {traceback.format_exc()}", flush=True)
    if failed:
        print(f"Did not hold: {', '.join(failed)}.")
    return int(bool(failed))


def write(name: str, rows: str) -> None:
    """Between the marks of the page that has them, with the day and the machine."""
    begins, ends = f"<!-- drill {name} -->", f"<!-- end of drill {name} -->"
    between = re.compile(f"{begins}.*?{ends}", re.DOTALL)
    when = datetime.now(UTC).strftime("%d %B %Y").lstrip("0")
    machine = f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.0f} at the end"
    text = f"{begins}\n{when}; {machine}.\n\n{rows}{ends}"
    pages = [page for page in DOCS.glob("*.md") if begins in page.read_text()]
    for page in pages:
        page.write_text(between.sub(lambda _: text, page.read_text()))
    if not pages:
        print(f"No page of docs has a place for {name}.", flush=True)


if __name__ == "__main__":
    sys.exit(main())
