"""Licence keys: random texts that follow a pattern."""

import re
from secrets import SystemRandom

import rstr
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

DEFAULT_PATTERN = r"^([A-F0-9]{6}-){5}[A-F0-9]{6}$"
SHORTEST, LONGEST = 16, 256
KEY = re.compile(r"[\x21-\x7e]{16,256}")

_generator = rstr.Rstr(SystemRandom())


def new_key(pattern: str = "") -> str:
    """A random key of 16 to 256 visible ASCII characters that matches the regular expression.

    Raises ValidationError when the pattern isn't one, or makes keys that are not allowed.
    """
    try:
        key = str(_generator.xeger((pattern or DEFAULT_PATTERN).strip("^$")))
    except (re.error, ValueError, KeyError, IndexError, NotImplementedError) as error:
        raise ValidationError(_("The key pattern is not a regular expression.")) from error
    validate_key(key)
    return key


def validate_pattern(pattern: str) -> None:
    """Raises ValidationError unless keys can be made from the regular expression."""
    new_key(pattern)


def validate_key(key: str) -> None:
    """Raises ValidationError unless the key is 16 to 256 visible ASCII characters."""
    if not KEY.fullmatch(key):
        raise ValidationError(_("A key is 16 to 256 visible characters without spaces."))
