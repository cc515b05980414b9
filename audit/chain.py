"""The chain of a vendor's audit trail: each entry has the digest of the one before, so that what
was changed, taken out, put in or cut off is found."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import TypeGuard

from audit.models import AuditChain, AuditEntry, AuditParticulars
from audit.particulars import canonical
from audit.particulars import digest_of as hash_of
from tenancy.door import inside, reading
from tenancy.models import Vendor

GENESIS = "0" * 64
BATCH = 1000  # rows
# The action of the entry that tells of an erasure (audit/verbs/erasing.py).
ERASED = "erased"


def digest_of(entry: AuditEntry) -> str:
    """SHA-256, in hex, of everything that the entry says and of the digest before it."""
    said = {
        "previous": entry.previous,
        "vendor": str(entry.vendor_id),
        "sequence": entry.sequence,
        "at": entry.created_at.astimezone(UTC).isoformat(timespec="microseconds"),
        "id": str(entry.pk),
        "action": entry.action,
        "source": str(entry.source),
        "actor_id": str(entry.actor_id or ""),
        "actor_vendor": entry.actor_vendor,
        "subject": [entry.subject_type, str(entry.subject_id), entry.label],
        "license_id": str(entry.license_id or ""),
        "customer_id": str(entry.customer_id or ""),
        "facts": entry.facts,
        "by": _told_of_people(entry.by, entry.by_digest),
        "about": _told_of_people(entry.about, entry.about_digest),
        "visible": entry.visible,
    }
    return hashlib.sha256(canonical(said).encode()).hexdigest()


def _told_of_people(told: AuditParticulars | None, digest: str) -> list[str]:
    """What remains when a person is erased: which row told of whom, and its salted hash."""
    return [str(told.pk), told.people, digest] if told else []


@dataclass(frozen=True, slots=True)
class Verdict:
    """What checking a trail found: its length and head, every fault as number and sentence, and
    of how many entries a person was erased."""

    length: int
    head: str
    faults: list[tuple[int, str]]
    erased: int


def verify(vendor: Vendor, *, known: tuple[int, str] | None = None) -> Verdict:
    """Checks the whole trail of a vendor; `known` is a length and head that were seen before.

    Finds entries that were changed, taken out, put in or cut off, and those that lost what they
    say of people without an entry that tells of it. Whoever can rewrite the whole trail is found
    out only by a `known` head that was kept elsewhere.
    """
    faults: list[tuple[int, str]] = []
    length, head = 0, GENESIS
    lacking: dict[int, list[str]] = {}
    erased: dict[str, int] = {}  # the last time, by person
    with inside(vendor), reading():
        chain = AuditChain.objects.filter(vendor=vendor).first()
        for entry in AuditEntry.objects.order_by("sequence").iterator(BATCH):
            faults += [(entry.sequence, fault) for fault in _faults(entry, length, head)]
            length, head = entry.sequence, entry.digest
            if known and known[0] == length and known[1] != head:
                faults.append((length, "is not the entry that was there before"))
            if gone_of := [part.people for part in (entry.by, entry.about) if _is_erased(part)]:
                lacking[length] = gone_of
            if entry.action == ERASED:
                erased[str(entry.subject_id)] = entry.sequence
    faults += [
        (number, "has lost what it says of people, and no later entry tells that they were erased")
        for number, parts in lacking.items()
        if any(all(erased.get(person, 0) < number for person in people.split()) for people in parts)
    ]
    end = (chain.length, chain.head) if chain else (0, GENESIS)
    if end != (length, head):
        faults.append((length, "is the last one, but the trail has ended elsewhere before"))
    if known and known[0] > length:
        faults.append((known[0], "is missing, with everything after it"))
    return Verdict(length, head, faults, len(lacking))


def _is_erased(part: AuditParticulars | None) -> TypeGuard[AuditParticulars]:
    return part is not None and part.is_erased


def _faults(entry: AuditEntry, length: int, head: str) -> Iterator[str]:
    if entry.sequence != length + 1:
        yield f"does not follow number {length}"
    if entry.previous != head:
        yield "does not carry the digest of the entry before it"
    if entry.digest != digest_of(entry):
        yield "was changed"
    parts = ((entry.by, entry.by_digest), (entry.about, entry.about_digest))
    if any(hash_of(part) != digest for part, digest in parts if not _is_erased(part)):
        yield "does not say of people what it said"
