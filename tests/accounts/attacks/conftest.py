"""`--table` prints the table of the attacks and writes docs/attacks.md."""

import pytest

from tests.accounts.attacks.catalogue import PAGE, every_attack, page_of

ANSWERS = pytest.StashKey[dict[str, str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--table", action="store_true", help="write docs/attacks.md")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[ANSWERS] = {}


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    answers = config.stash[ANSWERS]
    if not config.getoption("--table", default=False):
        return
    if missing := {each.name for each in every_attack()} - set(answers):
        terminalreporter.write_line(f"Nothing written: no answer to {', '.join(sorted(missing))}.")
        return
    PAGE.write_text(page_of(answers))
    terminalreporter.write_line(PAGE.read_text())
