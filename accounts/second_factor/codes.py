"""The codes of a second factor: pure.

Those of an app are RFC 6238's with what every app knows: SHA-1, six digits, 30 seconds; a `step` is
the number of such 30 seconds since 1970. Recovery codes are random: 80 bits each, in letters and
digits that nobody takes for another.
"""

import secrets
import unicodedata
from base64 import b32encode
from hashlib import sha256
from hmac import compare_digest
from urllib.parse import quote, urlencode

from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP

DIGITS, SECONDS = 6, 30
DRIFT = 1  # steps by which the clock of a phone may be off, either way
SECRET_LENGTH = 20  # bytes, as RFC 4226 recommends
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: no i, l, o, u
MISREAD = str.maketrans("oil", "011")
RECOVERY_LENGTH = 16
SALT_LENGTH = 16  # bytes
# Of Argon2id, memory in KiB: OWASP's least, since codes are random. With other numbers no code that
# is kept counts.
COST = {"time_cost": 2, "memory_cost": 19 * 1024, "parallelism": 1}
GROUP = 4


def new_secret() -> bytes:
    return secrets.token_bytes(SECRET_LENGTH)


def code_at(secret: bytes, step: int) -> str:
    """What an app shows in that step."""
    return HOTP(secret, DIGITS, SHA1()).generate(step).decode()  # noqa: S303  RFC 6238


def step_of(moment: float) -> int:
    """The step of a moment in seconds since 1970."""
    return int(moment) // SECONDS


def matching(secret: bytes, code: str, moment: float) -> int | None:
    """The step, at most `DRIFT` away from the moment, whose code this is; None for a wrong one. All
    are compared, so that the time tells nothing."""
    now, found = step_of(moment), None
    for step in range(now - DRIFT, now + DRIFT + 1):
        if compare_digest(code_at(secret, step).encode(), code.encode()):
            found = step
    return found


def read_code(typed: str) -> str:
    """The six digits that somebody typed, in digits of any script and with blanks or dashes between
    them; empty for what is no code."""
    digits = [str(unicodedata.decimal(sign, sign)) for sign in _without_gaps(typed)]
    code = "".join(digits)
    return code if len(code) == DIGITS and code.isascii() and code.isdigit() else ""


def as_text(secret: bytes) -> str:
    """The secret as apps take it: base32."""
    return b32encode(secret).decode()


def grouped(text: str, between: str = " ") -> str:
    """In groups of four, for who types it."""
    return between.join(text[at : at + GROUP] for at in range(0, len(text), GROUP))


def address(secret: bytes, *, account: str, issuer: str) -> str:
    """What the QR code says (Google's Key URI format). Blanks are %20: apps show a plus as such."""
    label = f"{quote(issuer, safe='')}:{quote(account, safe='')}"
    asked = {
        "secret": as_text(secret),
        "issuer": issuer,
        "algorithm": "SHA1",
        "digits": DIGITS,
        "period": SECONDS,
    }
    return f"otpauth://totp/{label}?{urlencode(asked, quote_via=quote)}"


# --- Recovery codes -----------------------------------------------------------------------------


def new_recovery_code() -> str:
    """A random code, in groups of four."""
    return grouped("".join(secrets.choice(ALPHABET) for _ in range(RECOVERY_LENGTH)), "-")


def read_recovery_code(typed: str) -> str:
    """The code that somebody typed, in any case, with whatever between its groups, and where a
    letter was taken for a digit; empty for what is none."""
    text = unicodedata.normalize("NFKC", typed).lower()
    code = "".join(_without_gaps(text)).translate(MISREAD)
    return code if len(code) == RECOVERY_LENGTH and set(code) <= set(ALPHABET) else ""


def new_salt() -> str:
    """A random salt for a set of recovery codes."""
    return secrets.token_hex(SALT_LENGTH)


def digest(person: str, code: str, salt: str) -> str:
    """As what a recovery code that was read is kept: a slow hash with the salt of its set (ASVS
    5.0, 6.5.2), worth nothing for anybody else. Sets of before there were salts have none and are
    kept by SHA-256."""
    said = f"{person}:{code}".encode()
    if not salt:
        return sha256(said).hexdigest()
    return hash_secret_raw(said, bytes.fromhex(salt), type=Type.ID, hash_len=32, **COST).hex()


def _without_gaps(typed: str) -> list[str]:
    """The signs without blanks, dashes and what nobody sees."""
    gaps = {"Zs", "Zl", "Zp", "Pd", "Cf", "Cc"}
    return [sign for sign in typed if unicodedata.category(sign) not in gaps]
