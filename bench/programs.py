"""The licences page of three programs, measured in turn: the portal's, plain Django's, the floor's."""

import re
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import drive
from bench.database import logged, settle
from bench.drive import Failed, TooSlow, Visitor
from bench.fill import Filled
from bench.plain.session import plain_session_of
from bench.routes import Asker
from bench.serve import LICENSES, Program, Served, memory, processor_time, served
from tests import postgres

ROWS = 25
WITHOUT_WALL = "tests"  # the server's superuser
ASKED = re.compile(rb"LOG:  (?:statement|execute)\b")


@dataclass(slots=True)
class Running:
    """A program that is served, how long each of its starts took, and what its page weighs."""

    served: Served
    starts: list[float]
    bytes: int


@dataclass(slots=True)
class Figures:
    """What one program did for one vendor's customer, round by round."""

    running: Running
    rates: list[float] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    processor: float = 0.0  # seconds of the workers, for all of these times
    statements: int = 0
    memory: float = 0.0

    @property
    def name(self) -> str:
        return self.running.served.program.name

    @property
    def start(self) -> float:
        return statistics.median(self.running.starts)

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)


def address(entry: dict[str, Any], role: str) -> str:
    return f"postgresql://{role}@/{postgres.TEMPLATE}?host={entry['HOST']}"


def portal(entry: dict[str, Any]) -> Program:
    """The portal as it is served in production, behind the database's wall."""
    environment = {"DATABASE_URL": address(entry, postgres.WEB)}
    return Program("the portal", "portal.wsgi", environment, at_the_portal)


def plain(entry: dict[str, Any], padding: int) -> Program:
    environment = {
        "DATABASE_URL": address(entry, WITHOUT_WALL),
        "DJANGO_SETTINGS_MODULE": "bench.plain.settings",
        "PADDING": str(padding),
    }
    application = "django.core.wsgi:get_wsgi_application()"
    return Program("plain Django", application, environment, at_plain_django)


def floor(entry: dict[str, Any], body: Path) -> Program:
    environment = {"DATABASE_URL": address(entry, WITHOUT_WALL), "BODY": str(body)}
    return Program("the floor", "bench.floor", environment, on_the_floor)


def at_the_portal(filled: Filled) -> dict[str, str]:
    return Asker(filled).headers("c25")


def at_plain_django(filled: Filled) -> dict[str, str]:
    return {"Host": "localhost", "Cookie": f"sessionid={plain_session_of(filled.c25)}"}


def on_the_floor(filled: Filled) -> dict[str, str]:
    headers = at_the_portal(filled)
    return {**headers, "Cookie": f"{headers['Cookie']}; person={filled.c25.pk}"}


@contextmanager
def all_three(
    entry: dict[str, Any], filled: Filled, folder: Path, starts: int
) -> Iterator[list[Running]]:
    """The portal, plain Django and the floor, served at once; each was started so many times."""
    body = folder / "body.html"
    with ExitStack() as stack:

        def start(program: Program) -> Running:
            times = [start_once(program, filled, folder)[0] for _ in range(starts - 1)]
            each = stack.enter_context(served(program, filled, folder))
            page = each.visitor(filled).time(LICENSES)[1]
            if page.count(b"<code>LICENSE-") != ROWS:
                raise Failed(f"{program.name} sends no page of {ROWS} licences.")
            return Running(each, [*times, each.seconds_to_first_answer], len(page))

        ours = start(portal(entry))
        body.write_bytes(ours.served.visitor(filled).time(LICENSES)[1])
        missing = max(0, ours.bytes - start_once(plain(entry, 0), filled, folder)[1])
        yield [ours, start(plain(entry, missing)), start(floor(entry, body))]


def start_once(program: Program, filled: Filled, folder: Path) -> tuple[float, int]:
    """Seconds until a program answers, and how long its page is."""
    with served(program, filled, folder) as each:
        return each.seconds_to_first_answer, len(each.visitor(filled).time(LICENSES)[1])


def compare(
    three: list[Running], filled: Filled, log: Path, *, seconds: float, rounds: int, wrk: bool
) -> list[Figures]:
    """What the programs do for the vendor's customer with 25 licences; `log` is the database's."""
    figures = [Figures(each) for each in three]
    for each in three:
        # All threads of both workers are connected to the database.
        drive.by_threads(each.served.port, LICENSES.path, each.served.program.headers(filled), 0.3)
        settle()
    for _ in range(rounds):
        for mine in figures:
            each, headers = mine.running.served, mine.running.served.program.headers(filled)
            mine.rates.append(drive.load(each.port, LICENSES.path, headers, seconds, wrk=wrk))
            settle()
            visit(mine, filled, seconds / 2)
    for mine in figures:
        with suppress(TooSlow):
            mine.statements = statements(mine.running.served.visitor(filled), log)
        mine.memory = memory(mine.running.served.pid)
    return figures


def visit(mine: Figures, filled: Filled, seconds: float) -> None:
    """A single visitor for so many seconds, who asks for three pages at least; or for one, if that
    takes longer than anybody waits."""
    each = mine.running.served
    visitor = each.visitor(filled)
    used, end, fewest = processor_time(each.pid), time.perf_counter() + seconds, len(mine.times) + 3
    try:
        while len(mine.times) < fewest or time.perf_counter() < end:
            mine.times.append(visitor.time(LICENSES)[0])
    except TooSlow:
        mine.times.append(drive.PATIENCE)
        settle()
    mine.processor += processor_time(each.pid) - used


def statements(visitor: Visitor, log: Path) -> int:
    """How many statements the database gets for a page, by the database's own log. What is sent in
    one message counts as one; the check of an idle connection counts, too."""
    counts = []
    with logged():
        visitor.time(LICENSES)
        for _ in range(5):
            before = log.stat().st_size
            visitor.time(LICENSES)
            time.sleep(0.05)
            with log.open("rb") as file:
                file.seek(before)
                counts.append(len(ASKED.findall(file.read())))
    return statistics.mode(counts)
