"""An installation at work, for drills that break something: programs at a licence of few seats, who
reads a page again and again, and licences that are sold by e-mail and told of by a webhook.

At the end seats, machines, uses, the audit trail, e-mails and events have to be what was answered.
"""

import http.client
import json
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from bench import seats
from bench.seats import Program
from drills.places import LIGHT, manage
from tests.mail.smtp_server import MailServer, mail_server
from tests.prepared import ROOT
from tests.webhooks.receiver import Receiver, receiving

HOST, PAGE = "acme.portal.localhost", "/login/"
SETTLED_WITHIN = 180.0  # seconds; an e-mail that failed is tried again after a minute
OURS = "One moment"
COUNTED = [
    "calls answered",
    "503, sent again",
    "broken off, sent again",
    "pages: 200",
    "503",
    "none",
    "slowest page s",
    "there again after s",
    "e-mails, once each",
    "events",
]
Act = Callable[[], object]


class Front(Protocol):
    """Where visitors knock."""

    @property
    def port(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Version:
    """Code of the portal, the environment of its processes, and the folder of their logs."""

    code: Path
    env: Mapping[str, str]
    folder: Path


@dataclass(slots=True)
class Watch:
    """What a reader of a page got: when it came, how long it took and its status, 0 for none."""

    front: Front
    seen: list[tuple[float, float, int]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def look(self) -> None:
        start = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.front.port, timeout=30)
        try:
            connection.request("GET", PAGE, headers={"Host": HOST})
            response = connection.getresponse()
            page, status = response.read().decode(), response.status
            if status == 503 and (response.headers["Retry-After"] is None or OURS not in page):
                self.wrong.append(f"A page that is not ours: {page[:200]}")
            if status not in {200, 503}:
                self.wrong.append(f"The page was answered {status}: {page[:200]}")
        except (OSError, http.client.HTTPException):
            status = 0
        finally:
            connection.close()
        now = time.monotonic()
        self.seen.append((now, now - start, status))

    def answered_since(self, moment: float) -> float | None:
        """After how many seconds the page was there again."""
        return next(
            (at - moment for at, _took, status in self.seen if at > moment and status == 200), None
        )


@dataclass(frozen=True, slots=True)
class Seen:
    """What one fault was answered by: calls and what became of them, the page, and after how many
    seconds it was there again."""

    told: Counter[str]
    pages: Counter[int]
    slowest: float
    again: float | None


@dataclass(slots=True)
class Stage:
    """`versions` are those that are at work, one unless a drill says so, and `front` is where their
    visitors knock."""

    env: dict[str, str]
    folder: Path
    ids: Any
    portal: seats.Portal
    place: seats.Place
    mail: MailServer
    receiver: Receiver
    versions: list[Version]
    front: Front
    everybody: list[Program] = field(default_factory=list)
    workers: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    @property
    def journal(self) -> list[list[str]]:
        path = self.folder / "journal"
        return [line.split() for line in path.read_text().splitlines()] if path.exists() else []

    def logged(self, text: str) -> int:
        """How often the portal's log has it."""
        return self.portal.log.read_text().count(text)

    def start_worker(self) -> "subprocess.Popen[bytes]":
        """One of the version that was added last."""
        version = self.versions[-1]
        command = [sys.executable, "manage.py", "db_worker", "--no-startup-delay", "--interval=0.2"]
        with (version.folder / "worker.log").open("ab") as log:
            process = subprocess.Popen(
                command, cwd=version.code, env=version.env, stdout=log, stderr=log
            )
        self.workers.append(process)
        return process

    def kill_workers(self) -> None:
        for each in self.workers:
            each.kill()
            each.wait()
        self.workers.clear()

    def during(self, act: Callable[[], object], *, lead: float, tail: float) -> Seen:
        """Everybody works; after a while `act` breaks and mends something, and they go on for a
        while. Raises AssertionError for an answer that must not be."""
        before = self.told()
        watch, over = Watch(self.front), threading.Event()

        def look() -> None:
            while not over.wait(0.05):
                watch.look()

        goes_on = lambda _acts: not over.is_set()  # noqa: E731
        threads = [
            threading.Thread(target=noted, args=(each.wrong, each.run, goes_on))
            for each in self.everybody
        ]
        threads.append(threading.Thread(target=noted, args=(watch.wrong, look)))
        with self.telling():
            for thread in threads:
                thread.start()
            try:
                self.wait_for_emails()
                time.sleep(lead)
                act()
                mended = time.monotonic()
                time.sleep(tail)
            finally:
                over.set()
                for thread in threads:
                    thread.join()
        wrong = [*watch.wrong, *(text for each in self.everybody for text in each.wrong)]
        assert not wrong, "; ".join(wrong[:5])
        pages = Counter(status for _at, _took, status in watch.seen)
        slowest = max(took for _at, took, _status in watch.seen)
        return Seen(self.told() - before, pages, slowest, watch.answered_since(mended))

    def wait_for_emails(self) -> None:
        """Until the workers have begun."""
        before, deadline = len(self.mail.accepted), time.monotonic() + SETTLED_WITHIN
        while len(self.mail.accepted) == before:
            assert time.monotonic() < deadline, "No e-mail leaves."
            time.sleep(0.1)

    def told(self) -> Counter[str]:
        return sum((each.told for each in self.everybody), Counter[str]())

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Licences are sold by each version's code."""
        command = [sys.executable, "-m", "drills.load", "tell", str(self.folder / "journal")]
        processes = [
            subprocess.Popen(command, cwd=version.code, env=version.env)
            for version in self.versions
        ]
        try:
            yield
        finally:
            for process in processes:
                process.terminate()
            try:
                codes = [process.wait(60) for process in processes]
            finally:
                for process in processes:
                    end(process)
        assert not any(codes), "Selling licences failed."

    def settle(self) -> None:
        """Waits until all e-mails have left and all events have arrived, and compares everything
        with what was answered. Raises AssertionError."""
        self.wait_until_settled()
        held = sum(bool(each.activation) for each in self.everybody)
        wrong = seats.differences(self.place, self.told(), held)
        assert not wrong, "; ".join(wrong)
        self.check_emails()
        self.check_events()
        for log in (path.read_text() for path in self.folder.rglob("portal.log")):
            assert "Traceback" not in log, log[log.index("Traceback") :][:3000]

    def wait_until_settled(self) -> None:
        deadline = time.monotonic() + SETTLED_WITHIN
        while waiting := self.waiting():
            assert time.monotonic() < deadline, f"These wait for ever: {waiting}"
            time.sleep(0.2)

    def waiting(self) -> list[tuple[Any, ...]]:
        emails = self.place.ask(
            "SELECT state, count(*) FROM mail_outgoingemail WHERE due_at IS NOT NULL GROUP BY state"
        )
        events = self.place.ask(
            "SELECT state, count(*) FROM webhooks_delivery WHERE due_at IS NOT NULL GROUP BY state"
        )
        return [*emails, *events]

    def check_emails(self) -> None:
        states = {
            plain(pk): state
            for pk, state in self.place.ask("SELECT id, state FROM mail_outgoingemail")
        }
        came = Counter(plain(each) for each in self.mail.accepted)
        twice = [each for each, times in came.items() if times > 1]
        unknown = {each for each, state in states.items() if state == "unknown"}
        lost = [each for each, _license in self.journal if plain(each) not in came.keys() | unknown]
        assert not twice, f"{len(twice)} e-mails were sent twice."
        assert not lost, (
            f"{len(lost)} of {len(self.journal)} e-mails are lost: {[states.get(plain(e)) for e in lost[:5]]}"
        )

    def check_events(self) -> None:
        rows = dict(self.place.ask("SELECT id, state FROM webhooks_delivery"))
        there = {plain(pk) for (pk,) in self.place.ask("SELECT id FROM licenses_license")}
        gone = [each for _email, each in self.journal if plain(each) not in there]
        assert not gone, f"{len(gone)} licences that were sold are gone."
        got = {plain(each.id) for each in self.receiver.got}
        lost = [pk for pk in rows if plain(pk) not in got]
        assert not lost, f"{len(lost)} of {len(rows)} events never came."

    def events(self) -> int:
        [(number,)] = self.place.ask("SELECT count(*) FROM webhooks_delivery")
        return int(number)


def noted(wrong: list[str], act: Callable[..., object], *arguments: object) -> None:
    """Whatever a thread dies of is wrong: nobody else would see it."""
    try:
        act(*arguments)
    except Exception as error:
        wrong.append(repr(error))


def plain(id: Any) -> str:
    """An id as SQLite has it, from whichever database."""
    return str(id).replace("-", "")


@contextmanager
def stage(
    folder: Path,
    env: Mapping[str, str],
    ask: seats.Ask,
    *,
    programs: int = 12,
    workers: int = 2,
    code: Path = ROOT,
) -> Iterator[Stage]:
    """On a database that has its tables; `env` says where it is, `ask` asks it past the portal."""
    with ExitStack() as stack:
        mail, receiver = stack.enter_context(mail_server()), stack.enter_context(receiving())
        whole = {**LIGHT, "EMAIL_URL": f"smtp://127.0.0.1:{mail.port}", **env}
        command = [sys.executable, "-m", "drills.load", "stage", receiver.url]
        done = subprocess.run(
            command, cwd=code, env=whole, check=True, stdout=subprocess.PIPE, text=True
        )
        ids = json.loads(done.stdout.splitlines()[-1])
        portal = stack.enter_context(seats.standing(whole, folder, code))
        id, key = ids["license"]
        of_sqlite = "DATABASE_URL" not in env
        place = seats.Place(ids["product"], key, plain(id) if of_sqlite else id, ask)
        version = Version(code, whole, folder)
        made = Stage(whole, folder, ids, portal, place, mail, receiver, [version], portal)
        made.everybody = [Program(portal, place, random.Random(n)) for n in range(programs)]
        stack.callback(made.kill_workers)
        stack.callback(lambda: [each.hang_up() for each in made.everybody])
        for _ in range(workers):
            made.start_worker()
        yield made


def asking_sqlite(path: Path) -> seats.Ask:
    def ask(sql: str) -> Any:
        with closing(sqlite3.connect(path, timeout=30)) as connection:
            return connection.execute(sql).fetchall()

    return ask


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[None]:
    """The folder, empty, on a disk of so many bytes; needs root."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "small", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def end(process: "subprocess.Popen[bytes]") -> None:
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGKILL)
    process.wait()


# --- Tried --------------------------------------------------------------------------------------


def tried(here: Stage, name: str, on: str, act: Act, *, small: bool = False) -> list[str]:
    emails, events = len(here.mail.accepted), here.events()
    lead, tail = (1.0, 2.0) if small else (5.0, 10.0)
    seen = here.during(act, lead=lead, tail=tail)
    here.settle()
    return row(name, on, seen, len(here.mail.accepted) - emails, here.events() - events)


def row(name: str, on: str, seen: Seen, emails: int, events: int) -> list[str]:
    told = seen.told
    answered = sum(told[each] for each in ("taken", "refused", "synced", "counted", "given"))
    assert seen.again is not None, f"{name}: the page did not come back."
    return [
        name,
        on,
        f"{answered:,}",
        f"{told['unavailable']:,}",
        f"{told['lost']:,}",
        f"{seen.pages[200]:,}",
        f"{seen.pages[503]:,}",
        f"{seen.pages[0]:,}",
        f"{seen.slowest:.1f}",
        f"{seen.again:.1f}",
        f"{emails:,}",
        f"{events:,}",
    ]


def verified(here: Stage) -> None:
    """The chain of the audit trail holds, and so does the table of hosts."""
    for command in ("verify_audit", "verify_hosts"):
        manage(command, here.env)
