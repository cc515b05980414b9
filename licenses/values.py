"""Named values in one cell of a file: a line `name=value` for each. Pure.

In a name `=` and `\\` stand behind a `\\`; everything behind the first other `=` is the value.
"""

import re
from collections.abc import Iterable

LINE = re.compile(r"(?P<name>(?:[^=\\]|\\[=\\]|\\(?![=\\]))*)=(?P<value>.*)")

ESCAPED, ESCAPE = re.compile(r"([=\\])"), r"\\\1"


class NoValueError(ValueError):
    """A line that has no name and value; it is at this place, the first one is 1."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def read(text: str) -> list[tuple[str, str]]:
    """Names and values of a cell. Raises NoValueError."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        parts = LINE.fullmatch(line)
        if parts is None:
            raise NoValueError(number)
        name = re.sub(r"\\([=\\])", r"\1", parts["name"])
        found.append((name.strip(), parts["value"].strip()))
    return found


def written(values: Iterable[tuple[str, str]]) -> str:
    """A cell in which `read` finds these names and values."""
    return "\n".join(f"{ESCAPED.sub(ESCAPE, name)}={value}" for name, value in values)
