"""One process for all: what ends is started again or ends the whole, and nothing is left."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from portal import processes
from portal.management.commands.run import address
from portal.processes import GaveUp, Program, Running
from tests.prepared import ROOT, environment_of, migrated
from tests.served import free_port

SLEEP = "import time; time.sleep(60)"


def python(code: str) -> Program:
    return Program("It", [sys.executable, "-S", "-c", code])


def wait_until(done: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.05)


# --- One program ---------------------------------------------------------------------------------


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the supervisor takes for the time, in seconds."""
    now = [0.0]
    monkeypatch.setattr("portal.processes.time.monotonic", lambda: now[0])
    return now


@pytest.mark.processes
def test_what_ends_again_and_again_is_started_after_longer_pauses_and_given_up(
    clock: list[float],
) -> None:
    told: list[str] = []
    running = Running(python("raise SystemExit(3)"), os.environ)
    running.begin()
    for pause in processes.PAUSES:
        assert running.process
        running.process.wait()
        running.look(told.append)
        assert told[-1] == f"It ended by itself with code 3; it is started again in {pause:g} s."
        clock[0] += pause - 0.01
        running.look(told.append)
        assert running.process is None
        clock[0] += 0.02
        running.look(told.append)
    assert running.process
    running.process.wait()
    with pytest.raises(GaveUp, match=r"^It ended by itself with code 3, 6 times in a row\.$"):
        running.look(told.append)


@pytest.mark.processes
def test_what_has_run_for_long_begins_with_the_shortest_pause_again(clock: list[float]) -> None:
    told: list[str] = []
    running = Running(python(SLEEP), os.environ, ended_in_a_row=4)
    running.begin()
    clock[0] += processes.STEADY
    assert running.process
    running.process.kill()
    running.process.wait()
    running.look(told.append)
    assert told == ["It was ended by SIGKILL; it is started again in 1 s."]
    assert running.ended_in_a_row == 1


@pytest.mark.processes
def test_what_ends_before_it_is_up_ends_the_whole_at_once() -> None:
    programs = [python(SLEEP), python("raise SystemExit(1)")._replace(name="The other")]
    started = time.monotonic()
    with pytest.raises(GaveUp, match=r"^The portal did not start: The other ended\.$"):
        processes.supervise(
            programs, os.environ, is_up=lambda: False, when_up=lambda: None, say=print
        )
    assert time.monotonic() - started < 20


@pytest.mark.processes
def test_what_does_not_end_when_it_is_asked_to_is_made_to() -> None:
    code = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); {SLEEP}"
    process = subprocess.Popen([sys.executable, "-S", "-c", code], stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.readline()
    processes.stop([process], timeout=0.1)
    assert process.returncode == -signal.SIGKILL
    process.stdout.close()


@pytest.mark.parametrize(
    ("text", "found"), [("127.0.0.1:8000", ("127.0.0.1", 8000)), ("[::1]:80", ("::1", 80))]
)
def test_where_it_listens(text: str, found: tuple[str, int]) -> None:
    assert address(text) == found


@pytest.mark.parametrize("text", ["8000", "127.0.0.1", "127.0.0.1:0", "a:b", "[::1:80", ""])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="is no address with a port"):
        address(text)


# --- The portal ----------------------------------------------------------------------------------


@contextmanager
def run(folder: Path, port: int) -> Iterator[tuple["subprocess.Popen[bytes]", Path]]:
    """`manage.py run` on an SQLite of its own, once it says that it runs."""
    (folder / "db.sqlite3").write_bytes((migrated() / "db.sqlite3").read_bytes())
    for path in (folder, folder / "db.sqlite3"):
        path.chmod(0o700)
    keys = {"SECRET_KEY": "k" * 50, "KEY_ENCRYPTION_KEYS": "A" * 43 + "=", "PUBLIC_SCHEME": "http"}
    environment = environment_of(folder, port, **keys, WORKERS="1")
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "run", "--bind", f"127.0.0.1:{port}"],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until(
            lambda: process.poll() is not None or "The portal is running" in log.read_text(), 120
        )
        assert process.poll() is None, log.read_text()
        yield process, log
    finally:
        process.kill()
        process.wait()


def children_of(parent: int) -> dict[str, int]:
    """The processes right below this one, `gunicorn` and `db_worker`."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            line, words = path.read_text(), (path.parent / "cmdline").read_text().split("\0")
        except OSError:
            continue  # It has just ended.
        if int(line.rpartition(")")[2].split()[1]) == parent:
            names = [word for word in words if word in {"gunicorn", "db_worker"}]
            found.update(dict.fromkeys(names, int(path.parent.name)))
    return found


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def asked(port: int) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=60) as answer:
        return int(answer.status)


@pytest.mark.processes
@pytest.mark.takes_turns
def test_all_of_the_portal_runs_by_one_command(tmp_path: Path) -> None:
    """A part that is killed comes back, and who asks meanwhile waits; killed itself, it leaves
    nobody. tests/e2e/test_serving.py ends it by signals."""
    port = free_port()
    with run(tmp_path, port) as (process, log):
        assert log.read_text().count("becomes an operator by this link") == 1
        before = children_of(process.pid)
        assert set(before) == {"gunicorn", "db_worker"}
        for child in before.values():
            os.kill(child, signal.SIGKILL)
        wait_until(lambda: log.read_text().count("was ended by SIGKILL") == 2)
        assert asked(port) == 200
        wait_until(lambda: set(children_of(process.pid)) == set(before))
        after = children_of(process.pid)
        assert set(after.values()).isdisjoint(before.values())
        process.kill()
        process.wait()
        wait_until(lambda: not any(is_running(child) for child in after.values()))
