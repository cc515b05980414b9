"""What a small installation takes: `python3 dev.py bench small`.

`manage.py run` with SQLite and the demo data in a throw-away folder. Customers ask for their list of
licences as fast as they are answered, by connections that stay open; then e-mails wait in the queue
for a mail server that takes each at once; then both.
"""

import argparse
import http.client
import os
import platform
import re
import secrets
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

from bench.drive import Failed
from tests.mail.smtp_server import MailServer, mail_server
from tests.served import free_port

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/operations.md"
BEGINS, ENDS = "<!-- bench small -->", "<!-- end of bench small -->"
HOST = "acme.portal.localhost"
CUSTOMERS = 8
START_TIMEOUT = 300.0  # seconds
TEXT = """\
How far that goes with SQLite, measured by `python3 dev.py bench small --write` on {date}, on {machine}, \
whose load was {load} as it began: {customers} customers at once ask for their licences as fast as they \
are answered, {emails} e-mails wait in the queue.

| | pages per s | p50 ms | p95 ms | e-mails per min |
| --- | ---: | ---: | ---: | ---: |
| pages alone | {alone.rate:.0f} | {alone.p50:.0f} | {alone.p95:.0f} | |
| e-mails alone | | | | {mails:.0f} |
| both | {both.rate:.0f} | {both.p50:.0f} | {both.p95:.0f} | {both_mails:.0f} |

Somebody who works with the portal asks for a page every ten seconds or so: ten pages per second are a \
hundred people at the same time. Beyond a half of these figures, or where a second machine has to stand \
in, take PostgreSQL."""


@dataclass
class Pages:
    """What was answered, and how long each took, in seconds."""

    seconds: float = 0.0
    took: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return len(self.took) / self.seconds

    @property
    def p50(self) -> float:
        return statistics.median(self.took) * 1000

    @property
    def p95(self) -> float:
        return statistics.quantiles(self.took, n=20)[-1] * 1000


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="dev.py bench small", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--emails", type=int, default=300)
    parser.add_argument("--write", action="store_true", help=f"into {PAGE.name}")
    options = parser.parse_args(arguments)
    # Whatever ends this, what it has started ends with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    load = f"{os.getloadavg()[0]:.1f}"
    with tempfile.TemporaryDirectory(prefix="portal-small-") as name, mail_server() as mails:
        port = free_port()
        with run(Path(name), port, mails.port):
            alone = pages(port, options.seconds)
            rate = emails(mails, options.emails)
            both_rate: list[float] = []
            beside = threading.Thread(
                target=lambda: both_rate.append(emails(mails, options.emails))
            )
            beside.start()
            both = pages(port, options.seconds)
            beside.join()
    text = TEXT.format(
        date=datetime.now(UTC).date(), machine=machine(), load=load, customers=CUSTOMERS,
        emails=options.emails, alone=alone, mails=rate, both=both, both_mails=both_rate[0],
    )  # fmt: skip
    print(text)
    if options.write:
        between = re.compile(f"{re.escape(BEGINS)}.*?{re.escape(ENDS)}", re.DOTALL)
        PAGE.write_text(between.sub(lambda _: f"{BEGINS}\n{text}\n{ENDS}", PAGE.read_text()))
    return 0


@contextmanager
def run(folder: Path, port: int, mail_port: int) -> Iterator[None]:
    """`manage.py run` until the end, once it runs; this process has the same settings then."""
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "KEY_ENCRYPTION_KEYS": "YmVuY2gtb25seS1rZXktMDEyMzQ1Njc4OTAxMjM0NTY=",
        "DATA_DIR": str(folder / "data"),
        "PUBLIC_SCHEME": "http",
        "EMAIL_URL": f"smtp://127.0.0.1:{mail_port}",
    }
    command = [sys.executable, "manage.py", "run", "--demo", "--bind", f"127.0.0.1:{port}"]
    log = folder / "log"
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + START_TIMEOUT
        while "The portal is running" not in log.read_text():
            if process.poll() is not None or time.monotonic() > deadline:
                raise Failed(log.read_text())
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


def pages(port: int, seconds: float) -> Pages:
    """What customers get answered who have signed in before, for so long."""
    made, lock = Pages(seconds), threading.Lock()
    cookie = signed_in(port)
    until = time.monotonic() + seconds

    def ask() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        mine = []
        while (start := time.monotonic()) < until:
            status, _body, _cookies = asked(connection, "GET", "/licenses/", {"Cookie": cookie})
            if status != 200:
                raise Failed(f"/licenses/ was answered {status}")
            mine.append(time.monotonic() - start)
        with lock:
            made.took += mine

    threads = [threading.Thread(target=ask) for _ in range(CUSTOMERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return made


def signed_in(port: int) -> str:
    """The cookies of a customer of the demo."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    _status, page, cookies = asked(connection, "GET", "/login/", {})
    token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[0]
    form = {"email": "ada@example.com", "password": "demo-acme-ada", "csrfmiddlewaretoken": token}
    headers = {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}
    status, _page, more = asked(connection, "POST", "/login/", headers, urlencode(form))
    if status != 302:
        raise Failed(f"the sign-in was answered {status}")
    return f"{cookies}; {more}"


def asked(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    headers: dict[str, str],
    body: str = "",
) -> tuple[int, str, str]:
    """The status, the body and the cookies that were set."""
    connection.request(method, path, body or None, {"Host": HOST, **headers})
    answer = connection.getresponse()
    text = answer.read().decode()
    set_ = [each.partition(";")[0] for each in answer.headers.get_all("Set-Cookie") or []]
    return answer.status, text, "; ".join(set_)


def emails(server: MailServer, number: int) -> float:
    """E-mails a minute, from when they are queued until the mail server has them all."""
    import django

    django.setup()
    from accounts.models import User
    from mail.outbox import queue
    from tenancy.door import inside
    from tenancy.table import vendor_by_company_id

    acme = vendor_by_company_id("acme")
    assert acme
    target = len(server.accepted) + number
    start = time.monotonic()
    with inside(acme):
        ada = User.objects.get(email="ada@example.com")
        for _ in range(number):
            queue("password-reset", user=ada)
    while len(server.accepted) < target:
        time.sleep(0.02)
    return number / (time.monotonic() - start) * 60


def machine() -> str:
    return f"{os.cpu_count()} processors ({platform.machine()}), Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
