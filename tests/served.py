"""A served portal with the demo data, started by the very command of the README."""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.prepared import ROOT, environment_of, prepared

START_TIMEOUT = 90.0  # seconds
PATIENCE = 30_000  # milliseconds; a busy machine is slow, not broken


@dataclass
class Portal:
    """Where the served portal is, and its command line."""

    port: int
    data: Path
    environment: dict[str, str]
    process: int = 0  # of dev.py, where it serves

    def url(self, label: str, path: str = "/") -> str:
        return f"http://{label}.portal.localhost:{self.port}{path}"

    def manage(self, *arguments: str) -> str:
        return subprocess.run(
            [sys.executable, "dev.py", "manage", *arguments],
            cwd=ROOT,
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def emails_to(self, address: str, telling: str = "") -> list[str]:
        """The e-mails that went there, oldest first; waits for the queue's worker, until one has
        the words."""
        deadline = time.monotonic() + PATIENCE / 1000
        while time.monotonic() < deadline:
            files = sorted(
                self.data.glob(f"mail/*-{address}-*.eml"), key=lambda file: file.stat().st_mtime_ns
            )
            texts = [file.read_text() for file in files]
            if any(telling in text.replace("=\n", "") for text in texts):
                return texts
            time.sleep(0.1)
        raise AssertionError(f"No e-mail to {address} came.")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(data: Path, port: int | None = None, **changes: str) -> Iterator[Portal]:
    """`python3 dev.py demo` on a free port, with what it writes in `data`, which has the demo data
    already or gets them here; a PostgreSQL gets them by the command itself."""
    port = port or free_port()
    environment = environment_of(data, port, **changes)
    if "DATABASE_URL" not in changes and not (data / "db.sqlite3").exists():
        shutil.copytree(prepared(), data, dirs_exist_ok=True)
    log = data / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "dev.py", "demo"],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + START_TIMEOUT
        while "Ctrl-C stops it." not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield Portal(port, data, environment, process.pid)
    finally:
        process.terminate()
        assert process.wait(20) == 0, log.read_text()
