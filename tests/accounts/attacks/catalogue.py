"""The list of attacks, and the page that tells of them."""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.accounts import attacks
from tests.world import World

PAGE = Path(__file__).resolve().parents[3] / "docs" / "attacks.md"
# In the order of the page.
MODULES = (
    "sessions", "requests", "enumeration", "guessing", "links", "ways_in", "second_factor",
    "passkeys", "single_sign_on", "emails", "rights", "programs",
    "product_file",
)  # fmt: skip
ROW = re.compile(r"^\| \d+ \| (.+) \| (.+) \|$", re.MULTILINE)
HEAD = """\
# Attacks on accounts and programs

What somebody tries and what the portal answers. `python3 dev.py attacks accounts` carries all of \
them out and writes this page; the tests do so each time, and fail when an attack leads anywhere, \
when an answer is another one, and at any 500. They are in `tests/accounts/attacks/`. Acme and \
Globex are vendors of one portal, Ada and Grace customers of Acme, Bob one of Globex. A number is \
the HTTP status; what stands behind it was looked at as well. Attacks that keep neighbours waiting \
are in `bench/attacks/`.
"""


@dataclass(frozen=True, slots=True)
class Scene:
    """Where an attack takes place: both vendors with their people, the clock, and the settings."""

    world: World
    clock: Any
    settings: Any


@dataclass(frozen=True, slots=True)
class Attack:
    """`at_once`, it is a race, and what it writes is committed."""

    run: Callable[[Scene], str]
    at_once: bool

    @property
    def name(self) -> str:
        return self.run.__name__

    @property
    def told(self) -> str:
        return " ".join((inspect.getdoc(self.run) or "").split())

    @property
    def room(self) -> str:
        return self.run.__module__.rpartition(".")[2]


FOUND: list[Attack] = []


def attack(run: Callable[[Scene], str]) -> Callable[[Scene], str]:
    """Puts the attack into the list."""
    FOUND.append(Attack(run, at_once=False))
    return run


def race(run: Callable[[Scene], str]) -> Callable[[Scene], str]:
    """Puts an attack into the list that comes in several threads."""
    FOUND.append(Attack(run, at_once=True))
    return run


def heading_of(room: str) -> str:
    return (inspect.getdoc(importlib.import_module(f"{attacks.__name__}.{room}")) or "").strip(".")


def every_attack() -> list[Attack]:
    """All of them, in the order of the page."""
    for room in MODULES:
        importlib.import_module(f"{attacks.__name__}.{room}")
    return sorted(FOUND, key=lambda each: MODULES.index(each.room))


def rooms() -> set[str]:
    """The modules that have attacks in them, whether the page knows them or not."""
    names = {each.name for each in pkgutil.iter_modules(attacks.__path__)}
    return {name for name in names if not name.startswith("test_")} - {"catalogue", "conftest"}


def page_of(answers: Mapping[str, str]) -> str:
    """The page, from what each attack was answered, by its name."""
    return HEAD + "".join(f"\n{line}\n" if line else "\n" for line in _parts(answers))


def _parts(answers: Mapping[str, str]) -> Iterator[str]:
    found = every_attack()
    for room in MODULES:
        yield f"## {heading_of(room)}"
        rows = ["| | attack | answer |", "| --- | --- | --- |"]
        for number, each in enumerate(found, 1):
            if each.room == room:
                rows.append(f"| {number} | {each.told} | {answers[each.name]} |")
        yield "\n".join(rows)


def told_in_the_page() -> list[tuple[str, str]]:
    """What the page has of attacks and answers, in its order."""
    return ROW.findall(PAGE.read_text())


def said(response: Any) -> str:
    """An answer in short: its status, and where it leads."""
    where = response.headers.get("Location", "").partition("?")[0]
    return f"{response.status_code} to `{where}`" if where else str(response.status_code)


def all_said(responses: Any) -> str:
    """Several answers that are the same; fails when they are not."""
    [one] = {said(each) for each in responses}
    return one
