"""Asking a served program: by many connections at once, and as a single visitor."""

import http.client
import re
import shutil
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from bench.database import settle

CONNECTIONS = 16
PATIENCE = 20.0  # seconds for one answer
# Fewer than a customer may hand in offline files within a minute.
MOST_TRIES, FEWEST_TRIES = 50, 3
SLOW = 2.0  # seconds; what takes longer is asked for twice more
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Failed(Exception):
    """An answer was not the one that is measured."""


class TooSlow(Exception):
    """No answer came within PATIENCE."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request; `first_byte` asks how long the answer takes to begin and hangs up then."""

    path: str
    form: Mapping[str, str] | None = None
    # One of these is answered: who finds one thing alone is led there.
    statuses: tuple[int, ...] = (200,)
    first_byte: bool = False


class Visitor:
    """Somebody with a browser: one request after the other on a connection that stays open."""

    def __init__(self, port: int, headers: Mapping[str, str]) -> None:
        self.headers = dict(headers)
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)

    def time(self, ask: Ask) -> tuple[float, bytes]:
        """Seconds until the answer is there, and its body; raises Failed and TooSlow."""
        try:
            return self._time(ask)
        except TimeoutError:
            raise TooSlow(ask.path) from None
        except ConnectionError:
            # The server closes what nobody has used for two seconds.
            return self._time(ask)

    def _time(self, ask: Ask) -> tuple[float, bytes]:
        body = urlencode(ask.form) if ask.form is not None else None
        method, headers = ("POST", self.headers | FORM) if body else ("GET", self.headers)
        start = time.perf_counter()
        try:
            self.connection.request(method, ask.path, body, headers)
            response = self.connection.getresponse()
            content = response.read(1) if ask.first_byte else response.read()
            took = time.perf_counter() - start
        except OSError:
            self.connection.close()
            raise
        if ask.first_byte:
            self.connection.close()
        if response.status not in ask.statuses:
            raise Failed(f"{ask.path} answered {response.status}: {content[-3000:]!r}")
        return took, content


@dataclass(slots=True)
class Turns:
    """One of those who ask in turn: what for, and how long each answer took."""

    visitor: Visitor
    make: Callable[[int], Ask]
    fewest: int = FEWEST_TRIES
    times: list[float] = field(default_factory=list)
    error: Failed | TooSlow | None = None

    def has_had_enough(self, seconds: float) -> bool:
        enough = len(self.times) >= self.fewest and sum(self.times) >= seconds
        return enough or self.error is not None

    def ask(self, number: int) -> None:
        """The first request warms up and is not counted; whoever is slow asks twice more."""
        try:
            took, _content = self.visitor.time(self.make(number))
        except (Failed, TooSlow) as error:
            self.error = error
            settle()
            return
        if number:
            self.times.append(took)
        elif took > SLOW:
            self.fewest = 2


def in_turn(everybody: list[Turns], seconds: float) -> None:
    """Lets them ask one after the other, so that what else the machine does meets all of them: each
    for so many seconds, 3 times at least and 50 at most. Whoever fails asks no more."""
    for number in range(MOST_TRIES + 1):
        for each in everybody:
            if not each.has_had_enough(seconds):
                each.ask(number)


def percentile(times: list[float], percent: int) -> float:
    """In milliseconds."""
    if len(times) == 1:
        return times[0] * 1000
    return statistics.quantiles(times, n=100, method="inclusive")[percent - 1] * 1000


def wrk_is_there() -> bool:
    return shutil.which("wrk") is not None


def load(port: int, path: str, headers: Mapping[str, str], seconds: float, *, wrk: bool) -> float:
    """Requests per second that are answered to 16 connections; raises Failed for other answers
    than 200."""
    drive = by_wrk if wrk else by_threads
    return drive(port, path, headers, seconds)


def by_wrk(port: int, path: str, headers: Mapping[str, str], seconds: float) -> float:
    command = ["wrk", "-c", str(CONNECTIONS), "-t", "2", "-d", f"{max(1, round(seconds))}s"]
    command += ["--timeout", f"{PATIENCE:.0f}s"]
    for name, value in headers.items():
        command += ["-H", f"{name}: {value}"]
    done = subprocess.run(
        [*command, f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, check=True
    )
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    # That some wait longer than PATIENCE is no failure: what they wait for is not counted.
    broken = re.search(r"Socket errors: connect 0, read 0, write 0", done.stdout) is None
    if "Non-2xx" in done.stdout or ("Socket errors" in done.stdout and broken) or not rate:
        raise Failed(done.stdout)
    return float(rate[1])


def by_threads(port: int, path: str, headers: Mapping[str, str], seconds: float) -> float:
    """The same in Python, which takes more of the processors for itself."""
    ask, counts, failures = Ask(path), [0] * CONNECTIONS, []
    end = time.perf_counter() + seconds

    def visit(number: int) -> None:
        visitor = Visitor(port, headers)
        try:
            while time.perf_counter() < end:
                visitor.time(ask)
                counts[number] += 1
        except TooSlow:
            return
        except (Failed, OSError) as error:
            failures.append(error)

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(CONNECTIONS)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise Failed(str(failures[0]))
    return sum(counts) / (time.perf_counter() - start)
