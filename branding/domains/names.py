"""Domain names as vendors type them: brought into one form, or refused; no Django, no network.

Internationalised names follow IDNA 2008; kept and compared in ASCII, shown in Unicode.
"""

import ipaddress
import re
from functools import cache

import idna
from confusable_homoglyphs import confusables
from publicsuffixlist import PublicSuffixList

LONGEST = 200  # so that the name of the TXT record below it fits into 253
MOST_LABELS = 10
ALIKE = str.maketrans({"i": "l", "1": "l", "|": "l", "0": "o"})
LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


class NotADomain(ValueError):
    """The text is no domain that a portal can have; `args[0]` is one of the reasons below."""


SYNTAX, ADDRESS, SINGLE_LABEL, OUR_ZONE, PUBLIC_SUFFIX, MIXED_SCRIPTS = (
    "syntax",
    "address",
    "single-label",
    "our-zone",
    "public-suffix",
    "mixed-scripts",
)


@cache
def _public_suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def zone_of(name: str) -> str:
    """The part of a name that somebody has registered: acme.example of licences.acme.example."""
    return _public_suffixes().privatesuffix(name) or name


def normalise(text: str, *, parent_host: str) -> str:
    """The name in ASCII and lower case, without the final dot. Raises NotADomain.

    Refused are names of our own zone and above it, addresses, single labels, public suffixes, and
    labels that mix scripts, which exist to look like others.
    """
    name = _in_ascii(text.strip().rstrip("."))
    if name == parent_host or name.endswith(f".{parent_host}") or parent_host.endswith(f".{name}"):
        raise NotADomain(OUR_ZONE)
    if "." not in name:
        raise NotADomain(SINGLE_LABEL)
    if _public_suffixes().privatesuffix(name) is None:
        raise NotADomain(PUBLIC_SUFFIX)
    if any(_mixes_scripts(label) for label in in_unicode(name).split(".")):
        raise NotADomain(MIXED_SCRIPTS)
    return name


def _in_ascii(text: str) -> str:
    if _is_address(text):
        raise NotADomain(ADDRESS)
    try:
        name = idna.encode(text, uts46=True, std3_rules=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError) as error:
        raise NotADomain(SYNTAX) from error
    # UTS 46 turns full-width digits and dots into plain ones: look again.
    if _is_address(name) or name.rpartition(".")[2].isdigit():
        raise NotADomain(ADDRESS)
    labels = name.split(".")
    if len(name) > LONGEST or len(labels) > MOST_LABELS:
        raise NotADomain(SYNTAX)
    if not all(LABEL.fullmatch(label) for label in labels):
        raise NotADomain(SYNTAX)
    return name


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return False
    return True


def _mixes_scripts(label: str) -> bool:
    return not label.isascii() and bool(confusables.is_dangerous(label))


def in_unicode(name: str) -> str:
    """The name as people read it; a label that can't be decoded stays as it is."""
    try:
        return idna.decode(name)
    except (idna.IDNAError, UnicodeError):
        return name


def skeleton(name: str) -> str:
    """What the name looks like in plain letters: names that look alike have the same one."""
    plain = (each if each.isascii() else _plain(each) for each in in_unicode(name))
    return "".join(plain).translate(ALIKE)


@cache
def _plain(character: str) -> str:
    found = confusables.is_confusable(character, greedy=True) or []
    alike = (glyph["c"] for entry in found for glyph in entry["homoglyphs"])
    plain = (glyph.lower() for glyph in alike if len(glyph) == 1 and glyph.isascii())
    return next(plain, character)
