"""What the DNS says about a domain; asks, decides nothing about vendors, and knows no Django model.

A CNAME to our target, or a TXT record with the domain's token, proves that whoever runs the
domain's DNS wants the portal there. CAA (RFC 8659) has to allow one of our certificate issuers.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import dns.exception
import dns.name
import dns.resolver
from django.conf import settings

TIMEOUT = 5.0  # seconds for one question
MOST_ALIASES = 8


class Finding(StrEnum):
    """The values are those of CustomDomain.Diagnosis."""

    FINE = "fine"
    NO_RECORD = "no-record"
    WRONG_TARGET = "wrong-target"
    PROXY = "proxy"
    CAA = "caa"
    NO_ANSWER = "no-answer"


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found: `by_txt` says that the TXT record proves it; `found` is what a person needs
    to see: another target, addresses, or issuers."""

    finding: Finding
    found: str = ""
    by_txt: bool = False


class _Silence(Exception):
    """The name servers did not answer: nothing can be concluded."""


def look(name: str, *, target: str, txt_name: str, txt_value: str) -> Answer:
    """What the DNS says now about `name`, which should be an alias of `target`."""
    try:
        proof = _proof(name, target, txt_name, txt_value)
        if proof.finding is not Finding.FINE:
            return proof
        issuers = _issuers_of(name)
    except _Silence:
        return Answer(Finding.NO_ANSWER)
    allowed = set(settings.CERTIFICATE_ISSUERS)
    if issuers is not None and not issuers & allowed:
        return Answer(Finding.CAA, ", ".join(sorted(issuers)), proof.by_txt)
    return proof


def _proof(name: str, target: str, txt_name: str, txt_value: str) -> Answer:
    if txt_value in _texts(txt_name):
        return Answer(Finding.FINE, by_txt=True)
    aliases = _aliases(name)
    if target in aliases:
        return Answer(Finding.FINE)
    if aliases:
        return Answer(Finding.WRONG_TARGET, aliases[-1])
    addresses = _addresses(name)
    if not addresses:
        return Answer(Finding.NO_RECORD)
    return Answer(Finding.PROXY, ", ".join(addresses))


def _aliases(name: str) -> list[str]:
    """The names that the name is an alias of, one after the other."""
    found: list[str] = []
    for _hop in range(MOST_ALIASES):
        records = _ask(found[-1] if found else name, "CNAME")
        if not records:
            break
        found.append(_plain(records[0].target))
    return found


def _addresses(name: str) -> list[str]:
    return sorted(record.address for kind in ("A", "AAAA") for record in _ask(name, kind))


def _texts(name: str) -> set[str]:
    return {
        b"".join(record.strings).decode("ascii", "replace").strip() for record in _ask(name, "TXT")
    }


def _issuers_of(name: str) -> set[str] | None:
    """Who may issue certificates: the CAA records of the name or of the closest name above it that
    has any (RFC 8659, 3). None: nothing is said, so everybody."""
    labels = name.split(".")
    for start in range(len(labels)):
        records = _ask(".".join(labels[start:]), "CAA")
        if not records:
            continue
        issues = [record for record in records if record.tag.lower() == b"issue"]
        if not issues:
            return None
        return {record.value.decode("ascii", "replace").partition(";")[0].strip().lower()
                for record in issues}  # fmt: skip
    return None


def _plain(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()


def _ask(name: str, kind: str) -> list[Any]:
    """The records of exactly this kind; none for a name that is not there. Raises _Silence."""
    try:
        answer = _resolver().resolve(
            dns.name.from_text(name), kind, raise_on_no_answer=False, lifetime=TIMEOUT
        )
    except dns.resolver.NXDOMAIN:
        return []
    except dns.exception.DNSException as error:
        raise _Silence from error
    return list(answer.rrset or [])


def _resolver() -> dns.resolver.Resolver:
    """Asks the operator's name servers, or the machine's own, and keeps nothing."""
    if not settings.DNS_SERVERS:
        return dns.resolver.Resolver()
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = [server.rpartition(":")[0] for server in settings.DNS_SERVERS]
    resolver.nameserver_ports = {
        server.rpartition(":")[0]: int(server.rpartition(":")[2]) for server in settings.DNS_SERVERS
    }
    return resolver
