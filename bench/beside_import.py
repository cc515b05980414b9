"""An import with e-mails, and who signs in beside it.

`.venv/bin/python -m bench.beside_import [--rows 20000] [--postgresql]`: a throw-away portal with
two vendors, served by gunicorn with 2 workers of 4 threads, and one worker of the queue. Acme
imports licences for as many new customers and writes to each of them. Until all of that is done,
somebody signs in at acme and somebody at globex, over and over, somebody looks at a page and
somebody asks for `/healthz`; beside them it is tried, every few milliseconds, whether acme's audit
chain is held (on SQLite, whether anybody may write). Before the import they do the same alone,
since other machines, and what else this one does, have other figures.

Prints the slowest and the median answer to each, what was refused, and for how long at most the
chain was held. Behind a front, with the demo's data: bench/attacks/imports.py.
"""

import argparse
import http.client
import os
import re
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from bench import throwaway
from bench.serve import free_port
from tests import postgres

PATIENCE = 120.0  # seconds for one answer
LONGEST = 1800.0  # seconds for everything
ALONE = 10.0  # seconds
PAUSE = 0.2  # seconds between two questions of a visitor
OFTEN = 0.004  # seconds between two looks at the chain
LOOK = 1.0  # seconds between two looks at the import's page
ADMIN = {"company_id": "acme", "email": "admin@acme.example", "password": "demo-acme-admin"}
FIELD = re.compile(r'name="csrfmiddlewaretoken"\s+value="([^"]+)"')


# --- A visitor ----------------------------------------------------------------------------------


class Visitor:
    """Somebody with a browser at one host, who keeps cookies."""

    def __init__(self, port: int, label: str) -> None:
        self.port, self.label = port, label
        self.cookies: dict[str, str] = {}
        self.token = ""

    def ask(self, path: str, body: bytes = b"", kind: str = "") -> tuple[int, str, str]:
        """The status, the text, and where an answer leads; a body is posted."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as line:
            headers = {
                "Host": f"{self.label}.portal.localhost",
                "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            }
            if body:
                headers["Content-Type"] = kind or "application/x-www-form-urlencoded"
            line.request("POST" if body else "GET", path, body or None, headers)
            answer = line.getresponse()
            text = answer.read().decode()
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _equals, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        if found := FIELD.search(text):
            self.token = found[1]
        return answer.status, text, answer.headers["Location"] or ""

    def post(self, path: str, **fields: str) -> tuple[int, str, str]:
        return self.ask(path, urlencode(fields | {"csrfmiddlewaretoken": self.token}).encode())

    def upload(self, path: str, name: str, data: bytes, **fields: str) -> tuple[int, str, str]:
        """Posts a form with a file."""
        border = uuid4().hex
        given = (fields | {"csrfmiddlewaretoken": self.token}).items()
        parts = [
            f'--{border}\r\nContent-Disposition: form-data; name="{each}"\r\n\r\n{value}\r\n'.encode()
            for each, value in given
        ]
        head = f'--{border}\r\nContent-Disposition: form-data; name="{name}"; filename="rows.csv"'
        parts += [f"{head}\r\nContent-Type: text/csv\r\n\r\n".encode(), data]
        body = b"".join([*parts, f"\r\n--{border}--\r\n".encode()])
        return self.ask(path, body, f"multipart/form-data; boundary={border}")

    def sign_in(self, **fields: str) -> int:
        """The status of the answer: 302 where it worked."""
        if not self.token:
            self.ask("/login/")
        return self.post("/login/", **fields)[0]


# --- The import ---------------------------------------------------------------------------------


class Import:
    """A file of so many licences, each for a new customer, uploaded and checked."""

    def __init__(self, port: int, size: int) -> None:
        self.admin = Visitor(port, "app")
        if self.admin.sign_in(**ADMIN) != http.HTTPStatus.FOUND:
            raise RuntimeError("The administrator can't sign in.")
        run = uuid4().hex[:8]
        rows = (
            f"Orbit,c{n}-{run}@example.com,none,Ada,Number {n},Order {n}\n" for n in range(size)
        )
        data = "product,email,policy,first_name,last_name,notes\n" + "".join(rows)
        self.admin.ask("/imports/dataimport/add/")
        form = {"kind": "licenses", "send_emails": "on"}
        uploaded = self.admin.upload("/imports/dataimport/add/", "file", data.encode(), **form)
        self.page = uploaded[2]
        self.wait_for("notice summary ready")

    def confirm(self) -> None:
        self.admin.post(self.page.replace("/change/", "/do/import/"))

    def is_over(self) -> bool:
        text = self.admin.ask(self.page)[1]
        if "notice summary failed" in text or "notice summary refused" in text:
            raise RuntimeError(text)
        return "notice summary done" in text

    def wait_for(self, text: str) -> None:
        wait_until(lambda: text in self.admin.ask(self.page)[1], LONGEST)


def import_rows(file: Import, *, beside: Callable[[], None] = lambda: None) -> float:
    """Has the file imported, e-mails too; how many seconds that took. `beside` is done meanwhile."""
    start = time.monotonic()
    file.confirm()
    while not file.is_over():
        beside()
        time.sleep(LOOK)
    return time.monotonic() - start


def wait_until(done: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if done():
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise TimeoutError("It did not come to its end.")


# --- By itself: neighbours, and the chain -------------------------------------------------------


@dataclass(slots=True)
class Neighbour:
    """Somebody who asks for the same again and again; `ask` gives the status of the answer."""

    name: str
    ask: Callable[[], int]
    expected: int
    times: list[float] = field(default_factory=list)
    others: Counter[int] = field(default_factory=Counter)

    def go_on_until(self, end: Event) -> None:
        while not end.is_set():
            start = time.perf_counter()
            try:
                status = self.ask()
            except OSError:
                status = 0
            self.times.append(time.perf_counter() - start)
            if status != self.expected:
                self.others[status] += 1
            end.wait(PAUSE)

    def told(self) -> str:
        refused = ", ".join(f"{n} × {status or 'none'}" for status, n in self.others.items())
        return (
            f"{self.name:18} {len(self.times):5} answers, median "
            f"{statistics.median(self.times):6.3f} s, slowest {max(self.times):6.3f} s"
            f"{', refused: ' + refused if refused else ''}"
        )


def neighbours_of(port: int) -> list[Neighbour]:
    def sign_in(label: str) -> Callable[[], int]:
        form = {"email": "ada@example.com", "password": f"demo-{label}-ada"}
        visitor = Visitor(port, label)
        visitor.ask("/login/")
        # A browser of its own each time, which has the form open.
        return lambda: deepcopy(visitor).sign_in(**form)

    stranger = Visitor(port, "globex")
    return [
        Neighbour("sign-in, acme", sign_in("acme"), 302),
        Neighbour("sign-in, globex", sign_in("globex"), 302),
        Neighbour("page, globex", lambda: stranger.ask("/login/")[0], 200),
        Neighbour("/healthz", lambda: stranger.ask("/healthz")[0], 200),
    ]


@contextmanager
def asking(neighbours: list[Neighbour]) -> Iterator[None]:
    end = Event()
    threads = [Thread(target=each.go_on_until, args=(end,)) for each in neighbours]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        end.set()
        for thread in threads:
            thread.join()


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.beside_import")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--postgresql", action="store_true")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if not given.postgresql:
        measure("SQLite", given.rows, {}, sqlite_lock)
        return
    with postgres.server() as entry:
        postgres.make_roles(entry)
        where = f"/{postgres.TEMPLATE}?host={entry['HOST']}"
        roles = {role: f"postgresql://{role}@{where}" for role in (postgres.OWNER, postgres.WEB)}
        measure("PostgreSQL", given.rows, roles, lambda: postgresql_chain(entry))


def measure(
    database: str, rows: int, roles: Mapping[str, str], watch: Callable[[], Callable[[], bool]]
) -> None:
    """Makes a portal, serves it, imports beside its visitors, prints what came of it, and takes the
    portal away."""
    throwaway.set_up(roles.get(postgres.OWNER, ""))
    folder = Path(os.environ["DATA_DIR"])
    try:
        fill()
        os.environ["DATABASE_URL"] = roles.get(postgres.WEB, "")
        with served(folder) as port:
            alone, beside = neighbours_of(port), neighbours_of(port)
            file = Import(port, rows)
            with asking(alone):
                time.sleep(ALONE)
            with watching(watch) as held, asking(beside):
                took = import_rows(file)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{database}, {rows:,} rows and as many e-mails: {took:.1f} s")
    for each, by_itself in zip(beside, alone, strict=True):
        print(f"  {each.told()}; alone median {statistics.median(by_itself.times):.3f} s, "
              f"slowest {max(by_itself.times):.3f} s")  # fmt: skip
    print(f"  {'chain held for':18} {held[0]:.3f} s at most")


def fill() -> None:
    """Two vendors with those of the demo's people who are asked for here."""
    from django.db import connection

    from accounts.models import BuiltIn, User
    from accounts.verbs.vendors import begin_vendor
    from licenses.models import Product
    from licenses.verbs.products import create_product
    from tenancy.door import inside
    from tenancy.models import Vendor

    for label in ("acme", "globex"):
        vendor = begin_vendor(Vendor(company_id=label, name=label.capitalize()))
        with inside(vendor):
            for email, role in (
                ("ada@example.com", BuiltIn.USER),
                (f"admin@{label}.example", BuiltIn.ADMIN),
            ):
                password = f"demo-{label}-{email.partition('@')[0]}"
                User.objects.create_user(vendor=vendor, email=email, role=role, password=password)
            create_product(Product(vendor=vendor, name="Orbit"))
    connection.close()


@contextmanager
def served(folder: Path) -> Iterator[int]:
    """gunicorn with 2 workers of 4 threads and a worker of the queue; the port, once it answers."""
    port = free_port()
    gunicorn = [sys.executable, "-m", "gunicorn", "portal.wsgi", "--bind", f"127.0.0.1:{port}",
                "--workers", "2", "--threads", "4", "--log-level", "warning"]  # fmt: skip
    worker = [sys.executable, "manage.py", "db_worker", "--no-startup-delay", "--interval", "0.2"]
    environment = {**os.environ, "PUBLIC_PORT": str(port)}
    with (folder / "log").open("wb") as log:
        running = [
            subprocess.Popen(command, env=environment, stdout=log, stderr=log)
            for command in (gunicorn, worker)
        ]
    try:
        wait_until(lambda: Visitor(port, "acme").ask("/login/")[0] == http.HTTPStatus.OK, 60)
        yield port
    finally:
        for each in running:
            each.terminate()
        for each in running:
            try:
                each.wait(20)
            except subprocess.TimeoutExpired:
                each.kill()
                each.wait()


@contextmanager
def watching(watch: Callable[[], Callable[[], bool]]) -> Iterator[list[float]]:
    """Has another process look whether the lock is held; at the end there is for how long."""
    parent, held = os.getpid(), [0.0]
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        longest = longest_hold(watch(), lambda: os.getppid() != parent)
        os.write(writing, str(longest).encode())
        os._exit(0)
    try:
        yield held
    finally:
        os.kill(pid, signal.SIGUSR1)
        os.waitpid(pid, 0)
        held[0] = float(os.read(reading, 100))


def longest_hold(is_held: Callable[[], bool], orphaned: Callable[[], bool]) -> float:
    """The longest time for which it was held whenever it was looked at, until SIGUSR1."""
    ended: list[int] = []
    signal.signal(signal.SIGUSR1, lambda *_: ended.append(1))
    longest, since = 0.0, None
    while not ended and not orphaned():
        now = time.perf_counter()
        if not is_held():
            since = None
        else:
            since = since or now
            longest = max(longest, now - since)
        time.sleep(OFTEN)
    return longest


def postgresql_chain(entry: dict[str, Any]) -> Callable[[], bool]:
    """Looks, as the server's superuser, whether somebody holds acme's chain."""
    import psycopg

    line = psycopg.connect(
        host=entry["HOST"], dbname=postgres.TEMPLATE, user=entry["USER"], autocommit=True
    )
    look = (
        "SELECT 1 FROM audit_auditchain WHERE vendor_id = "
        "(SELECT id FROM tenancy_vendor WHERE company_id = 'acme') FOR UPDATE NOWAIT"
    )

    def is_held() -> bool:
        try:
            line.execute(look)
        except psycopg.errors.LockNotAvailable:
            return True
        return False

    return is_held


def sqlite_lock() -> Callable[[], bool]:
    """Looks whether somebody holds SQLite's only write lock."""
    from django.conf import settings

    path = settings.DATABASES["default"]["NAME"]
    line = sqlite3.connect(path, timeout=0, isolation_level=None)

    def is_held() -> bool:
        try:
            line.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        line.execute("ROLLBACK")
        return False

    return is_held


if __name__ == "__main__":
    main()
