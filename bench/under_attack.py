"""Whether a neighbour's pages still answer while somebody attacks: `python3 dev.py attacks`.

Serves the demo on a private PostgreSQL behind nginx and behind Caddy, as deploy/ sets them up, and
by gunicorn alone. Runs every attack of bench/attacks/ against each, and meanwhile asks, on a new
connection each time, for another vendor's licences page and for `/healthz`. Prints a table of the
slowest answers.

An attack is a module in bench/attacks/: its docstring's first line says what is done, `SIZE` how
often, `SMALL` how often in the ordinary tests, and `attack(site, size)` does it and returns when
it is over. `FRONTS` names the fronts that it is for, if not all.
"""

import argparse
import http.client
import importlib
import pkgutil
import re
import signal
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from urllib.parse import urlencode

from bench import attacks
from tests import postgres
from tests.deploy import servers
from tests.served import Portal, served

ZONE = "portal.localhost"
PATIENCE = 20.0  # seconds for one answer
LASTS = 8.0  # seconds in which an attack holds what it has
PAUSE = 0.05  # seconds between two questions
MOST = 1.0  # seconds that an answer may take
# Threads as docs/operations.md recommends them for each front.
FRONTS = {"nginx": "4", "caddy": "4", "alone": "32"}


@dataclass(frozen=True, slots=True)
class Site:
    """Where a front listens on loopback, the portal behind it, and how many seconds an attack
    holds what it has."""

    front: str
    port: int
    portal: Portal
    lasts: float = LASTS

    def host(self, label: str = "acme") -> str:
        return f"{label}.{ZONE}" if label else ZONE

    def connect(self, receive_buffer: int = 0) -> socket.socket:
        """A new connection; with so many bytes of room for what comes in."""
        client = socket.socket()
        try:
            if receive_buffer:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            client.settimeout(PATIENCE)
            client.connect(("127.0.0.1", self.port))
        except OSError:
            client.close()
            raise
        return client

    def head(self, method: str, path: str, label: str = "acme", **headers: str) -> bytes:
        """A request's head, without the empty line at its end."""
        named = {"Host": self.host(label), **headers}
        lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in named.items()]
        return f"{method} {path} HTTP/1.1\r\n{''.join(lines)}".encode()

    def form(self, label: str = "acme") -> tuple[str, str]:
        """What anybody gets who opens the form for signing in: its cookie and its token."""
        answer, page = ask(self.port, self.host(label), "/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.decode())
        assert token, page
        return answer["Set-Cookie"].partition(";")[0], token[1]

    def sign_in(self, label: str, **form: str) -> str:
        """The cookies of somebody who has signed in."""
        cookie, token = self.form(label)
        sent = urlencode({"csrfmiddlewaretoken": token, **form}).encode()
        headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
        answer, page = ask(self.port, self.host(label), "/login/", sent, **headers)
        cookies = [each.partition(";")[0] for each in answer.get_all("Set-Cookie", [])]
        assert any(each.startswith("session=") for each in cookies), page
        return "; ".join({each.partition("=")[0]: each for each in [cookie, *cookies]}.values())


def ask(
    port: int, host: str, path: str, body: bytes | None = None, **headers: str
) -> tuple[http.client.HTTPMessage, bytes]:
    """An answer's headers and content. Raises OSError or HTTPException for none within PATIENCE,
    and ValueError for one from 400 on."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request(
            "POST" if body is not None else "GET", path, body, {"Host": host, **headers}
        )
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    if answer.status >= http.HTTPStatus.BAD_REQUEST:
        raise ValueError(f"{path} answered {answer.status}.")
    return answer.headers, content


@dataclass(slots=True)
class Asked:
    """How long each answer took; PATIENCE where none came, and what came in its place."""

    seconds: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def note(self, question: Callable[[], object]) -> None:
        start = time.perf_counter()
        try:
            question()
            self.seconds.append(time.perf_counter() - start)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.seconds.append(PATIENCE)
            self.failed.append(repr(error))

    @property
    def slowest(self) -> float:
        return max(self.seconds)

    def __str__(self) -> str:
        told = f"{self.slowest:.2f} s, median {statistics.median(self.seconds) * 1000:.0f} ms"
        return (
            f"{told}, {len(self.failed)} of {len(self.seconds)} failed" * bool(self.failed) or told
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the neighbours got while an attack went on."""

    page: Asked
    health: Asked

    @property
    def slowest(self) -> float:
        return max(self.page.slowest, self.health.slowest)

    @property
    def failed(self) -> list[str]:
        return self.page.failed + self.health.failed


def modules() -> list[ModuleType]:
    """Every attack, by name."""
    names = sorted(each.name for each in pkgutil.iter_modules(attacks.__path__))
    return [importlib.import_module(f"{attacks.__name__}.{name}") for name in names]


def fronts_of(module: ModuleType) -> Sequence[str]:
    return getattr(module, "FRONTS", tuple(FRONTS))


def neighbour(site: Site) -> str:
    """The cookies of a customer of another vendor than the attacks' own."""
    return site.sign_in("globex", email="ada@example.com", password="demo-globex-ada")


def under(module: ModuleType, site: Site, size: int, cookies: str) -> Outcome:
    """Attacks, and asks with a neighbour's cookies until it is over; raises what the attack
    raises."""
    raised: list[Exception] = []

    def attack() -> None:
        try:
            module.attack(site, size)
        except Exception as error:
            raised.append(error)

    attacker = threading.Thread(target=attack, daemon=True)
    outcome = Outcome(Asked(), Asked())
    attacker.start()
    while attacker.is_alive() or not outcome.health.seconds:
        outcome.page.note(lambda: ask(site.port, site.host("globex"), "/licenses/", Cookie=cookies))
        outcome.health.note(lambda: ask(site.port, site.host("acme"), "/healthz"))
        time.sleep(PAUSE)
    if raised:
        raise raised[0]
    return outcome


@contextmanager
def served_behind(fronts: Sequence[str], folder: Path, **settings: str) -> Iterator[list[Site]]:
    """The demo, and these fronts before it, which are proxies if there are several."""
    media = folder / "media"
    proxied = {"ACCEL_REDIRECT_PREFIX": "/protected/", "TRUSTED_PROXIES": "1"}
    behind = {} if "alone" in fronts else proxied
    starts = {"nginx": servers.nginx, "caddy": servers.caddy}
    with ExitStack() as stack:
        threads = FRONTS[fronts[0]]
        portal = stack.enter_context(served(folder, THREADS=threads, **behind, **settings))
        ports = [
            stack.enter_context(starts[front](folder / front, portal.port, media))
            if front in starts
            else portal.port
            for front in fronts
        ]
        yield [Site(front, port, portal) for front, port in zip(fronts, ports, strict=True)]


@contextmanager
def database() -> Iterator[dict[str, str]]:
    """A private PostgreSQL with the portal's roles: the settings that lead there."""
    with postgres.server() as entry:
        postgres.make_roles(entry)
        where = f"{postgres.TEMPLATE}?host={entry['HOST']}"
        yield {
            "DATABASE_URL": f"postgresql://{postgres.WEB}@/{where}",
            "DATABASE_OWNER_URL": f"postgresql://{postgres.OWNER}@/{where}",
        }


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="dev.py attacks", description=__doc__)
    known = {module.__name__.rpartition(".")[2]: module for module in modules()}
    parser.add_argument("attack", nargs="*", help=f"of: {', '.join(known)}; all of them")
    parser.add_argument("--front", choices=list(FRONTS), action="append")
    parser.add_argument("--small", action="store_true", help="as small as in the tests")
    options = parser.parse_args(arguments)
    unknown = set(options.attack) - set(known)
    if unknown:
        parser.error(f"There is no attack named {', '.join(sorted(unknown))}.")
    chosen = [known[name] for name in options.attack or known]
    # Whatever ends this, the database and the programs end with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="portal-attacks-") as folder, database() as settings:
        return table(chosen, options.front or list(FRONTS), Path(folder), settings, options.small)


def table(
    chosen: Sequence[ModuleType],
    fronts: Sequence[str],
    folder: Path,
    settings: dict[str, str],
    small: bool,
) -> int:
    """Prints a line for each attack and front; 1 when a neighbour waited longer than MOST."""
    slow = 0
    print("| attack | size | front | slowest page of a neighbour | slowest /healthz |")
    print("| --- | --- | --- | --- | --- |", flush=True)
    for front in fronts:
        with served_behind([front], folder, **settings) as [site]:
            cookies = neighbour(site)
            for module in chosen:
                if front not in fronts_of(module):
                    continue
                size = module.SMALL if small else module.SIZE
                outcome = under(module, site, size, cookies)
                slow |= outcome.slowest > MOST
                done = (module.__doc__ or "").partition("\n")[0]
                cells = (done, size, front, outcome.page, outcome.health)
                print(f"| {' | '.join(map(str, cells))} |", flush=True)
                for failure in sorted(set(outcome.failed)):
                    print(f"  {failure}", file=sys.stderr, flush=True)
    return slow


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
