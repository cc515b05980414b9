"""What the DNS says about a domain; asks, decides nothing about vendors, and knows no Django model.

A CNAME to our target, or a TXT record with the domain's token, proves that whoever runs the
domain's DNS wants the portal there. CAA (RFC 8659) has to allow one of our certificate issuers.
"""

import ipaddress
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import dns.exception
import dns.name
import dns.resolver
from django.conf import settings

from branding.domains.names import zone_of

TIMEOUT = 5.0  # seconds for one question
PATIENCE = 12.0  # seconds for all of them
MOST_ALIASES = 8
INSIDE = [
    ipaddress.ip_network(net)
    for net in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "100.64.0.0/10",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
]


class Finding(StrEnum):
    """The values are those of CustomDomain.Diagnosis."""

    FINE = "fine"
    NO_RECORD = "no-record"
    WRONG_TARGET = "wrong-target"
    WRONG_TXT = "wrong-txt"
    TXT_ELSEWHERE = "txt-elsewhere"
    PROXY = "proxy"
    WILDCARD = "wildcard"
    CAA = "caa"
    NO_ANSWER = "no-answer"


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found: `by_txt` says that the TXT record proves it; `found` is what a person needs
    to see: another target, addresses, issuers, or what a TXT record says. `fault` is what is wrong
    with the TXT record where the CNAME record is right."""

    finding: Finding
    found: str = ""
    by_txt: bool = False
    fault: "Answer | None" = None


class _Silence(Exception):
    """The name servers did not answer: nothing can be concluded."""


def look(name: str, *, target: str, txt_name: str, txt_value: str) -> Answer:
    """What the DNS says now about `name`, which should be an alias of `target`.

    Takes at most `PATIENCE` seconds, however slow the name servers are.
    """
    questions = _Questions()
    try:
        proof = _proof(questions, name, target, txt_name, txt_value)
        if proof.finding is not Finding.FINE:
            return proof
        issuers = questions.issuers(name)
    except _Silence:
        return Answer(Finding.NO_ANSWER)
    allowed = set(settings.CERTIFICATE_ISSUERS)
    if issuers is not None and not issuers & allowed:
        return Answer(Finding.CAA, _printable(", ".join(sorted(issuers))), proof.by_txt)
    return proof


def _proof(ask: "_Questions", name: str, target: str, txt_name: str, txt_value: str) -> Answer:
    texts = ask.texts(txt_name)
    if txt_value in texts:
        return Answer(Finding.FINE, by_txt=True)
    fault = _fault(ask, texts, name, txt_name, txt_value)
    aliases = ask.aliases(name)
    if target in aliases:
        anything = f"{secrets.token_hex(8)}.{name.partition('.')[2]}"
        if target in ask.aliases(anything):
            return fault or Answer(Finding.WILDCARD)
        return Answer(Finding.FINE, fault=fault)
    if fault:
        return fault
    if aliases:
        return Answer(Finding.WRONG_TARGET, _printable(aliases[-1]))
    addresses = ask.addresses(name)
    if not addresses:
        return Answer(Finding.NO_RECORD)
    return Answer(Finding.PROXY, ", ".join(sorted({_shown(each) for each in addresses})))


def _fault(
    ask: "_Questions", texts: set[str], name: str, txt_name: str, txt_value: str
) -> Answer | None:
    """What is wrong with the TXT record that somebody has set as proof; None if nobody has."""
    if not texts:
        place = _elsewhere(ask, name, txt_name, txt_value)
        return Answer(Finding.TXT_ELSEWHERE, place) if place else None
    token = txt_value.partition("=")[2].casefold()
    close = [text for text in sorted(texts) if token in text.casefold()]
    if close:
        return Answer(Finding.WRONG_TXT, _printable(close[0]))
    # A record for all names is no proof that went wrong.
    if texts == ask.texts(f"{secrets.token_hex(8)}.{name}"):
        return None
    return Answer(Finding.WRONG_TXT, _printable(", ".join(sorted(texts))))


def _elsewhere(ask: "_Questions", name: str, txt_name: str, txt_value: str) -> str:
    """Where the proof stands by mistake: at the name itself, or below the zone twice, since many
    providers add the zone to what is typed. Empty for nowhere."""
    for place in (name, f"{txt_name}.{zone_of(name)}"):
        with suppress(_Silence):
            if txt_value in ask.texts(place):
                return place
    return ""


def _printable(text: str) -> str:
    """What comes from somebody's name server, without what no page and no database takes."""
    return "".join(character if character.isprintable() else "?" for character in text)


def _shown(address: str) -> str:
    """An address of the outside world; those of our own network are nobody's business."""
    found = ipaddress.ip_address(address)
    inside = any(found.version == net.version and found in net for net in INSIDE)
    return "-" if inside else address


class _Questions:
    """Asks the operator's name servers, or the machine's own, and keeps nothing."""

    def __init__(self) -> None:
        self.end = time.monotonic() + PATIENCE
        self.resolver = _resolver()

    def aliases(self, name: str) -> list[str]:
        """The names that the name is an alias of, one after the other."""
        found: list[str] = []
        for _hop in range(MOST_ALIASES):
            records = self._ask(found[-1] if found else name, "CNAME")
            if not records:
                break
            found.append(records[0].target.to_text(omit_final_dot=True).lower())
        return found

    def addresses(self, name: str) -> list[str]:
        return [record.address for kind in ("A", "AAAA") for record in self._ask(name, kind)]

    def texts(self, name: str) -> set[str]:
        return {_text(b"".join(record.strings)) for record in self._ask(name, "TXT")}

    def issuers(self, name: str) -> set[str] | None:
        """Who may issue certificates: the CAA records of the name or of the closest name above it
        that has any (RFC 8659, 3). None: nothing is said, so everybody."""
        labels = name.split(".")
        for start in range(len(labels)):
            records = self._ask(".".join(labels[start:]), "CAA")
            if not records:
                continue
            issues = [record for record in records if record.tag.lower() == b"issue"]
            if not issues:
                return None
            return {_text(record.value).partition(";")[0].strip().lower() for record in issues}
        return None

    def _ask(self, name: str, kind: str) -> list[Any]:
        """The records of exactly this kind; none for a name that is not there. Raises _Silence."""
        left = self.end - time.monotonic()
        if left <= 0:
            raise _Silence
        try:
            answer = self.resolver.resolve(
                dns.name.from_text(name),
                kind,
                raise_on_no_answer=False,
                lifetime=min(TIMEOUT, left),
            )
        except dns.resolver.NXDOMAIN:
            return []
        except dns.exception.DNSException as error:
            raise _Silence from error
        return list(answer.rrset or [])


def _text(value: bytes) -> str:
    return value.decode("ascii", "replace").strip()


def _resolver() -> dns.resolver.Resolver:
    if not settings.DNS_SERVERS:
        return dns.resolver.Resolver()
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = [address for address, _port in settings.DNS_SERVERS]
    resolver.nameserver_ports = dict(settings.DNS_SERVERS)
    return resolver
