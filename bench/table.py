"""The table of docs/performance.md: `python3 dev.py bench`.

Fills a private PostgreSQL with vendors of several sizes, serves the portal, a plain Django page and
a bare program, and prints what each can do, and how long each page of the portal takes.
"""

import argparse
import math
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench import drive, programs, report, throwaway
from bench.drive import TooSlow, Turns, Visitor
from bench.fill import Filled, Shape, fill
from bench.plain.session import make_session_table
from bench.routes import LICENSES, Asker, Route, page, routes
from tests import postgres


def main(arguments: Sequence[str]) -> int:
    options = read(arguments)
    # Whatever ends this, the database and the programs end with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with postgres.server() as entry, tempfile.TemporaryDirectory(prefix="portal-bench-") as folder:
        try:
            text = measured(options, entry, Path(folder))
        finally:
            shutil.rmtree(os.environ.get("DATA_DIR", ""), ignore_errors=True)
    print(text, end="")
    if options.write:
        report.PAGE.write_text(text)
    return 0


def read(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py bench", description=__doc__)
    parser.add_argument(
        "--sizes",
        default=[1_000, 1_000_000],
        type=lambda text: [int(part) for part in text.split(",")],
        help="licences of each vendor, smallest first: 1000,1000000",
    )
    parser.add_argument("--seconds", default=4.0, type=float, help="of load in each round")
    parser.add_argument("--rounds", default=3, type=int)
    parser.add_argument("--write", action="store_true", help="write docs/performance.md")
    parser.add_argument(
        "--generator",
        choices=["wrk", "python"],
        default="wrk" if drive.wrk_is_there() else "python",
        help="what makes the load; wrk if it is there",
    )
    options = parser.parse_args(arguments)
    if min(options.sizes) < 50 or options.sizes != sorted(set(options.sizes)):
        parser.error("--sizes are different numbers from 50 on, smallest first.")
    return options


def say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def measured(options: argparse.Namespace, entry: dict[str, Any], folder: Path) -> str:
    """The whole page of the documentation."""
    load = os.getloadavg()[0]
    say(f"The load of this machine is {load:.1f}")
    vendors = prepare(options.sizes, entry)
    log = Path(entry["HOST"], "log")
    with programs.all_three(entry, vendors[0], folder, options.rounds) as three:
        compared = []
        for filled in vendors:
            say(f"Three programs, {filled.shape.licenses:,} licences")
            figures = programs.compare(
                three,
                filled,
                log,
                seconds=options.seconds,
                rounds=options.rounds,
                wrk=options.generator == "wrk",
            )
            compared.append(figures)
        say("The portal's pages")
        timed = time_routes(three[0].served.port, vendors, options.seconds / 4)
    return report.written(
        load=load,
        rounds=options.rounds,
        seconds=options.seconds,
        generator=options.generator,
        vendors=vendors,
        compared=compared,
        timed=timed,
    )


def prepare(sizes: list[int], entry: dict[str, Any]) -> list[Filled]:
    """The vendors that are measured; beside them another one as large as the largest."""
    from django.db import connection

    postgres.make_roles(entry)
    throwaway.set_up(programs.address(entry, postgres.OWNER))
    connection.close()
    connection.settings_dict["USER"] = programs.WITHOUT_WALL
    make_session_table()
    shapes = [Shape(f"vendor{size}", size) for size in sizes]
    start = time.perf_counter()
    vendors = fill([*shapes, Shape("elsewhere", sizes[-1])])
    say(f"Filled in {time.perf_counter() - start:.0f} s")
    return vendors[: len(shapes)]


def time_routes(port: int, vendors: list[Filled], seconds: float) -> dict[str, list[float]]:
    """By name the median of each route in milliseconds for each vendor: infinite where it took
    longer than anybody waits, no number where the answer was another one. At the end the licences
    page of the largest vendor's two customers, with few and with many."""
    askers = [Asker(filled) for filled in vendors]
    timed: dict[str, list[float]] = {}
    for same in zip(*map(routes, vendors), strict=True):
        name = same[0].name
        timed[name] = time_in_turn(port, list(zip(askers, same, strict=True)), seconds)
        say(f"  {name}: {', '.join(map(report.told, timed[name]))}")
    few, many = (Route(LICENSES, who, page("/licenses/")) for who in ("c25", "c5000"))
    timed[report.MANY] = time_in_turn(port, [(askers[-1], few), (askers[-1], many)], seconds)
    return timed


def time_in_turn(port: int, asked: list[tuple[Asker, Route]], seconds: float) -> list[float]:
    """The median of each of these."""
    turns = [Turns(Visitor(port, asker.headers(route.who)), route.make) for asker, route in asked]
    drive.in_turn(turns, seconds)
    return [median(each) for each in turns]


def median(turns: Turns) -> float:
    if isinstance(turns.error, TooSlow):
        return math.inf
    if turns.error:
        say(f"  {turns.error}")
        return math.nan
    return drive.percentile(turns.times, 50)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
