"""Names of release files: any that every system can keep, and how an answer says them.

A name is kept as it was given, in Unicode's composed form (NFC). What Windows, macOS and Linux
would not save under it is refused here, so that nobody's download is renamed on the way.
"""

import re
from typing import Any
from unicodedata import combining, normalize
from urllib.parse import quote

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from tenancy.texts import validate_line

LONGEST = 200  # characters
MOST_BYTES = 240  # in UTF-8; file systems hold 255, and browsers add to a name that is taken
# What separates folders, what Windows has no place for, and what shells replace in a command.
REFUSED = re.compile(r'[/\\:*?"<>|%$!`]')
# What hides a file, what Windows drops, and what browsers replace.
NOT_AT_THE_ENDS = (".", "~")
# Devices, with whatever ending (Windows: Naming Files, Paths, and Namespaces).
DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]) *(\.|\Z)", re.I)


def validate_file_name(name: str) -> None:
    """Raises ValidationError unless every system can save a file under the name."""
    validate_line(name)
    if found := REFUSED.search(name):
        raise ValidationError(
            _(
                "A file with %(sign)s in its name can't be saved everywhere: use letters, digits, "
                "blanks and signs such as - _ . + ~ ( ) @."
            ),
            params={"sign": found[0]},
            code="invalid_file_name",
        )
    if name[:1] in NOT_AT_THE_ENDS or name[-1:] in NOT_AT_THE_ENDS or name != name.strip():
        raise ValidationError(
            _("A file name has no dot, blank or ~ at its beginning or end."),
            code="invalid_file_name",
        )
    if found := DEVICE.match(name):
        raise ValidationError(
            _("Windows keeps the name %(word)s for a device and saves no file under it."),
            params={"word": found[1]},
            code="invalid_file_name",
        )
    if len(name.encode()) > MOST_BYTES:
        raise ValidationError(
            _("The file name is too long: it has %(n)d bytes in UTF-8, and 240 are the most."),
            params={"n": len(name.encode())},
            code="invalid_file_name",
        )


class FileNameField(models.CharField[str, str]):
    """The name of a file, composed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        defaults: dict[str, Any] = {"max_length": LONGEST, "validators": [validate_file_name]}
        super().__init__(*args, **defaults | kwargs)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return normalize("NFC", text) if isinstance(text, str) else text

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


def folded(name: str) -> str:
    """What names have in common that Windows or macOS take for one: case and composition don't
    count."""
    return normalize("NFC", normalize("NFD", name).casefold())


def attachment(name: str) -> str:
    """A Content-Disposition by which a file is saved under its name (RFC 6266): as it is for who
    knows RFC 8187, and before that in ASCII for all others."""
    bare = _in_ascii(name)
    if bare == name:
        return f'attachment; filename="{name}"'
    return f"attachment; filename=\"{bare}\"; filename*=UTF-8''{quote(name, safe='')}"


def _in_ascii(name: str) -> str:
    signs = (sign for sign in normalize("NFKD", name) if not combining(sign))
    return "".join(sign if sign.isascii() else "_" for sign in signs)
