"""Licence keys: random texts that follow a pattern."""

import re
import re._parser as sre_parse  # type: ignore[import-not-found]  # as rstr does
from collections.abc import Iterable
from secrets import SystemRandom
from typing import Any

import rstr
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

DEFAULT_PATTERN = r"^([A-F0-9]{6}-){5}[A-F0-9]{6}$"
SHORTEST, LONGEST = 16, 256
KEY = re.compile(r"[\x21-\x7e]{16,256}")
MOST_WORK = 50_000  # steps of rstr for one key: some milliseconds
MOST_REPEATS = 100  # rstr repeats nothing more often


def new_key(pattern: str = "") -> str:
    """A random key of 16 to 256 visible ASCII characters that matches the regular expression.

    Raises ValidationError when the pattern isn't one, takes too long, or makes keys that are not
    allowed.
    """
    expression = (pattern or DEFAULT_PATTERN).strip("^$")
    try:
        work = _work(sre_parse.parse(expression), {})
    except (re.error, ValueError, OverflowError, RecursionError) as error:
        raise _no_expression() from error
    if work > MOST_WORK:
        raise ValidationError(
            _("The key pattern repeats too much: use fewer repetitions and smaller ranges.")
        )
    try:
        # One of its own, since it remembers groups while it works.
        key = str(rstr.Rstr(SystemRandom()).xeger(expression))
    except (re.error, ValueError, KeyError, IndexError, NotImplementedError) as error:
        raise _no_expression() from error
    validate_key(key)
    return key


def _no_expression() -> ValidationError:
    return ValidationError(_("The key pattern is not a regular expression."))


def _work(parts: Iterable[Any], groups: dict[int, int]) -> int:
    """How many steps rstr takes at most for these parts of an expression, by Python's own parser.
    A group that is repeated by its number costs what it has cost before."""
    return sum(1 + _work_of(kind.name, inside, groups) for kind, inside in parts)


def _work_of(kind: str, inside: Any, groups: dict[int, int]) -> int:
    match kind:
        case "IN":  # of which a list is made
            ranges = (each for kind_of, each in inside if kind_of.name == "RANGE")
            return sum(int(last) - int(first) for first, last in ranges)
        case "BRANCH":
            return max(_work(each, groups) for each in inside[1])
        case "SUBPATTERN":
            groups[inside[0]] = _work(inside[-1], groups)
            return groups[inside[0]]
        case "ASSERT":
            return _work(inside[1], groups)
        case "GROUPREF":
            return groups.get(inside, 0)
        case "MAX_REPEAT" | "MIN_REPEAT":
            return min(int(inside[1]), MOST_REPEATS) * max(1, _work(inside[2], groups))
    return 0


def validate_pattern(pattern: str) -> None:
    """Raises ValidationError unless keys can be made from the regular expression."""
    new_key(pattern)


def validate_key(key: str) -> None:
    """Raises ValidationError unless the key is 16 to 256 visible ASCII characters."""
    if not KEY.fullmatch(key):
        raise ValidationError(_("A key is 16 to 256 visible characters without spaces."))
