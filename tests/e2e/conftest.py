"""A served portal with the demo data, started by the very command of the README."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from tests.environment import SETTINGS

ROOT = Path(__file__).resolve().parents[2]
START_TIMEOUT = 90.0  # seconds
PATIENCE = 30_000  # milliseconds; a busy machine is slow, not broken
expect.set_options(timeout=PATIENCE)


@dataclass
class Portal:
    """Where the served portal is, and its command line."""

    port: int
    data: Path
    environment: dict[str, str]

    def url(self, label: str, path: str = "/") -> str:
        return f"http://{label}.portal.localhost:{self.port}{path}"

    def manage(self, *arguments: str) -> str:
        return subprocess.run(
            [sys.executable, "dev.py", "manage", *arguments],
            cwd=ROOT, env=self.environment, check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip

    def emails_to(self, address: str) -> list[str]:
        """The e-mails that went there, oldest first; waits for the queue's worker."""
        deadline = time.monotonic() + PATIENCE / 1000
        while time.monotonic() < deadline:
            files = sorted(
                self.data.glob(f"mail/*-{address}-*.eml"), key=lambda file: file.stat().st_mtime_ns
            )
            if files:
                return [file.read_text() for file in files]
            time.sleep(0.1)
        raise AssertionError(f"No e-mail to {address} came.")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """`python3 dev.py demo` on a free port, with a database of its own."""
    data, port = tmp_path_factory.mktemp("demo"), free_port()
    environment = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    environment |= {"DATA_DIR": str(data), "PORT": str(port)}
    log = data / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "dev.py", "demo"],
            cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + START_TIMEOUT
        while "Ctrl-C stops it." not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield Portal(port, data, environment)
    finally:
        process.terminate()
        assert process.wait(20) == 0, log.read_text()


class Visitor:
    """A person at a browser, on a portal."""

    def __init__(self, portal: Portal, context: BrowserContext, javascript: bool) -> None:
        self.portal = portal
        self.javascript = javascript
        self.page: Page = context.new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._note)

    def _note(self, line: ConsoleMessage) -> None:
        # Chromium writes it down when a page itself is a 404; that page is asked for on purpose.
        if line.type == "error" and "nothing-here" not in str(line.location):
            self.errors.append(line.text)

    def sign_in(self, email: str, label: str = "acme") -> None:
        self.page.goto(self.portal.url(label))
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password").fill(f"demo-{label}-{email.partition('@')[0]}")
        self.page.get_by_role("button", name="Sign in").click()

    def look_closely(self) -> None:
        """axe finds nothing, nothing scrolls sideways, no script or policy complained."""
        if not self.javascript:
            return  # axe is a script, too
        results = Axe().run(self.page)
        assert results.violations_count == 0, results.generate_report()
        wide = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{self.page.url} scrolls sideways by {wide} px"
        assert self.errors == []


@pytest.fixture
def visitor(portal: Portal, browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """Makes visitors; options are those of a browser context."""
    contexts: list[BrowserContext] = []

    def make(**options: object) -> Visitor:
        context = browser.new_context(**options)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        javascript = bool(options.get("java_script_enabled", True))
        return Visitor(portal, context, javascript)

    yield make
    for context in contexts:
        context.close()
