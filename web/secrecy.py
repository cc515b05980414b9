"""A log without secrets: no line tells what opens something, nor anybody's e-mail address. Imports
no Django.

Paths of single-use links and addresses with a licence's key come into log lines by themselves, when
a request is refused or fails. Every record of this process is one of these, whoever writes it:
Django, a library, or gunicorn, whose access log goes the same way.
"""

import logging
import re

# What a query gives under these names, also where the query itself is part of another.
PARAMETER = re.compile(
    r"((?:[?&]|%3F|%26)(?:key|secret|token)(?:=|%3D))[^&\s\"'<>]*?(?=&|%26|[\s\"'<>]|\Z)",
    re.IGNORECASE,
)
# Links, sessions, views, licence keys, names of stored files and JSON web tokens are long and
# random. An id has 36 signs; what is longer and has small letters alone is a name in a traceback.
TOKEN = re.compile(r"(?![a-z_]+(?![\w-]))[\w-]{40,}(?:(?:[:.]|%3A)[\w-]+)*", re.ASCII)
HASH = re.compile(r"\b(?:argon2|pbkdf2_sha256|md5)\$[\w$=,.+/-]+")
# Whom a line is about, say its ids.
ADDRESS = re.compile(r"[\w.+'-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
# The values of a row that PostgreSQL has refused.
DETAIL = re.compile(r"^(\s*DETAIL:).*$", re.MULTILINE)


def without_secrets(text: str) -> str:
    """The text with a … in the place of everything that looks like a secret, or an e-mail
    address."""
    text = PARAMETER.sub(r"\1…", text)
    text = HASH.sub("…", TOKEN.sub("…", text))
    return DETAIL.sub(r"\1 …", ADDRESS.sub("…", text))


class SafeRecord(logging.LogRecord):
    """A record that no formatter gets a secret of, neither by the message nor by a traceback."""

    _traceback: str | None = None

    def getMessage(self) -> str:
        return without_secrets(super().getMessage())

    # Whoever formats the traceback first keeps it here, and writes what then stands here.

    @property
    def exc_text(self) -> str | None:
        return self._traceback

    @exc_text.setter
    def exc_text(self, text: str | None) -> None:
        self._traceback = text and without_secrets(text)
