"""What somebody may have meant who typed something that is nowhere: pure.

All ways to get one letter wrong, as texts to be looked up by an index. Works on stored forms
(tenancy/spelling.py).
"""

from collections.abc import Iterable
from itertools import combinations, groupby, product
from math import prod
from string import ascii_lowercase, digits

# Signs that are taken for each other, read from paper or out loud.
ALIKE = ("o0", "i1l", "b8", "s5", "z2", "g6")
MOST_WAYS = 1024
FEW_RUNS = 14
LONGEST = 64  # characters of a text in which any letter may be wrong
BLOCK = 128  # characters of a script that stand together
LAST_LETTERS = 0x2000  # beyond it are signs, of which there are too many

_OTHERS = {sign: group for group in ALIKE for sign in group}


def alike(form: str) -> set[str]:
    """The texts that look like this one. What stands several times in a row is read in one way; of
    very many ways to read it, those in which two or three such runs are others, and those in which
    some groups of signs are read as one of them throughout."""
    runs = ["".join(run) for _sign, run in groupby(form)]
    ways = [[other * len(run) for other in _OTHERS.get(run[0], run[0])] for run in runs]
    if prod(map(len, ways)) <= MOST_WAYS:
        return {"".join(read) for read in product(*ways)}
    found = _throughout(form) | {
        form.replace(old, new) for group in ALIKE for old in group for new in group
    }
    places = [place for place, way in enumerate(ways) if len(way) > 1][:LONGEST]
    for some in combinations(places, 3 if len(places) <= FEW_RUNS else 2):
        for others in product(*(ways[place] for place in some)):
            read = dict(zip(some, others, strict=True))
            found.add("".join(read.get(place, run) for place, run in enumerate(runs)))
    return found


def _throughout(form: str) -> set[str]:
    """The texts in which whoever read it out took each group of signs as it is, or for one of them
    wherever it stands: each O for 0, each I for 1."""
    there = [group for group in ALIKE if any(sign in form for sign in group)]
    ways = [[{}, *(dict.fromkeys(map(ord, group), sign) for sign in group)] for group in there]
    found = set()
    for some in product(*ways):
        read: dict[int, str] = {}
        for way in some:
            read |= way
        found.add(form.translate(read))
    return found


def near(form: str) -> set[str]:
    """The texts from which it is one letter away: one that is missing, too much or another, or two
    neighbours that have changed places. In long texts no other letters are tried."""
    splits = [(form[:place], form[place:]) for place in range(len(form) + 1)]
    found = {a + b[1:] for a, b in splits if b} | swapped(form)
    if len(form) <= LONGEST:
        letters = letters_for(form)
        found |= {a + letter + b[1:] for a, b in splits if b for letter in letters}
        found |= {a + letter + b for a, b in splits for letter in letters}
    return found - {form, ""}


def swapped(form: str) -> set[str]:
    """The texts in which two neighbours have changed places, and the text itself."""
    pairs = range(len(form) - 1)
    return {form} | {form[:n] + form[n + 1] + form[n] + form[n + 2 :] for n in pairs}


def letters_for(form: str) -> set[str]:
    """The letters and digits that may stand in it: those of its scripts."""
    found = {*ascii_lowercase, *digits} if form.isascii() else set[str]()
    for sign in form:
        start = ord(sign) // BLOCK * BLOCK
        if not sign.isascii() and start < LAST_LETTERS:
            found.update(_small(map(chr, range(start, start + BLOCK))))
    return found | {*form}


def _small(signs: Iterable[str]) -> set[str]:
    return {sign for sign in signs if sign.isalpha() and sign == sign.lower()}
