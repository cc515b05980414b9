"""`dev.py demo` as a process: it ends with all that it started, and two never share a port."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.environment import SETTINGS
from tests.served import ROOT, START_TIMEOUT, free_port, served

pytestmark = pytest.mark.e2e


def children_of(parent: int) -> set[int]:
    """The processes below this one, theirs included."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # It has just ended.
        if int(fields[1]) == parent:
            child = int(path.parent.name)
            found |= {child} | children_of(child)
    return found


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGINT,
        pytest.param(signal.SIGHUP, marks=pytest.mark.in_full),
        pytest.param(signal.SIGTERM, marks=pytest.mark.in_full),
    ],
)
@pytest.mark.takes_turns
def test_a_signal_ends_the_server_and_the_worker(tmp_path: Path, number: signal.Signals) -> None:
    """In spite of another project's settings, which the terminal still has."""
    if signal.getsignal(number) == signal.SIG_IGN:  # as a shell leaves it in what runs beside it
        signal.signal(number, signal.SIG_DFL)
    with served(tmp_path / "demo", DJANGO_SETTINGS_MODULE="another.settings") as portal:
        children = children_of(portal.process)
        assert len(children) >= 4  # gunicorn, two workers of it, the queue's worker
        os.kill(portal.process, number)
        deadline = time.monotonic() + 20
        while any(is_running(child) for child in children):
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.mark.takes_turns
def test_of_two_on_one_port_one_serves(tmp_path: Path) -> None:
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    logs = [tmp_path / name for name in ("one", "other")]
    both = []
    for log in logs:
        environment = kept | {"DATA_DIR": f"{log}-data", "PORT": str(port)}
        with log.open("w") as output:
            command = [sys.executable, "dev.py", "serve"]
            both.append(
                subprocess.Popen(
                    command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
                )
            )
    try:
        deadline = time.monotonic() + START_TIMEOUT
        while not any("Ctrl-C stops it." in log.read_text() for log in logs) or all(
            each.poll() is None for each in both
        ):
            assert time.monotonic() < deadline, [log.read_text() for log in logs]
            time.sleep(0.1)
    finally:
        for each in both:
            each.terminate()
        codes = [each.wait(20) for each in both]
    told = [log.read_text() for log in logs]
    assert sorted(codes) == [0, 1], told
    refusal = f"Port {port} can't be had (Address already in use): stop what listens there"
    assert sorted(text.count(refusal) for text in told) == [0, 1]
    assert sorted(text.count("The portal is running") for text in told) == [0, 1]
