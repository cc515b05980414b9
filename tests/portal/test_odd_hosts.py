"""What is no host, or nobody's: one line in the log, and not more than so many a minute."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from portal.errors import hosts
from tests.world import Browser, World
from web.logs import LINES, WINDOW, Bounded

ODD = (
    "",
    "a b",
    "a/b",
    "[::1",
    "acme.portal.localhost:port",
    "acme.portal.localhost@evil.example",
    "acme.portal.localhost, evil.example",
    "ä.example",
    "<script>",
    "x" * 5000,
    "\x00",
    "a\r\nb",
)
UNKNOWN = (
    "evil.example",
    "nobody.portal.localhost",
    "acme..portal.localhost",
    "10.0.0.1",
    "[::1]:8000",
)


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    """Nothing was told yet."""
    before = hosts.filters[:]
    hosts.filters[:] = [Bounded()]
    yield
    hosts.filters[:] = before


def told(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [each for each in caplog.records if each.levelno >= logging.WARNING]


@pytest.mark.parametrize("host", [*ODD, *UNKNOWN])
def test_one_line_and_no_traceback(
    world: World, caplog: pytest.LogCaptureFixture, host: str
) -> None:
    response = Browser().get("/licenses/", headers={"host": host})
    assert response.status_code == (421 if host in UNKNOWN or host == "x" * 5000 else 400)
    assert "This address is not set up here" in response.content.decode()
    [line] = told(caplog)
    text = line.getMessage()
    assert text.startswith("Nobody is at the host ")
    assert line.exc_info is None
    assert len(text) < 200
    assert "\n" not in text


def test_a_flood_is_bounded_and_told_of(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = Browser()
    now = [1000.0]
    monkeypatch.setattr("web.logs.time.monotonic", lambda: now[0])
    for number in range(LINES + 30):
        browser.get("/", headers={"host": f"{number}.example" if number % 2 else "a b"})
    assert len(told(caplog)) == LINES
    now[0] += WINDOW
    browser.get("/", headers={"host": "evil.example"})
    assert told(caplog)[-1].getMessage() == (
        "Nobody is at the host 'evil.example'. (30 more like it were left out before.)"
    )


def test_other_lines_pass() -> None:
    bounded = Bounded("Invalid request")

    def passes(text: str, *args: Any) -> bool:
        record = logging.LogRecord("x", logging.WARNING, "", 0, text, args, None)
        return bounded.filter(record)

    assert [passes("Invalid %s", "request") for _ in range(LINES + 1)] == [True] * LINES + [False]
    assert passes("Worker exiting")
