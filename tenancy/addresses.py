"""E-mail addresses as people type and paste them, and the one spelling in which each is kept: pure.

Kept and shown is the domain as people read it, in Unicode (IDNA 2008, UTS 46); mail servers get it
in ASCII. `ADA@xn--mller-kva.example.` and `ada@müller.example` are one.
"""

import re
from unicodedata import normalize
from urllib.parse import unquote

import idna

# What takes no place, wherever it stands, and what stands around an address in a sentence or a
# list: white space, marks of direction, the signs that separate.
NO_PLACE = dict.fromkeys(map(ord, "\xad\u200b\u2060\ufeff"))
AROUND = (
    " \t\r\n\xa0\u3000,;.\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
QUOTES = {'"': '"', "'": "'", "“": "”", "„": "“", "‘": "’", "«": "»"}

ADDRESS = r"[^\s<>()\[\]]+[@＠][^\s<>()\[\]]+"
BEHIND_NAME = re.compile(rf"(?P<name>.*?)[<(\[]\s*(?P<address>{ADDRESS})\s*[>)\]]", re.DOTALL)
BEFORE_NAME = re.compile(rf"(?P<address>{ADDRESS})\s*\((?P<name>[^()]*)\)", re.DOTALL)
MAILTO = re.compile(r"mailto:([^?]*)(?:\?.*)?", re.IGNORECASE | re.DOTALL)


def pasted(text: str) -> str:
    """The address out of what mail programs and web pages copy with it: `Ada <ada@example.com>`,
    `ada@example.com (Ada)`, `mailto:ada@example.com`. A text with no address or with several is
    only trimmed, so that nobody is chosen."""
    text = _alone(text)
    for form in (BEHIND_NAME, BEFORE_NAME):
        found = form.fullmatch(text)
        if found and ("@" not in found["name"] or found["address"] in found["name"]):
            text = _alone(found["address"])
    link = MAILTO.fullmatch(text)
    return _alone(unquote(link[1])) if link else text


def _alone(text: str) -> str:
    text = text.translate(NO_PLACE).strip(AROUND)
    if len(text) > 1 and QUOTES.get(text[0]) == text[-1]:
        return text[1:-1].strip(AROUND)
    return text


def normalise_email(text: str) -> str:
    """The one spelling under which an address is kept and looked up: alone, in small letters, its
    domain in Unicode without the final dot. What is no address comes back as something that no
    validator takes."""
    address = normalize("NFKC", pasted(text)).lower()
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{domain_in_unicode(domain)}"


def several(text: str) -> list[str]:
    """The addresses in a text, each in its one spelling and once; between two stands a semicolon, a
    line break or, where no names stand beside them, a comma. What is no address is among them as
    it came."""
    parts = re.split(r"[;\r\n]" if "<" in text else r"[;,\r\n]", text)
    return list(dict.fromkeys(normalise_email(part) for part in parts if part.strip()))


def email_in_ascii(address: str) -> str:
    """The address as mail servers take it, its domain in ASCII."""
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{domain_in_ascii(domain)}"


def spellings_of(text: str) -> list[str]:
    """Under what an address may be kept: as it was typed, which tells apart rows of before that are
    one address now; in its one spelling; and with the domain in ASCII."""
    kept = normalise_email(text)
    return list(dict.fromkeys((pasted(text).lower(), kept, email_in_ascii(kept))))


def domain_in_ascii(domain: str) -> str:
    """The domain in ASCII and small letters, without the final dot. What IDNA 2008 does not know,
    such as pictures, goes by IDNA 2003; what is no domain comes back as it is."""
    domain = domain.rstrip(".")
    if domain.isascii() and "xn--" not in domain.lower():
        return domain.lower()
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except UnicodeError:
        return _by_idna_2003(domain.lower())


def _by_idna_2003(domain: str) -> str:
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain


def domain_in_unicode(domain: str) -> str:
    """The same domain as people read it."""
    known = domain_in_ascii(domain)
    if "xn--" not in known:
        return known
    try:
        shown = idna.decode(known)
    except UnicodeError:
        shown = _shown_by_idna_2003(known)
    # Cherokee has small letters that IDNA takes for others of the capital ones.
    return shown if shown == shown.lower() and domain_in_ascii(shown) == known else known


def _shown_by_idna_2003(domain: str) -> str:
    try:
        return domain.encode("ascii").decode("idna")
    except UnicodeError:
        return domain
