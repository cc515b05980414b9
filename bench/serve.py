"""Serving a program by gunicorn as gunicorn.conf.py has it, two workers with four threads each,
whatever the program."""

import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.drive import Ask, Failed, Visitor
from bench.fill import Filled

START_TIMEOUT = 60.0  # seconds
LICENSES = Ask("/licenses/")


@dataclass(frozen=True, slots=True)
class Program:
    """A WSGI application, what it finds in its environment, and by which headers a vendor's
    customer asks for the licences page."""

    name: str
    application: str
    environment: Mapping[str, str]
    headers: Callable[[Filled], dict[str, str]]


@dataclass(frozen=True, slots=True)
class Served:
    program: Program
    port: int
    pid: int
    seconds_to_first_answer: float

    def visitor(self, filled: Filled) -> Visitor:
        return Visitor(self.port, self.program.headers(filled))


@contextmanager
def served(program: Program, filled: Filled, folder: Path) -> Iterator[Served]:
    """The program behind gunicorn until the end, once it has answered the vendor's customer; what
    it logs goes into the folder."""
    port, log = free_port(), folder / f"{program.name}.log"
    command = [sys.executable, "-m", "gunicorn", program.application]
    command += ["--bind", f"127.0.0.1:{port}", "--log-level", "warning"]
    start = time.perf_counter()
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, env={**os.environ, **program.environment}, stdout=output, stderr=output
        )
    try:
        wait_for(Visitor(port, program.headers(filled)), process, log)
        yield Served(program, port, process.pid, time.perf_counter() - start)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(visitor: Visitor, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Until the page is answered; raises Failed when that takes too long."""
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and process.poll() is None:
        try:
            visitor.time(LICENSES)
        except OSError:
            time.sleep(0.01)
            continue
        except Failed as error:
            raise Failed(f"{error}\n{log.read_text()}") from error
        return
    raise Failed(f"The program did not start:\n{log.read_text()}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def workers(pid: int) -> list[Path]:
    """The folders in /proc of the processes that answer for this gunicorn."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int(stat_of(folder)[1])
        except OSError:
            continue
        if parent == pid:
            found.append(folder)
    return found


def stat_of(folder: Path) -> list[str]:
    """The fields of /proc/<pid>/stat that follow the name."""
    return (folder / "stat").read_text().rpartition(")")[2].split()


def memory(pid: int) -> float:
    """The resident memory of the largest worker of this gunicorn, in MiB."""
    pages = [int((folder / "statm").read_text().split()[1]) for folder in workers(pid)]
    return max(pages) * resource.getpagesize() / 1024**2


def processor_time(pid: int) -> float:
    """Seconds of a processor that the workers of this gunicorn have used."""
    ticks = [sum(int(part) for part in stat_of(folder)[11:13]) for folder in workers(pid)]
    return sum(ticks) / os.sysconf("SC_CLK_TCK")
