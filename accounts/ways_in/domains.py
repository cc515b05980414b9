"""The domains of e-mail addresses whose people may register by themselves: pure.

`acme.example` is that domain alone, `*.acme.example` every one below it and not itself. Compared
are whole domains in ASCII, so that `müller.example` and `xn--mller-kva.example` are one and
`evil-acme.example` is none of them.
"""

import re
from functools import cache

from publicsuffixlist import PublicSuffixList

from tenancy.addresses import domain_in_ascii

BELOW = "*."
LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
LONGEST = 253


@cache
def _public_suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def read(text: str) -> list[str]:
    """The domains in a text, between which stand line breaks, commas, semicolons or blanks, each in
    ASCII and once."""
    parts = (part.lstrip("@") for part in re.split(r"[\s,;]+", text))
    return list(dict.fromkeys(_in_ascii(part) for part in parts if part))


def _in_ascii(part: str) -> str:
    below = BELOW if part.startswith(BELOW) else ""
    return below + domain_in_ascii(part.removeprefix(BELOW).lower())


def wrong_in(text: str) -> list[str]:
    """Those that are no domain somebody could have registered, such as `com` and `*.co.uk`."""
    return [domain for domain in read(text) if not _is_somebodys(domain.removeprefix(BELOW))]


def _is_somebodys(domain: str) -> bool:
    if len(domain) > LONGEST or not all(map(LABEL.fullmatch, domain.split("."))):
        return False
    is_address = domain.rpartition(".")[2].isdigit()
    return not is_address and _public_suffixes().privatesuffix(domain) is not None


def is_among(email: str, domains: list[str]) -> bool:
    """Whether the address is at one of the domains, as `read` gives them."""
    own = domain_in_ascii(email.rpartition("@")[2].lower())
    return any(
        own.endswith(each.removeprefix("*")) if each.startswith(BELOW) else own == each
        for each in domains
    )
