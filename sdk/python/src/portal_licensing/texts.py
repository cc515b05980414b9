"""What people carry and type, in one spelling: files out of e-mails and editors, licence keys."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Container

BEGINNING = "eyJ"  # how a JSON object that begins with a name begins in base64url
DOTS = 2
QUOTED = re.compile(r"(?m)^[^\S\n]*(?:>[^\S\n]*)+")
HEXADECIMAL = re.compile(r"[0-9A-Fa-f]{36}")
DASHES = re.compile("[\u2212\u30fc\u2500]")  # minus and others that look like a dash
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def text_of(content: bytes | str) -> str:
    """The text of a file, without what nobody sees and the `>` by which e-mail quotes lines.

    Bytes are UTF-8 or UTF-16, with or without a byte order mark; raises UnicodeError for others.
    """
    text = _decoded(content) if isinstance(content, bytes) else content
    return QUOTED.sub("", _visible(text.replace("\r", "\n")))


def jws_in(text: str, lengths: Container[int]) -> str:
    """The compact JWS in a text that may have sentences around it and white space anywhere.

    It begins with the first word in `eyJ` and ends with the word that completes a third part of
    one of these lengths. Where there is no such word, everything is taken for it.
    """
    words = text.split()
    begin = next((n for n, word in enumerate(words) if word.startswith(BEGINNING)), 0)
    dots = length = 0
    for end, word in enumerate(words[begin:], begin + 1):
        dots += word.count(".")
        length = len(word.rpartition(".")[2]) + (0 if "." in word else length)
        if dots == DOTS and length in lengths:
            return "".join(words[begin:end])
    return "".join(words)


def json_in(text: str) -> str:
    """The JSON object in a text, its lines joined: a line break is never a part of one."""
    joined = "".join(line.strip() for line in text.split("\n"))
    return joined[joined.find("{") : joined.rfind("}") + 1]


def license_key(text: str) -> str:
    """The key in the vendor's spelling, from what somebody typed or pasted.

    White space and what is invisible go, every kind of dash is `-`, and six groups of six
    hexadecimal digits, the portal's own pattern, get their capitals and dashes.
    """
    dashed = "".join("-" if _is_dash(sign) else sign for sign in _visible(text))
    key = "".join(unicodedata.normalize("NFKC", dashed).split())
    digits = re.sub(r"[^0-9A-Za-z]", "", key)
    if HEXADECIMAL.fullmatch(digits):
        return "-".join(re.findall("......", digits.upper()))
    return key


def same_key(one: str, other: str) -> bool:
    """Whether two texts are one licence key: letters and digits count, their case doesn't."""
    return _form(one) == _form(other)


def printable(text: str, longest: int) -> str:
    """A text about a machine, cut, with a sign in the place of each that can't be printed."""
    return UNPRINTABLE.sub("\ufffd", text)[:longest]


def _decoded(raw: bytes) -> str:
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16")
    # Without a mark, zeros tell: no file of ours begins with a character beyond Latin ones.
    if raw[1:2] == b"\x00":
        return raw.decode("utf-16-le")
    if raw[:1] == b"\x00":
        return raw.decode("utf-16-be")
    return raw.decode("utf-8")


def _visible(text: str) -> str:
    """Without byte order marks, soft hyphens, joiners and other signs for layout."""
    if text.isascii():
        return text
    return "".join(sign for sign in text if unicodedata.category(sign) != "Cf")


def _is_dash(sign: str) -> bool:
    return unicodedata.category(sign) == "Pd" or DASHES.fullmatch(sign) is not None


def _form(key: str) -> str:
    return "".join(sign for sign in license_key(key).casefold() if sign.isalnum())
