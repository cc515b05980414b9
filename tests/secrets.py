"""What no line of a log may tell: the secrets that tests know, and whatever looks like one.

Looked for by other means than those by which web/secrecy.py takes it out.
"""

import logging
import re
from urllib.parse import unquote

from tests.environment import FIXED
from web import json_logs

# Of the people and licences of tests/world.py and the demo.
KNOWN = (
    "correct horse battery",
    "demo-acme-",
    "demo-globex-",
    "ADA111-ACME-ORBIT-0001",
    "GRACE1-ACME-ORBIT-0002",
    "ADA222-GLOBEX-QUILL-01",
    "BOB333-GLOBEX-QUILL-02",
    FIXED["SECRET_KEY"],
    FIXED["KEY_ENCRYPTION_KEYS"],
)
FORMATS = {
    "a signed link": re.compile(r"[\w-]{16,}:[0-9A-Za-z]{6}:[\w-]{43}"),
    "a signature's beginning": re.compile(r":[0-9A-Za-z]{6}:[\w-]{8}"),
    "32 random bytes": re.compile(r"(?<![\w/+-])(?![a-z_-]{43})[\w-]{43}(?![\w/+-])"),
    "a JSON web token": re.compile(r"\beyJ[\w-]{10,}\."),
    "a licence key": re.compile(r"\b(?:[0-9A-F]{6}-){5}[0-9A-F]{6}\b"),
    "a key in an address": re.compile(r"[?&](?:key|secret|token)=[^…\s]", re.IGNORECASE),
    "a private key": re.compile(r"PRIVATE KEY"),
    "a password's hash": re.compile(r"(?:argon2|pbkdf2_sha256|md5)\$\w"),
    "an e-mail address": re.compile(
        r"[^\s@<>\"'(]@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}", re.IGNORECASE
    ),
    "a row that was refused": re.compile(r"DETAIL: +[^\s…]"),
}


def found_in(line: str) -> list[str]:
    """The kinds of secrets that the line has in it."""
    plain = unquote(line)
    kinds = [name for name, looks in FORMATS.items() if looks.search(plain)]
    return [secret for secret in KNOWN if secret in plain] + kinds


class Kept(logging.Handler):
    """Keeps what is logged, with its traceback, as people and as programs are to read it."""

    def __init__(self) -> None:
        super().__init__(level=logging.NOTSET)
        self.json, self.json_lines = json_logs.Lines(), list[str]()
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))
        self.json_lines.append(self.json.format(record))
