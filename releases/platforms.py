"""Platforms: the words that the portal knows, other spellings of them, and what a visitor's
browser tells; pure.

A word means a family, such as windows, or a kind of it, such as win64. What is made for a family
is for each of its kinds, and who comes with some kind of it is offered them all. Any other word is
a vendor's own, and offered to those alone who choose it.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

NAMES = {
    "windows": "Windows",
    "win64": "Windows, 64 bit",
    "win32": "Windows, 32 bit",
    "windows-arm64": "Windows, ARM",
    "macos": "macOS",
    "macos-arm64": "macOS, Apple silicon",
    "macos-x64": "macOS, Intel",
    "linux": "Linux",
    "linux-x64": "Linux, 64 bit",
    "linux-x86": "Linux, 32 bit",
    "linux-arm64": "Linux, ARM",
    "ubuntu": "Ubuntu",
    "debian": "Debian",
    "android": "Android",
    "ios": "iOS",
}
# How people write families, in small letters without anything between.
FAMILIES = {
    "windows": r"(ms|microsoft)?win(dows)?(nt|xp|vista|7|8|81|10|11)?",
    "macos": r"(apple)?mac(intosh)?(os)?x?|osx|darwin",
    "linux": r"(gnu)?linux(gnu)?",
    "android": r"android(os)?",
    "ios": r"(apple)?ios|iphone(os)?|ipad(os)?",
}
KINDS = {
    "x64": r"x?64(bit)?|x8664|amd64|intel(64)?",
    "x86": r"x86|x?32(bit)?|i[3-6]86|ia32",
    "arm64": r"arm64(v8)?|aarch64|applesilicon|silicon|m[1-9]",
    "": r"universal|all|any",
}
# Where the word of a kind is not the family's with the kind behind it.
SHORT = {"windows-x64": "win64", "windows-x86": "win32"}
FAMILY_OF = {"win64": "windows", "win32": "windows", "ubuntu": "linux", "debian": "linux"}
# What a browser says of itself. Android says Linux, too, and comes before it.
SIGNS = {
    "android": "android",
    "iphone": "ios",
    "ipad": "ios",
    "windows": "windows",
    "mac os": "macos",
    "linux": "linux",
}


@lru_cache(1000)
def word_of(text: str) -> str:
    """The word of a platform, however it is spelled; an own word in small letters.

    `Windows`, `win` and `Win 10` are windows; `WIN64`, `windows-x64` and `x86_64-windows` win64.
    """
    own = text.strip().lower()
    bare = re.sub(r"[^a-z0-9]", "", own)
    for family, spellings in FAMILIES.items():
        for kind, kinds in KINDS.items():
            if re.fullmatch(rf"({spellings})({kinds})|({kinds})({spellings})", bare):
                word = f"{family}-{kind}" if kind else family
                word = SHORT.get(word, word)
                return word if word in NAMES else own
        if re.fullmatch(spellings, bare):
            return family
    return own


def words_in(text: str) -> list[str]:
    """The words of a typed list, with commas or blanks between; commas alone where a spelling has
    blanks in it, as in Windows 10."""
    words: list[str] = []
    for part in re.split(r"[,;\n]", text):
        whole = word_of(part)
        words += [whole] if whole in NAMES else map(word_of, part.split())
    return words


def family_of(word: str) -> str:
    """The family of a platform's word; an own word is a family by itself."""
    known = word_of(word)
    return FAMILY_OF.get(known, known.partition("-")[0] if known in NAMES else known)


def suits(asked: str, words: Iterable[str]) -> bool:
    """Whether something made for the platforms is offered to who asks for one."""
    wanted, family = word_of(asked), family_of(asked)
    return any(
        word == wanted or (family_of(word) == family and family in {word, wanted})
        for word in map(word_of, words)
    )


def name_of(word: str) -> str:
    """How a platform's word is shown; a vendor's own word is shown as it is."""
    return NAMES.get(word_of(word), word)


def guess(user_agent: str, words: Iterable[str]) -> str:
    """The family of the visitor's browser, if one of the platforms' words is of it, else empty."""
    browser = user_agent.lower()
    family = next((family for sign, family in SIGNS.items() if sign in browser), "")
    return family if family in map(family_of, words) else ""
