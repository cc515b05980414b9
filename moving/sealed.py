"""A stream under a passphrase: sealed part by part, so that neither side holds it all
(docs/moving.md describes the format). Knows no model.

The key is scrypt's. Each part is ChaCha20-Poly1305 with its number in the nonce and, in the last
one, that it is the last: what is cut off, put in, left out, turned round or altered is refused.
"""

import hashlib
import hmac
import os
from collections.abc import Iterator
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from django.utils.translation import gettext as _

from moving.errors import ArchiveRefused

MAGIC = b"portal-vendor-1\n"
SALT, PREFIX, CHECK, TAG = 16, 7, 16, 16  # bytes
COST = 17  # of scrypt, as a power of two: 128 MB and a fraction of a second
COSTS = range(14, 21)
PART = 64 * 1024  # bytes, unsealed
HEAD = len(MAGIC) + 1 + SALT + PREFIX
SHORTEST_PASSPHRASE = 12  # characters


def _keys(passphrase: str, head: bytes) -> tuple[ChaCha20Poly1305, bytes]:
    """What seals, and the check by which a wrong passphrase is known at once."""
    cost = head[len(MAGIC)]
    salt = head[len(MAGIC) + 1 : len(MAGIC) + 1 + SALT]
    made = Scrypt(salt=salt, length=64, n=2**cost, r=8, p=1).derive(passphrase.encode())
    check = hmac.digest(made[32:], head, hashlib.sha256)[:CHECK]
    return ChaCha20Poly1305(made[:32]), check


def _nonce(head: bytes, number: int, *, last: bool) -> bytes:
    return head[-PREFIX:] + number.to_bytes(4, "big") + bytes([last])


class Sealing:
    """What is written into it goes into the file sealed. It has to be closed; only then the file is
    whole."""

    def __init__(self, file: IO[bytes], passphrase: str, *, cost: int = COST) -> None:
        self._file = file
        self._head = MAGIC + bytes([cost]) + os.urandom(SALT) + os.urandom(PREFIX)
        self._key, check = _keys(passphrase, self._head)
        self._number, self._left = 0, bytearray()
        file.write(self._head + check)

    def write(self, data: bytes) -> None:
        self._left += data
        while len(self._left) > PART:
            self._seal(bytes(self._left[:PART]), last=False)
            del self._left[:PART]

    def close(self) -> None:
        self._seal(bytes(self._left), last=True)
        self._left.clear()

    def _seal(self, part: bytes, *, last: bool) -> None:
        nonce = _nonce(self._head, self._number, last=last)
        sealed = self._key.encrypt(nonce, part, self._head)
        self._file.write(bytes([last]) + len(sealed).to_bytes(4, "big") + sealed)
        self._number += 1


def opened(file: IO[bytes], passphrase: str) -> Iterator[bytes]:
    """The parts of what was sealed, in their order. Raises ArchiveRefused, where something is wrong
    with a later part after those before it: nothing is to be done before all were read."""
    head = file.read(HEAD)
    if len(head) != HEAD or not head.startswith(MAGIC) or head[len(MAGIC)] not in COSTS:
        raise ArchiveRefused(_("This is no file of a vendor."))
    key, check = _keys(passphrase, head)
    if not hmac.compare_digest(file.read(CHECK), check):
        raise ArchiveRefused(_("The passphrase is wrong."))
    number, last = 0, False
    while not last:
        start = file.read(5)
        size = int.from_bytes(start[1:], "big")
        if len(start) != 5 or not TAG <= size <= PART + TAG:  # noqa: PLR2004
            raise _damaged()
        sealed, last = file.read(size), start[0] == 1
        try:
            yield key.decrypt(_nonce(head, number, last=last), sealed, head)
        except InvalidTag as error:
            raise _damaged() from error
        number += 1
    if file.read(1):
        raise _damaged()


def _damaged() -> ArchiveRefused:
    return ArchiveRefused(_("The file was cut off or altered. Nothing was imported."))
