"""People in Chromium at a served portal."""

from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Response,
    expect,
)

from tests.served import PATIENCE, Portal, served

expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """One portal for all tests."""
    # The identity provider of test_single_sign_on.py runs on this machine.
    with served(tmp_path_factory.mktemp("demo"), PRIVATE_PROVIDERS="127.0.0.1") as portal:
        yield portal


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
        assert self.errors == []
        results = Axe().run(self.page)
        # axe itself tries an inline style now and then, which the policy refuses.
        self.errors.clear()
        assert results.violations_count == 0, results.generate_report()
        wide = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{self.page.url} scrolls sideways by {wide} px"


def weighed(page: Page) -> dict[str, int]:
    """How many bytes what is answered from now on has, by its address; without what only leads
    elsewhere, and what belongs to a page that is left by then."""
    sizes: dict[str, int] = {}

    def weigh(response: Response) -> None:
        with suppress(Error):
            sizes[response.url] = len(response.body())

    page.on("response", weigh)
    return sizes


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
