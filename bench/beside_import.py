"""An import with e-mails, and who signs in beside it.

`.venv/bin/python -m bench.beside_import [--rows 20000] [--postgresql]`: a throw-away portal with
two vendors, served by gunicorn with 2 workers of 4 threads, and one worker of the queue. Acme
imports licences for as many new customers and writes to each of them. Until all of that is done,
somebody signs in at acme and somebody at globex, over and over, somebody looks at a page and
somebody asks for `/healthz`; beside them it is tried, every few milliseconds, whether acme's audit
chain is held (on SQLite, whether anybody may write).

Prints how long the import took, the slowest and the median answer to each, what was refused, and
for how long at most the chain was held.
"""

import argparse
import http.client
import json
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
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import urlencode

from bench import throwaway
from bench.serve import free_port
from tests import postgres

PASSWORD = "correct horse battery"
PATIENCE = 120.0  # seconds for one answer
LONGEST = 1800.0  # seconds for everything
PAUSE = 0.2  # seconds between two questions of a visitor
OFTEN = 0.004  # seconds between two looks at the chain
HEADER = "product,email,first_name,last_name,company,notes\n"


@dataclass(frozen=True, slots=True)
class Found:
    """What came of it: seconds until all rows were written and until every e-mail was, answers by
    who asked (seconds), those that were no answer, and the longest hold of the chain (seconds)."""

    rows: int
    written: float
    ended: float
    answers: dict[str, list[float]]
    refused: dict[str, Counter[int]]
    held: float


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


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.beside_import")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--postgresql", action="store_true")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if given.postgresql:
        with postgres.server() as entry:
            report("PostgreSQL", on_postgresql(entry, given.rows))
        return
    report("SQLite", on_sqlite(given.rows))


def report(database: str, found: Found) -> None:
    print(
        f"{database}, {found.rows:,} rows: written after {found.written:.1f} s, "
        f"e-mails queued after {found.ended:.1f} s"
    )
    for name, times in found.answers.items():
        refused = ", ".join(
            f"{n} × {status or 'none'}" for status, n in found.refused[name].items()
        )
        print(
            f"  {name:18} {len(times):5} answers, median {statistics.median(times):6.3f} s, "
            f"slowest {max(times):6.3f} s{', refused: ' + refused if refused else ''}"
        )
    print(f"  {'chain held for':18} {found.held:.3f} s at most")


def on_postgresql(entry: dict[str, Any], rows: int) -> Found:
    postgres.make_roles(entry)
    where = f"/{postgres.TEMPLATE}?host={entry['HOST']}"
    owner, web = f"postgresql://{postgres.OWNER}@{where}", f"postgresql://{postgres.WEB}@{where}"
    return attacked(rows, owner, web, lambda: postgresql_chain(entry))


def on_sqlite(rows: int) -> Found:
    return attacked(rows, "", "", sqlite_lock)


def attacked(rows: int, owner: str, web: str, watch: Callable[[], Any]) -> Found:
    """Makes the portal, serves it, imports beside its visitors, and takes it away."""
    throwaway.set_up(owner)
    folder = Path(os.environ["DATA_DIR"])
    os.environ["DATABASE_URL"] = web
    try:
        vendor_id, admin_id = fill()
        with served(folder) as port:
            return measured(rows, port, vendor_id, admin_id, watch)
    finally:
        from django.db import connection

        connection.close()
        shutil.rmtree(folder, ignore_errors=True)


def fill() -> tuple[Any, Any]:
    """Two vendors, each with somebody who can sign in; acme's id and its administrator's."""
    from accounts.models import BuiltIn, User
    from accounts.verbs.vendors import begin_vendor
    from licenses.models import Product
    from licenses.verbs.products import create_product
    from tenancy.door import inside
    from tenancy.models import Vendor

    for label in ("globex", "acme"):
        vendor = begin_vendor(Vendor(company_id=label, name=label.capitalize()))
        with inside(vendor):
            User.objects.create_user(vendor=vendor, email="ada@example.com", password=PASSWORD)
            admin = User.objects.create_user(
                vendor=vendor, email=f"admin@{label}.example", role=BuiltIn.ADMIN
            )
            create_product(Product(vendor=vendor, name="Orbit"))
    return vendor.pk, admin.pk


@contextmanager
def served(folder: Path) -> Iterator[int]:
    """gunicorn and the queue's worker until the end; the port, once it answers."""
    port = free_port()
    gunicorn = [sys.executable, "-m", "gunicorn", "portal.wsgi", "--bind", f"127.0.0.1:{port}",
                "--workers", "2", "--threads", "4", "--worker-class", "gthread", "--reuse-port",
                "--no-control-socket", "--log-level", "warning"]  # fmt: skip
    worker = [sys.executable, "manage.py", "db_worker", "--no-startup-delay", "--interval", "0.2"]
    environment = {**os.environ, "PUBLIC_PORT": str(port)}
    with (folder / "log").open("wb") as log:
        running = [
            subprocess.Popen(command, env=environment, stdout=log, stderr=log)
            for command in (gunicorn, worker)
        ]
    try:
        wait_until(lambda: asked(port, "acme", "/login/")[0] == 200, 60)
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


def asked(
    port: int, label: str, path: str, body: str = "", cookie: str = ""
) -> tuple[int, http.client.HTTPResponse, str]:
    """The status of an answer, its headers and its text; a form's `body` is posted."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as line:
        headers = {"Host": f"{label}.portal.localhost", "Cookie": cookie}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        line.request("POST" if body else "GET", path, body, headers)
        answer = line.getresponse()
        return answer.status, answer, answer.read().decode()


def sign_in(port: int, label: str, form: tuple[str, str]) -> int:
    """Signs in with the token of a form that was fetched once."""
    token, cookie = form
    fields = {"email": "ada@example.com", "password": PASSWORD, "csrfmiddlewaretoken": token}
    return asked(port, label, "/login/", urlencode(fields), cookie)[0]


def form_of(port: int, label: str) -> tuple[str, str]:
    _status, answer, page = asked(port, label, "/login/")
    found = re.search(r'name="csrfmiddlewaretoken"\s+value="([^"]+)"', page)
    if found is None:
        raise LookupError("The page has no form.")
    return found[1], (answer.headers["Set-Cookie"] or "").partition(";")[0]


def measured(
    rows: int, port: int, vendor_id: Any, admin_id: Any, watch: Callable[[], Any]
) -> Found:
    """Has the import made and asks meanwhile."""
    acme, globex = form_of(port, "acme"), form_of(port, "globex")
    neighbours = [
        Neighbour("sign-in, acme", lambda: sign_in(port, "acme", acme), 302),
        Neighbour("sign-in, globex", lambda: sign_in(port, "globex", globex), 302),
        Neighbour("page, globex", lambda: asked(port, "globex", "/login/")[0], 200),
        Neighbour("/healthz", lambda: asked(port, "globex", "/healthz")[0], 200),
    ]
    import_id = ready(rows, vendor_id, admin_id)
    end, held = Event(), [0.0]
    threads = [Thread(target=each.go_on_until, args=(end,)) for each in neighbours]
    start = time.monotonic()
    with watching(watch, held):
        confirm(vendor_id, import_id, admin_id)
        for thread in threads:
            thread.start()
        try:
            wait_until(lambda: state_of(vendor_id, import_id)[0], LONGEST)
            written = time.monotonic() - start
            wait_until(lambda: emails_of(vendor_id) == rows, LONGEST)
            ended = time.monotonic() - start
        finally:
            end.set()
            for thread in threads:
                thread.join()
    return Found(
        rows,
        written,
        ended,
        {each.name: each.times for each in neighbours},
        {each.name: each.others for each in neighbours},
        held[0],
    )


def ready(rows: int, vendor_id: Any, admin_id: Any) -> Any:
    """An import that was checked by the worker."""
    from imports.verbs import files
    from tenancy.door import inside
    from tenancy.table import vendor_by_id

    lines = (f"Orbit,c{n}@example.com,Ada,Number {n},Works Ltd,Order {n}\n" for n in range(rows))
    with inside(vendor_id), in_the_name_of(vendor_id, admin_id):
        row = files.start(
            vendor=vendor_by_id(vendor_id),
            kind="licenses",
            file_name="people.csv",
            data=(HEADER + "".join(lines)).encode(),
            options={"send_emails": True},
        )
        wait_until(lambda: type(row).objects.filter(pk=row.pk, state="ready").exists(), LONGEST)
    return row.pk


def confirm(vendor_id: Any, import_id: Any, admin_id: Any) -> None:
    from imports.models import DataImport
    from imports.verbs import files
    from tenancy.door import inside

    with inside(vendor_id), in_the_name_of(vendor_id, admin_id):
        files.confirm(DataImport.objects.get(pk=import_id))


@contextmanager
def in_the_name_of(vendor_id: Any, admin_id: Any) -> Iterator[None]:
    from accounts.models import User
    from audit.acting import acting_as

    with acting_as(User.objects.select_related("vendor").get(pk=admin_id)):
        yield


def state_of(vendor_id: Any, import_id: Any) -> tuple[bool, str]:
    """Whether every licence is written, and the import's state. Raises Failed when it is over and
    they are not."""
    from imports.models import DataImport
    from licenses.models import License
    from tenancy.door import inside

    with inside(vendor_id):
        row = DataImport.objects.get(pk=import_id)
        if row.state == DataImport.State.FAILED:
            raise RuntimeError(json.dumps([row.preview, row.errors[:3]]))
        return License.objects.count() == row.rows, row.state


def emails_of(vendor_id: Any) -> int:
    from mail.models import OutgoingEmail
    from tenancy.door import inside

    with inside(vendor_id):
        return OutgoingEmail.objects.count()


@contextmanager
def watching(watch: Callable[[], Any], held: list[float]) -> Iterator[None]:
    """Has another process look whether the lock is held; afterwards `held` has for how long."""
    parent = os.getpid()
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        longest = longest_hold(watch(), lambda: os.getppid() != parent)
        os.write(writing, str(longest).encode())
        os._exit(0)
    try:
        yield
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
    from django.db import connection

    line = sqlite3.connect(connection.settings_dict["NAME"], timeout=0, isolation_level=None)

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
