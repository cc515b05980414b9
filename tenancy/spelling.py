"""One spelling of every text, by which rows are found: pure.

The stored form has neither case nor accents, and nothing but letters and digits: dashes, blanks,
punctuation, line breaks and what is invisible count for nothing, in what is stored and in what is
typed. `abcd ef01`, `ABCD‑EF01` and `abcdef01` are one.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from unicodedata import category, combining, normalize

from tenancy.addresses import pasted

LONGEST_WORD = 32  # characters of a word that count
MOST_WORDS = 5  # what follows them counts as one

ASCII_PIECE = re.compile(r"[a-z0-9]+")
# Letters that are others with something through them, which no standard takes off.
LETTERS = str.maketrans(
    {"ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe",
     "þ": "th"}
)  # fmt: skip
# Letters and marks that nobody sees: fillers and selectors.
INVISIBLE = frozenset(
    map(
        chr,
        (0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), *range(0xFE00, 0xFE10),
         *range(0xE0100, 0xE01F0)),
    )
)  # fmt: skip
# Scripts without blanks, where each sign may begin a word: kana, ideographs.
BEGINS_ANYWHERE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\U00020000-\U000323af]")


def pieces_of(text: str) -> list[str]:
    """The text's runs of letters and digits, without case and accents, in order."""
    if text.isascii():
        return ASCII_PIECE.findall(text.lower())
    return "".join(_plain(text)).split()


def _plain(text: str) -> Iterator[str]:
    folded = normalize("NFKD", normalize("NFKD", text).casefold())
    for sign in normalize("NFKD", folded.casefold()).translate(LETTERS):
        if combining(sign) or sign in INVISIBLE or category(sign) == "Cf":
            continue
        if BEGINS_ANYWHERE.match(sign):
            yield " "
        # A mark that is no accent is a vowel of Thai, Hindi and others.
        yield sign if sign.isalnum() or category(sign)[0] == "M" else " "


def form_of(text: str) -> str:
    """The stored form of a text."""
    return "".join(pieces_of(text))


def words_in(text: str) -> set[str]:
    """By what the text is found: its stored form from the beginning of each piece on, cut. So each
    piece, and several that follow each other, are a beginning of one of these."""
    pieces = pieces_of(text)
    form, start, found = "".join(pieces), 0, set()
    for piece in pieces:
        found.add(form[start : start + LONGEST_WORD])
        start += len(piece)
    return found


def has_all(text: str, words: Iterable[str]) -> bool:
    """Whether each of these stored forms begins a word of the text."""
    known = words_in(text)
    return all(any(each.startswith(word[:LONGEST_WORD]) for each in known) for word in words)


def end_of(text: str) -> str:
    """By what a text is found that is read out from its end: a word of its own, backwards."""
    return backwards(form_of(text))


def backwards(form: str) -> str:
    """The end of a stored form as a word; no other word begins so."""
    return f"<{form[:-LONGEST_WORD:-1]}"


class Typed(NamedTuple):
    """A word that somebody typed: its stored form, and as it was typed."""

    form: str
    text: str


def asked(text: str) -> list[Typed] | None:
    """The words that somebody typed; None where he typed something in which there are no words,
    and an empty list for nothing. An address counts without the name that was copied with it."""
    address = pasted(text)
    typed = (address if "@" in address else text).split(maxsplit=MOST_WORDS - 1)
    words = {form: Typed(form, word) for word in typed if (form := form_of(word))}
    return list(words.values()) if words or not typed else None
