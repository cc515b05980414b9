"""A JWS as e-mail, editors and people leave it: recoded, wrapped, quoted, among sentences.

White space can't belong to one (docs/offline-protocol.md). Imports no Django.
"""

import codecs
import re
from unicodedata import category

BEGINNING = "eyJ"  # how a JSON object that begins with a name begins in base64url
QUOTED = re.compile(r"(?m)^[^\S\n]*(?:>[^\S\n]*)+")


def text_of(raw: bytes) -> str:
    """The text of a file, without what nobody sees and the `>` by which e-mail quotes lines.

    It is UTF-8 or UTF-16, with or without byte order marks; raises UnicodeError for others.
    """
    text = _decoded(raw).replace("\r", "\n")
    if not text.isascii():
        # Marks, soft hyphens, joiners and other signs for layout.
        text = "".join(sign for sign in text if category(sign) != "Cf")
    return QUOTED.sub("", text)


def jws_in(text: str, signature: int) -> str:
    """The compact JWS in a text, whose signature has so many characters.

    It begins with the first word in `eyJ` and ends with the word that completes the signature.
    Where there is no such word, everything is taken for it.
    """
    words = text.split()
    begin = next((n for n, word in enumerate(words) if word.startswith(BEGINNING)), 0)
    dots = length = 0
    for end, word in enumerate(words[begin:], begin + 1):
        dots += word.count(".")
        length = len(word.rpartition(".")[2]) + (0 if "." in word else length)
        if (dots, length) == (2, signature):
            return "".join(words[begin:end])
    return "".join(words)


def _decoded(raw: bytes) -> str:
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16")
    # Without a mark, zeros tell: what we look for begins with a letter.
    if raw[1:2] == b"\x00":
        return raw.decode("utf-16-le")
    if raw[:1] == b"\x00":
        return raw.decode("utf-16-be")
    return raw.decode()
