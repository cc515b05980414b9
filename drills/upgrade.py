"""From one version to the next while people work, with both beside each other on one database.

The code of an older commit (`--from`) serves on PostgreSQL, on tables of its own migrations; this
code's migrations run beside it, then its web processes and worker serve as well, the older ones end,
come back, as they do when a new version is taken back, and end for good. Programs, pages, sales,
e-mails and events go on all the time, each call to either version; after each step everything is
compared. What one version has begun the other goes on with: sessions, forms, links in e-mails, calls
with an Idempotency-Key, offline files.
"""

import io
import random
import signal
import subprocess
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bench.seats import PATIENCE, Portal, Program, is_alive
from drills.across import Across, Side
from drills.places import asking, environment, made, manage, owner
from drills.stage import COUNTED, Act, Stage, Version, stage, tried, verified
from tests.prepared import ROOT

HEADS = ["step", "who serves", "step took s", *COUNTED]
# Where what is 1.0.0 now was called so first.
ORIGIN = "a3e09d2"
# How many workers have done something since then.
BUSY = (
    "SELECT count(DISTINCT worker_ids->>-1) FROM django_tasks_database_dbtaskresult "
    "WHERE started_at > '{}'"
)
ENDS_WITHIN = 30.0  # seconds


@dataclass(slots=True)
class Fronts:
    """Several portals as one: whoever knocks comes to one of them. Counts who answered calls, by
    anything but an error of the portal's own."""

    portals: list[Portal]
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    answered: Counter[int] = field(default_factory=Counter)

    @property
    def port(self) -> int:
        return self.chance.choice(self.portals).port


class Visitor(Program):
    """Begins each call anew, which so comes to either version."""

    portal: Fronts

    def send(self, *what: object):  # type: ignore[no-untyped-def]
        self.hang_up()
        response, content = Program.send(self, *what)  # type: ignore[arg-type]
        if response.status < 500:
            self.portal.answered[self.connection.port] += 1  # type: ignore[union-attr]
        return response, content


def run(*, small: bool = False, origin: str | None = None) -> Iterator[list[str]]:
    with ExitStack() as stack:
        folders = [
            Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="portal-drill-")))
            for _ in range(2)
        ]
        commit = exported(origin or ORIGIN, folders[0])
        yield from steps(stack, commit, *folders, small=small)


def exported(origin: str, folder: Path) -> str:
    """Puts the commit's code into the folder; its short name. Raises AssertionError."""
    done = subprocess.run(["git", "archive", origin], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, f"{origin} is not here: {done.stderr.decode()}"
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
    named = ["git", "rev-parse", "--short=7", f"{origin}^{{commit}}"]
    return subprocess.run(
        named, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()


def steps(
    stack: ExitStack, commit: str, code: Path, data: Path, *, small: bool
) -> Iterator[list[str]]:
    logs = data / "this"  # below the folder in which logs are looked for
    logs.mkdir()
    server = made(stack)
    above, ask = owner(data, server.folder), asking(server.folder)
    manage("prepare", above | static(data, "old"), code=code)
    env = environment(data, server.folder) | static(data, "old")
    programs = 6 if small else 12
    with stage(data, env, ask, programs=programs, workers=1, code=code) as here:
        fronts = Fronts([here.portal])
        here.front = fronts
        here.everybody = [Visitor(fronts, here.place, random.Random(n)) for n in range(programs)]
        new = Version(ROOT, here.env | static(data, "new"), logs)
        portal = Portal(new.env, logs / "portal.log")
        stack.callback(portal.end)
        first = Turn(here, fronts, here.versions[0], here.portal, here.workers[0])
        then = Turn(here, fronts, new, portal)
        across = Across(here, Side(first.version, first.portal), Side(new, portal), logs)
        both = f"{commit} and this"

        def step(name: str, who: str, act: Act) -> list[str]:
            timed = Timed(act)
            fronts.answered.clear()
            [(began,)] = ask("SELECT now()")
            name, who, *cells = tried(here, name, who, timed, small=small)
            silent = [turn for turn in (first, then) if turn.has_gone_silent()]
            assert not silent, f"{name}: {len(silent)} of the versions answered nothing."
            [(busy,)] = ask(BUSY.format(began))
            assert busy >= len(here.workers), f"{name}: a worker did nothing."
            for log in data.rglob("worker.log"):
                assert "Traceback" not in log.read_text(), log.read_text()[-3000:]
            return [name, who, f"{timed.took:.1f}", *cells]

        manage("collectstatic", new.env, "--noinput")
        across.begin()
        yield step("as it was", commit, lambda: time.sleep(2))
        yield step("tables of this version", commit, lambda: manage("migrate", above))
        yield step("this version beside it", both, then.begin)
        across.cross()
        yield step("the older one ended", "this", first.end)
        if not small:
            yield step("both again", both, first.begin)
            yield step("this one taken back", commit, then.end)
            across.taken_back()
            yield step("both again", both, then.begin)
            yield step("the older one ended for good", "this", first.end)
        verified(here)


@dataclass(slots=True)
class Timed:
    act: Act
    took: float = 0.0  # seconds

    def __call__(self) -> None:
        start = time.monotonic()
        self.act()
        self.took = time.monotonic() - start


@dataclass(slots=True)
class Turn:
    """A version's web processes and its worker, which come and go."""

    here: Stage
    fronts: Fronts
    version: Version
    portal: Portal
    worker: "subprocess.Popen[bytes] | None" = None

    def begin(self) -> None:
        """Until it answers; visitors come to it from then on."""
        self.here.versions.append(self.version)
        self.worker = self.here.start_worker()
        self.portal.start()
        deadline = time.monotonic() + PATIENCE
        while not is_alive(self.portal.port):
            assert time.monotonic() < deadline, "The portal did not start."
            time.sleep(0.05)
        self.fronts.portals = [*self.fronts.portals, self.portal]

    def end(self) -> None:
        """As a proxy and whoever runs processes do it: no more visitors, then SIGTERM."""
        self.fronts.portals = [each for each in self.fronts.portals if each is not self.portal]
        self.here.versions.remove(self.version)
        for process in (self.portal.process, self.worker):
            process.send_signal(signal.SIGTERM)
            assert process.wait(ENDS_WITHIN) == 0, "It did not end as it should."
        # Only now: the stage kills those that it has, where this one did not end.
        self.here.workers.remove(self.worker)
        self.portal.process = self.worker = None

    def has_gone_silent(self) -> bool:
        return self.portal in self.fronts.portals and not self.fronts.answered[self.portal.port]


def static(data: Path, name: str) -> dict[str, str]:
    """Each version has its own, as in its image."""
    return {"STATIC_ROOT": str(data / f"static-{name}")}
