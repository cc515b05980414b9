"""Erasing a person from a vendor's audit trail; and what other rooms keep of people, by which they
are asked to forget somebody. accounts/verbs/erasing.py erases a person as a whole."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, reduce
from operator import or_
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from audit import chain, trail
from audit.models import AuditChain, AuditEntry, AuditParticulars
from tenancy.door import inside
from tenancy.models import Vendor
from tenancy.transactions import leave_to_the_end

AT_ONCE = 500  # parts of entries
# No transaction lasts so long; what begins after it can't have read the person's row.
REMEMBERED = timedelta(days=1)


@dataclass(frozen=True)
class Leaving:
    """Who is erased, and who has the person's licences from now on, if anybody.

    `words` are what tells of the person in other texts: e-mail, name, company.
    """

    vendor: Vendor
    person_id: UUID
    email: str
    words: tuple[str, ...] = ()
    heir_id: UUID | None = None

    def perhaps_in(self, *fields: str) -> Q:
        """The condition that one of the words may stand in one of the fields."""
        found = (Q(**{f"{name}__icontains": word}) for name in fields for word in self.words)
        return reduce(or_, found, Q(pk__in=()))

    def is_told_in(self, *texts: str) -> bool:
        """Whether one of the words stands in a text, not as a part of another word."""
        return any(self._pattern.search(text) for text in texts)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        words = "|".join(map(re.escape, self.words)) or "(?!)"
        return re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)


Forget = Callable[[Leaving], object]
Tell = Callable[[UUID], str]
ALSO: list[Forget] = []
TOLD: list[Tell] = []


def also(forget: Forget, tell: Tell | None = None) -> None:
    """Registers what forgets the person in what a room keeps; in the vendor's scope and in the
    transaction that erases. `tell` says in a sentence, before, what it will do."""
    ALSO.append(forget)
    if tell:
        TOLD.append(tell)


def sentences(person_id: UUID) -> Iterator[str]:
    """What the rooms will do when the person is erased."""
    return filter(None, (tell(person_id) for tell in TOLD))


# --- The trail ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    """The parts of entries that tell of a person, and how long the trail was before they were
    looked for."""

    parts: list[UUID]
    length: int


def told_of(person_id: UUID) -> Told:
    """Looks through the trail of the scope's vendor: before the transaction that erases, so that
    nobody waits for that."""
    length = AuditChain.objects.values_list("length", flat=True).first() or 0
    return Told(list(_telling(person_id).values_list("pk", flat=True)), length)


def erase(*, vendor: Vendor, person_id: UUID) -> int:
    """Empties what the vendor's entries say of a person, who may be gone already, and records that;
    how many such parts of entries it emptied. Safe to repeat.

    Where one part tells of two people, as when a licence goes from one to another, it goes whole.
    What is done later by the person, or to him, is written down again.
    """
    with inside(vendor):
        told = told_of(person_id)
        with transaction.atomic():
            forget_in_trail(vendor, person_id, told)
    return len(told.parts)


def forget_in_trail(vendor: Vendor, person_id: UUID, told: Told) -> None:
    """Does so in the open transaction. What others write meanwhile goes as well: what they commit
    before, as this transaction ends; and what they commit later says nothing of the person
    (`audit.trail`)."""
    # Without a name and an address: the entry that tells of it must not say them. It is the first,
    # so that nothing is ever missing without an entry that tells why.
    person = get_user_model()(pk=person_id, vendor=vendor)
    entry = trail.record(chain.ERASED, person, customer_id=person_id)
    _empty(told.parts)
    leave_to_the_end(_end, (entry, told.length))


def _telling(person_id: UUID) -> QuerySet[AuditParticulars]:
    return AuditParticulars.objects.filter(people__contains=str(person_id), said__isnull=False)


def _empty(parts: Iterable[UUID]) -> None:
    ids = list(parts)
    for start in range(0, len(ids), AT_ONCE):
        some = AuditParticulars.objects.filter(pk__in=ids[start : start + AT_ONCE])
        some.filter(said__isnull=False).update(salt="", said=None)


def _end(erasures: list[tuple[AuditEntry, int]]) -> None:
    """The last step, once the entry has its place and the end of the chain is held."""
    for entry, length in erasures:
        with inside(entry.vendor_id):
            _empty(_written_since(entry, length))
            _remember(entry)


def _written_since(entry: AuditEntry, length: int) -> list[UUID]:
    """What entries tell of the person that have come between the looking and the erasing."""
    since = AuditEntry.objects.filter(sequence__gt=length, sequence__lt=entry.sequence)
    found = [part for each in since for part in (each.by, each.about) if part]
    return [part.pk for part in found if str(entry.subject_id) in part.people.split()]


def _remember(entry: AuditEntry) -> None:
    """Notes at the chain's end who is gone, for transactions that have read the person's row."""
    now = timezone.now()
    chains = AuditChain.objects.filter(vendor_id=entry.vendor_id)
    known = chains.values_list("erased", flat=True).get()
    kept = {who: at for who, at in known.items() if datetime.fromisoformat(at) > now - REMEMBERED}
    chains.update(erased=kept | {str(entry.subject_id): now.isoformat()})
