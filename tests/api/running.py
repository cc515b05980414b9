"""Payment bridges that others wrote, as processes of Node: from a checkout that nobody has touched,
with nothing but their own settings. docs/payments.md says how to get one.

Between a bridge and the portal stands what knows the portal by its address, because Node does not
know that names below localhost are this machine, and writes down each call.
"""

import base64
import hashlib
import hmac
import http.client
import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

FOLDER = os.environ.get("BRIDGES", "")
NAME, COMMIT = "third-party-integrations", "598da0faf4a4169b471a103cb116335a06244e59"
NOT_RUN = "NOT RUN: BRIDGES names no folder with payment bridges, see docs/payments.md"
PORT = 9890  # stands in the bridges
STARTS, ANSWERS = 30.0, 60.0  # seconds
SECRET = "a-secret-of-the-payment-system"
SIGNED = {
    "stripe": lambda body: {"Stripe-Signature": _stamped("t={},v1={}", ".", body)},
    "paddle": lambda body: {"Paddle-Signature": _stamped("ts={};h1={}", ":", body)},
    "fastspring": lambda body: {
        "X-FS-Signature": base64.b64encode(_digest(body).digest()).decode()
    },
}
HOPS = {"connection", "content-length", "date", "host", "server", "transfer-encoding"}


def _digest(said: bytes) -> "hmac.HMAC":
    return hmac.new(SECRET.encode(), said, hashlib.sha256)


def _stamped(form: str, between: str, body: bytes) -> str:
    now = str(int(time.time()))
    return form.format(now, _digest(f"{now}{between}".encode() + body).hexdigest())


def called(
    port: int, method: str, path: str, body: bytes, headers: Mapping[str, str]
) -> tuple[int, list[tuple[str, str]], bytes]:
    """The status, headers and body of what answers at this port."""
    calling = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWERS)
    try:
        calling.request(method, path, body, dict(headers))
        answer = calling.getresponse()
        return answer.status, answer.getheaders(), answer.read()
    finally:
        calling.close()


@dataclass
class Bridge:
    """One that listens; `calls` has what it asked of the portal: method, path and status."""

    platform: str
    calls: list[tuple[str, str, int]] = field(default_factory=list)

    def tell(
        self, event: Mapping[str, Any], path: str = "/v1", *, signed: bool = True
    ) -> tuple[int, dict[str, Any]]:
        """Sends it an event, as the payment system does; its status and what it says."""
        body = json.dumps(event).encode()
        headers = SIGNED[self.platform](body if signed else b"something else")
        status, _headers, said = called(
            PORT, "POST", path, body, {"Content-Type": "application/json", **headers}
        )
        return status, json.loads(said)


@contextmanager
def bridged(platform: str, folder: Path, port: int, **settings: str) -> Iterator[Bridge]:
    """The platform's bridge, which calls the portal at this port, where it is done."""
    bridge = Bridge(platform)
    script = _bundled(platform, folder)
    with _between(port, bridge.calls) as address:
        environment = {
            "PATH": os.environ["PATH"],
            "CRYPTLEX_WEB_API_BASE_URL": address,
            f"{platform.upper()}_WEBHOOK_SECRET": SECRET,
            **settings,
        }
        with _process(["node", str(script)], environment, folder / f"{platform}.log"):
            yield bridge


def _bundled(platform: str, folder: Path) -> Path:
    """Its own entry point for Node, made into one file by the program that its build uses."""
    checkout = Path(FOLDER, NAME)
    _check_untouched(checkout)
    found = [
        each / "node_modules/.bin/esbuild"
        for each in (checkout, checkout.parent)
        if (each / "node_modules/.bin/esbuild").exists()
    ]
    assert found, f"There are no packages of the bridges in {checkout} or the folder above."
    script = folder / f"{platform}.js"
    entry = f"./{platform}/index.node.ts"
    options = ["--bundle", "--platform=node", "--target=node20", f"--outfile={script}"]
    subprocess.run([found[0], entry, *options], cwd=checkout, check=True, capture_output=True)
    return script


def _check_untouched(checkout: Path) -> None:
    def git(*asked: str) -> str:
        command = ["git", "-C", str(checkout), *asked]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    assert git("rev-parse", "HEAD") == COMMIT
    assert git("status", "--porcelain") == ""


@contextmanager
def _process(command: list[str], environment: Mapping[str, str], log: Path) -> Iterator[None]:
    assert shutil.which(command[0]), f"{command[0]} is not on this machine."
    assert not _listens(), f"Something else listens at port {PORT}, which is the bridges' own."
    with log.open("w") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        try:
            deadline = time.monotonic() + STARTS
            while not _listens():
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
            process.wait(20)


def _listens() -> bool:
    calling = http.client.HTTPConnection("127.0.0.1", PORT, timeout=ANSWERS)
    try:
        calling.connect()
    except OSError:
        return False
    finally:
        calling.close()
    return True


@contextmanager
def _between(port: int, calls: list[tuple[str, str, int]]) -> Iterator[str]:
    """An address at which the Web API of the portal at this port answers."""

    class Handler(BaseHTTPRequestHandler):
        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            sent = {n: v for n, v in self.headers.items() if n.lower() not in HOPS}
            sent["Host"] = f"api.portal.localhost:{port}"
            status, headers, said = called(port, self.command, self.path, body, sent)
            calls.append((self.command, self.path, status))
            self.send_response(status)
            for name, value in headers:
                if name.lower() not in HOPS:
                    self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST = do_PATCH = do_DELETE = _pass_on

        def log_message(self, *_args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


needs_bridges = pytest.mark.skipif(not FOLDER, reason=NOT_RUN)
