"""The portal's processes as one: started together, started again when one ends by itself, and ended
together. `manage.py run` runs them so, and dev.py by it. Python's own library alone: dev.py reads
this before anything is installed.
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import NamedTuple, NoReturn

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
START_TIMEOUT = 60.0  # seconds
# gunicorn gives running answers 30 seconds, the worker its job five.
STOP_TIMEOUT = 40.0  # seconds
LOOKS = 0.2  # seconds between two looks at what runs
# Seconds before what has ended by itself is started again, the first time and each next one.
PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0)
STEADY = 60.0  # seconds after which what ends has run well before
OK = 200
PR_SET_PDEATHSIG = 1


class Program(NamedTuple):
    """What runs: its name for people, its command, and the open files that it gets."""

    name: str
    command: Sequence[str]
    files: tuple[int, ...] = ()


class GaveUp(Exception):
    """A program ends again and again, or did not start; what it says is for people."""


@dataclass
class Running:
    """A program that is started again when it ends by itself."""

    program: Program
    environment: Mapping[str, str]
    process: "subprocess.Popen[bytes] | None" = None
    began: float = 0.0
    ended_in_a_row: int = 0
    begins_again: float = 0.0

    def begin(self) -> None:
        # A session of its own: Ctrl-C reaches who started it alone, who then ends all in order.
        self.process = subprocess.Popen(
            list(self.program.command),
            env=dict(self.environment),
            start_new_session=True,
            pass_fds=self.program.files,
            preexec_fn=end_with_the_parent(),  # noqa: PLW1509  nothing here has threads
        )
        self.began = time.monotonic()

    def has_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def look(self, say: Callable[[str], None]) -> None:
        """Starts it again once its pause is over; raises GaveUp when it ends again and again."""
        now = time.monotonic()
        if self.process is not None and self.process.poll() is not None:
            self.ended_in_a_row = 1 if now - self.began >= STEADY else self.ended_in_a_row + 1
            how = told_of(self.process.returncode)
            self.process = None
            if self.ended_in_a_row > len(PAUSES):
                raise GaveUp(f"{self.program.name} {how}, {self.ended_in_a_row} times in a row.")
            pause = PAUSES[self.ended_in_a_row - 1]
            say(f"{self.program.name} {how}; it is started again in {pause:g} s.")
            self.begins_again = now + pause
        if self.process is None and now >= self.begins_again:
            self.begin()


def supervise(
    programs: Sequence[Program],
    environment: Mapping[str, str],
    *,
    is_up: Callable[[], bool],
    when_up: Callable[[], None],
    say: Callable[[str], None],
) -> None:
    """Runs the programs until a signal comes (KeyboardInterrupt, see `ended_by_signals`); then, or
    when one can't be kept running (GaveUp), has none left."""
    running = [Running(program, environment) for program in programs]
    try:
        for each in running:
            each.begin()
        wait_until_up(running, is_up)
        when_up()
        while True:
            for each in running:
                each.look(say)
            time.sleep(LOOKS)
    finally:
        stop([each.process for each in running if each.process is not None])


def wait_until_up(running: Sequence[Running], is_up: Callable[[], bool]) -> None:
    """Raises GaveUp when the time is over, or at once when one has ended."""
    deadline = time.monotonic() + START_TIMEOUT
    while not is_up():
        if ended := [each.program.name for each in running if each.has_ended()]:
            raise GaveUp(f"The portal did not start: {' and '.join(ended)} ended.")
        if time.monotonic() >= deadline:
            raise GaveUp(f"The portal did not answer within {START_TIMEOUT:g} s.")
        time.sleep(LOOKS / 2)


def stop(
    processes: Sequence["subprocess.Popen[bytes]"],
    by: int = signal.SIGTERM,
    timeout: float = STOP_TIMEOUT,
) -> None:
    """Asks them all to end, and makes those that have not when the seconds are over."""
    for process in processes:
        process.send_signal(by)
    deadline = time.monotonic() + timeout
    for process in processes:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            process.kill()
            process.wait()


def told_of(code: int) -> str:
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended by itself with code {code}"


def end_with_the_parent() -> Callable[[], None]:
    """What a child does before it becomes its program, so that it is told to end when this process
    is killed."""
    parent, libc = os.getpid(), ctypes.CDLL(None)

    def prepare() -> None:
        if sys.platform == "linux":
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return prepare


# --- Signals -------------------------------------------------------------------------------------


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Inside, what ends this process raises KeyboardInterrupt, once. Nothing of it is left after
    that but the end: a signal that comes then keeps nobody from getting there."""
    for number in ENDING:
        if signal.getsignal(number) != signal.SIG_IGN:  # as nohup leaves it
            signal.signal(number, end)
    try:
        yield
    finally:
        # Python takes its handlers away before it has ended; then a second signal would kill it.
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)


def end(number: int, frame: object) -> NoReturn:
    """Ends this process as Ctrl-C does, once: a second signal doesn't keep it from ending its
    children."""
    for each in ENDING:
        signal.signal(each, lambda *_: None)  # Python complains of SIG_IGN when both are pending.
    raise KeyboardInterrupt


# --- Where it listens, and as whom it asks the database -------------------------------------------


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there, where nobody else does then; exits with a sentence where that
    can't be."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        sys.exit(
            f"Port {port} can't be had ({why}): stop what listens there, or choose another port."
        )


def is_ready(host: str, port: int) -> bool:
    """Whether /readyz there answers that all is well."""
    loopback = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104  compared with
    # Not urllib, which would go through a proxy that the environment names.
    connection = HTTPConnection(loopback.get(host, host), port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def as_owner(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment in which tables are made: with DATABASE_OWNER_URL, if there is one, in the
    place of DATABASE_URL."""
    changed = as_web(environment)
    for end in ("", "_FILE"):
        if f"DATABASE_OWNER_URL{end}" in environment:
            changed.pop("DATABASE_URL", None)
            changed.pop("DATABASE_URL_FILE", None)
            changed[f"DATABASE_URL{end}"] = environment[f"DATABASE_OWNER_URL{end}"]
    return changed


def as_web(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of who serves, who has no business with the owner of the tables."""
    of_owner = {"DATABASE_OWNER_URL", "DATABASE_OWNER_URL_FILE"}
    return {name: value for name, value in environment.items() if name not in of_owner}
