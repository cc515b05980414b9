"""Version numbers: two to four numbers with dots between, compared number by number; pure.

Rules of the Web API v3 (releases): a version that is given with fewer parts says nothing about the
lower ones.
"""

import re

PARTS = 4
DIGITS = 9
VERSION = re.compile(rf"[0-9]{{1,{DIGITS}}}(?:\.[0-9]{{1,{DIGITS}}}){{1,{PARTS - 1}}}")


def parse(text: str) -> tuple[int, ...]:
    """The numbers of a version, as many as it has; raises ValueError when it is none."""
    if VERSION.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not a version: use two to four numbers with dots between.")
    return tuple(int(part) for part in text.split("."))


def sort_key(text: str) -> str:
    """Digits that order versions as numbers do, whatever the database's collation: 1.2 is 1.2.0.

    Raises ValueError when the text is no version.
    """
    numbers = parse(text)
    whole = numbers + (0,) * (PARTS - len(numbers))
    return "".join(f"{number:0{DIGITS}}" for number in whole)


def within(version: str, limit: str) -> bool:
    """Whether the version is not above the limit; a limit of 4.2 lets 4.2.9 through, not 4.3."""
    highest = parse(limit)
    numbers = parse(version) + (0,) * PARTS
    return numbers[: len(highest)] <= highest
