"""Versions: two to four numbers with dots between and, of a pre-release, what it is behind a
hyphen (4.2.1-rc.1); pure.

They are ordered as SemVer 2.0.0 says (section 11), with up to four numbers and missing ones zero.
Rules of the Web API v3 (releases): a version that is given with fewer parts says nothing about the
lower ones.
"""

import re
from typing import NamedTuple

PARTS = 4
DIGITS = 9
LONGEST = 40  # characters of a version
LONGEST_KEY = 128  # characters of a sort key; a version of 40 characters has 127 at most

NUMBER = rf"[0-9]{{1,{DIGITS}}}"
# A number without zeros before it, or anything with a letter or a hyphen in it.
IDENTIFIER = r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
VERSION = re.compile(
    rf"(?P<numbers>{NUMBER}(?:\.{NUMBER}){{1,{PARTS - 1}}})"
    rf"(?:-(?P<pre>{IDENTIFIER}(?:\.{IDENTIFIER})*))?"
)
LEADING_V = re.compile(r"\A[vV](?=[0-9])")

# What follows the numbers in a sort key: the end of a pre-release's parts comes before a further
# part, a number before a word, and all of them before the release itself.
END, NUMERIC, WORD, RELEASE = "0", "1", "2", "9"


class Version(NamedTuple):
    """The numbers, as many as were given, and the parts of a pre-release; none of a release."""

    numbers: tuple[int, ...]
    pre: tuple[str, ...] = ()


def plain(text: str) -> str:
    """The text of a version as it is kept: without blanks around it and a leading v."""
    return LEADING_V.sub("", text.strip())


def parse(text: str) -> Version:
    """The parts of a version; raises ValueError when it is none."""
    found = VERSION.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not a version: use two to four numbers with dots between.")
    numbers = tuple(int(number) for number in found["numbers"].split("."))
    return Version(numbers, tuple(found["pre"].split(".")) if found["pre"] else ())


def sort_key(text: str) -> str:
    """Digits that order versions, whatever the database's collation: 1.2 is 1.2.0, and above
    1.2-rc.1.

    Raises ValueError when the text is no version.
    """
    version = parse(text)
    whole = version.numbers + (0,) * (PARTS - len(version.numbers))
    numbers = "".join(f"{number:0{DIGITS}}" for number in whole)
    if not version.pre:
        return numbers + RELEASE
    return numbers + "".join(_key_of(part) for part in version.pre) + END


def _key_of(part: str) -> str:
    """A part of a pre-release: numbers by how long they are and then digit by digit, words sign by
    sign, each as two digits."""
    if part.isdecimal():
        return f"{NUMERIC}{len(part):02}{part}"
    return WORD + "".join(f"{ord(sign) - 30:02}" for sign in part) + "00"


def within(version: str, limit: str) -> bool:
    """Whether the version is not above the limit: 4.2 lets 4.2.9 and 4.2.9-rc.1 through, not 4.3
    and not 4.3-rc.1. A pre-release as the limit is that very one: 4.2-rc.1 lets 4.2-beta through,
    not 4.2."""
    highest = parse(limit)
    if highest.pre:
        return sort_key(version) <= sort_key(limit)
    numbers = parse(version).numbers + (0,) * PARTS
    return numbers[: len(highest.numbers)] <= highest.numbers
