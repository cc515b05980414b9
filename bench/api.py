"""The figures of the Web API, on SQLite and on PostgreSQL: `python3 dev.py bench api`.

Seats while processes are killed (bench/seats.py), calls beside bare views (bench/program_calls.py),
and activations at half of what the portal can do (bench/half_load.py). Each database in a process
and a throw-away folder of its own; PostgreSQL is a private server, and the portal is the web role
of deploy/postgresql.sql there, so that row-level security is on.
"""

import argparse
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import half_load, program_calls, programs, seats, throwaway
from tests import postgres

PAGE = seats.ROOT / "docs/web-api.md"
BEGINS, ENDS = "<!-- bench api -->", "<!-- end of bench api -->"
MOST = 3.0  # times the median that the slowest of a hundred may take
TEXT = """\
Made by `python3 dev.py bench api --write`; {date}. Machine: {machine}; its load when each part began \
stands beside it. Figures of another machine are others; ratios within one run are what to compare.

{clients} programs come by HTTP to one licence of {seats} seats for {seconds:g} s, activate, sync, count \
and deactivate, and send again what was not answered; gunicorn's processes die by SIGKILL, now and then \
all of them. A reader with a connection of its own counts meanwhile. At the end counter, rows, uses and \
audit trail were what was answered, what was sent twice had counted once, and {seats} seats could be \
taken again, and not one more.

| seats | activated | refused | sent again | lost | killed: one, all | looks | most seats | load |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
{seats_rows}

Calls in one process, by turns with bare views that ask and write the same, with the same locks and \
signature (`bench/program_calls.py` says what exactly); the ratio is the bare view's median to the API's.

| call | API ms | bare ms | statements | ratio | at least | load |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
{calls_rows}

Activations by HTTP of 2 workers with 4 threads: as many as 16 programs get answered (capacity), then \
at half of that rate by the clock, times from when each was to come; what is answered 503 is sent again.

| activations | capacity per s | number at half | p50 ms | p99 ms | ratio | at most | 503 | load |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
{load_rows}
"""


def main(arguments: Sequence[str]) -> int:
    options = read(arguments)
    if options.figures:
        print(json.dumps(figures(options)))
        return 0
    # Whatever ends this, the database and the programs end with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    told = {"SQLite": in_a_process(arguments, "")}
    with postgres.server() as entry:
        postgres.make_roles(entry)
        told["PostgreSQL"] = in_a_process(arguments, entry["HOST"])
    text = written(options, told)
    print(text, end="")
    if options.write:
        write(text)
    return int(bool(missed(told)))


def read(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py bench api", description=__doc__)
    parser.add_argument("--seconds", default=60.0, type=float, help="of each part by HTTP")
    parser.add_argument("--clients", default=50, type=int, help="programs that want seats")
    parser.add_argument("--rounds", default=200, type=int, help="of each call beside a bare view")
    parser.add_argument("--write", action="store_true", help="write it into docs/web-api.md")
    parser.add_argument("--figures", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--server", default="", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.clients <= seats.SEATS:
        parser.error(f"--clients are more than the {seats.SEATS} seats.")
    return options


def in_a_process(arguments: Sequence[str], server: str) -> dict[str, Any]:
    """The figures of one database: SQLite, or the server at this socket."""
    command = [sys.executable, "-m", "bench.api", *arguments, "--figures", "--server", server]
    done = subprocess.run(command, cwd=seats.ROOT, check=True, stdout=subprocess.PIPE, text=True)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def figures(options: argparse.Namespace) -> dict[str, Any]:
    """All of one database."""
    entry = {"HOST": options.server} if options.server else None
    # Counted as ever, but never too many.
    os.environ |= {"API_CALLS_PER_ADDRESS": "1000000", "API_CALLS_PER_TOKEN": "1000000"}
    throwaway.set_up(programs.address(entry, postgres.OWNER) if entry else "")
    try:
        return measured(options, entry)
    finally:
        shutil.rmtree(os.environ["DATA_DIR"], ignore_errors=True)


def measured(options: argparse.Namespace, entry: dict[str, Any] | None) -> dict[str, Any]:
    from django.db import connection

    if entry:
        connection.close()
        connection.settings_dict["USER"] = postgres.WEB
    stage = program_calls.fill()
    told: dict[str, Any] = {"calls_load": os.getloadavg()[0]}
    told["calls"] = [
        {
            "name": each.name,
            "least": each.least,
            "api": each.api,
            "bare": each.bare,
            "statements": each.statements,
            "ratio": each.ratio,
        }
        for each in program_calls.compare(stage, options.rounds)
    ]
    limited = limited_licence(stage)
    environment = {
        **os.environ,
        "DATABASE_URL": programs.address(entry, postgres.WEB) if entry else "",
    }
    with (
        tempfile.TemporaryDirectory(prefix="portal-bench-") as folder,
        closing(Asking(entry)) as by,
    ):
        with seats.standing({**environment, "WORKERS": "2"}, Path(folder)) as portal:
            told["half_load"] = os.getloadavg()[0]
            place = place_of(stage.license, by)
            load = half_load.measure(portal, place, options.seconds / 2)
        told["half"] = {
            "capacity": load.capacity,
            "number": load.number,
            "p50": load.p50,
            "p99": load.p99,
            "ratio": load.ratio,
            "unavailable": load.unavailable,
        }
        told["seats_load"] = os.getloadavg()[0]
        weather = seats.Weather(programs=options.clients, seconds=options.seconds, pause=2.0)
        with seats.standing({**environment, "WORKERS": "3"}, Path(folder)) as portal:
            outcome = seats.storm(portal, place_of(limited, by), weather)
        told["seats"] = {**outcome.told, "killed": dict(outcome.killed),
                         "looks": outcome.watch.looks, "most": outcome.watch.most}  # fmt: skip
    return told


def limited_licence(stage: program_calls.Stage) -> Any:
    """Another licence of the product, of few seats, with a meter."""
    from licenses.verbs.licenses import create_license
    from licenses.verbs.meters import set_meters
    from tenancy.door import inside

    with inside(stage.vendor):
        license = create_license(
            product=stage.product, user=stage.license.user, allowed_activations=seats.SEATS
        )
        set_meters(license, [{"name": seats.METER, "allowed_uses": seats.USES}])
    return license


def place_of(license: Any, by: "Asking") -> seats.Place:
    id = str(license.pk) if by.entry else license.pk.hex
    return seats.Place(str(license.product_id), license.key, id, by)


class Asking:
    """Asks the database past the portal, as its superuser; one connection for each thread."""

    def __init__(self, entry: dict[str, Any] | None) -> None:
        import threading

        self.entry = entry
        self.here = threading.local()
        self.all: list[Any] = []

    def __call__(self, sql: str) -> list[tuple[Any, ...]]:
        if not hasattr(self.here, "connection"):
            self.here.connection = self._connect()
            self.all.append(self.here.connection)
        rows: list[tuple[Any, ...]] = self.here.connection.execute(sql).fetchall()
        return rows

    def _connect(self) -> Any:
        if self.entry:
            import psycopg

            address = programs.address(self.entry, programs.WITHOUT_WALL)
            return psycopg.connect(address, autocommit=True)
        import sqlite3

        file = Path(os.environ["DATA_DIR"], "db.sqlite3")
        return sqlite3.connect(file, timeout=30, isolation_level=None, check_same_thread=False)

    def close(self) -> None:
        for each in self.all:
            each.close()


def missed(told: dict[str, dict[str, Any]]) -> list[str]:
    """Which figures are not what they should be at least, or at most."""
    slow = [
        f"{name}: {call['name']}"
        for name, each in told.items()
        for call in each["calls"]
        if call["ratio"] < call["least"]
    ]
    return slow + [f"{name}: p99" for name, each in told.items() if each["half"]["ratio"] > MOST]


def written(options: argparse.Namespace, told: dict[str, dict[str, Any]]) -> str:
    return TEXT.format(
        date=datetime.now(UTC).strftime("%d %B %Y").lstrip("0"),
        machine=f"{os.cpu_count()} processors, Python {platform.python_version()}",
        clients=options.clients,
        seats=seats.SEATS,
        seconds=options.seconds,
        seats_rows="\n".join(seats_row(name, each) for name, each in told.items()),
        calls_rows="\n".join(
            call_row(name, call, each["calls_load"])
            for name, each in told.items()
            for call in each["calls"]
        ),
        load_rows="\n".join(load_row(name, each) for name, each in told.items()),
    )


def seats_row(name: str, told: dict[str, Any]) -> str:
    each, killed = told["seats"], told["seats"]["killed"]
    numbers = [each.get(part, 0) for part in ("taken", "refused", "again", "lost")]
    numbers += [f"{killed.get('one', 0)}, {killed.get('all', 0)}", each["looks"], each["most"]]
    return row(name, *numbers, f"{told['seats_load']:.1f}")


def call_row(name: str, call: dict[str, Any], load: float) -> str:
    api, bare = call["statements"]
    figures = [f"{call['api']:.2f}", f"{call['bare']:.2f}", f"{api}, {bare}"]
    figures += [f"{call['ratio']:.2f}", call["least"], f"{load:.1f}"]
    return row(f"{name}: `{call['name']}`", *figures)


def load_row(name: str, told: dict[str, Any]) -> str:
    half = told["half"]
    figures = [f"{half['capacity']:.0f}", half["number"], f"{half['p50']:.1f}"]
    figures += [
        f"{half['p99']:.1f}",
        f"{half['ratio']:.1f}",
        MOST,
        half["unavailable"],
        f"{told['half_load']:.1f}",
    ]
    return row(name, *figures)


def row(*cells: Any) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def write(text: str) -> None:
    """Between the marks of the page."""
    between = re.compile(f"{re.escape(BEGINS)}.*?{re.escape(ENDS)}", re.DOTALL)
    page = PAGE.read_text()
    PAGE.write_text(between.sub(lambda _: f"{BEGINS}\n{text}\n{ENDS}", page))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
