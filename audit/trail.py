"""The audit trail of a vendor: writing entries, telling what changed. chain.py checks it.

An entry is written in the transaction of what it tells about: both happen or neither. It gets its
place in the vendor's chain as the last step of that transaction, so that the end of the chain, for
which all of the vendor's people wait, is held for that step alone, and nobody who holds it waits
for another lock.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from audit import followers
from audit.acting import Actor, Person, actor
from audit.chain import BATCH, digest_of
from audit.followers import Happening
from audit.models import AuditChain, AuditEntry, AuditParticulars
from audit.particulars import digest_of as hash_of
from audit.particulars import is_named_after_person, particulars, people_of, split
from tenancy.door import inside
from tenancy.models import Vendor
from tenancy.rows import is_secret
from tenancy.transactions import leave_to_the_end
from web.once import count_once

# What no person changes, what only repeats another field for the database's sake, and from where
# an end is counted or looked for.
UNTOLD = frozenset(
    {
        "id",
        "vendor",
        "created_at",
        "updated_at",
        "last_login",
        "link_mark",
        "key_form",
        "last_seen_at",
        "second_factor_since",
        "staff_asked_since",
        "customers_asked_since",
        "version_key",
        "notes_html",
        "skeleton",
        "anchor",
        "periods",
        "maintenance_anchor",
        "maintenance_periods",
        "ends_until",
        "soon_until",
        "secret_made_at",
        "earlier_until",
    }
)

# What sets a row to what was typed does so once, however often it is sent; and may well be wanted
# again, from the page of before, once something else has set it otherwise.
SET = frozenset({"changed", "reminders-on", "reminders-off", "domain-chosen", "domain-left"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An entry before it has its place in the chain; `changes` has old and new value by field.

    Whom it is about is what the row says (`TenantRow.concerns`), unless it is given. `people` are
    those whom old values tell of; who the row leads to now is known. `also` is what else it means,
    action by row, for who follows (followers.py).
    """

    action: str
    row: models.Model
    changes: Mapping[str, list[Any]] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    license_id: UUID | None = None
    customer_id: UUID | None = None
    people: Set[UUID] = frozenset()
    visible: bool | None = None
    also: Mapping[str, models.Model] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Made:
    """An entry, and what followers are told that it does not say itself."""

    entry: AuditEntry
    draft: Draft
    kept: list[Any]


def record(action: str, row: models.Model, **about: Any) -> AuditEntry:
    """Writes one entry about a tenant's row, or about a vendor itself; `about` is as in Draft.

    Who did it is whoever acts now (audit/acting.py). Runs in any scope. The entry has its number
    once the transaction that is open ends.
    """
    return record_all([Draft(action=action, row=row, **about)])[0]


@transaction.atomic
def record_all(drafts: Iterable[Draft]) -> list[AuditEntry]:
    """Writes entries in this order, all or none. A form of which they tell counts once."""
    made = [_with_kept(draft) for draft in drafts]
    if not {each.entry.action for each in made} <= SET:
        count_once()
    for each in made:
        leave_to_the_end(_chain, each)
    return [each.entry for each in made]


def _with_kept(draft: Draft) -> _Made:
    kept = followers.kept_of(draft.row) if draft.action == "deleted" else []
    return _Made(_made(draft), draft, kept)


def vendor_of(row: models.Model) -> UUID:
    """The vendor that a row belongs to; a vendor belongs to itself. Raises TypeError for none."""
    vendor_id = row.pk if isinstance(row, Vendor) else getattr(row, "vendor_id", None)
    if vendor_id is None:
        raise TypeError("The audit trail is a vendor's; this row has none.")
    return UUID(str(vendor_id))


def _made(draft: Draft) -> AuditEntry:
    """The entry, not saved, without its place in the chain."""
    now, row, vendor_id = actor(), draft.row, vendor_of(draft.row)
    who, concerns = now.who(), _concerns(draft.row)
    customer_id = draft.customer_id or concerns.get("customer_id")
    facts, about = _said(draft, customer_id, who)
    by = _who_acted(now, who, vendor_id, customer_id)
    return AuditEntry(
        vendor_id=vendor_id,
        created_at=now.at or timezone.now(),
        action=draft.action,
        source=now.source,
        actor_vendor=_vendor_that_acted(who),
        actor_id=who.pk if who else None,
        subject_type=row._meta.label_lower,
        subject_id=row.pk,
        label="" if is_named_after_person(row) else _label(row),
        license_id=draft.license_id or concerns.get("license_id"),
        customer_id=customer_id,
        facts=facts,
        by=by,
        about=about,
        visible=concerns.get("visible", False) if draft.visible is None else draft.visible,
    )


def _chain(made: list[_Made]) -> None:
    """Saves the entries at the ends of their vendors' chains, and tells who follows: the last step
    of a transaction."""
    by_vendor: dict[UUID, list[_Made]] = defaultdict(list)
    for each in made:
        by_vendor[each.entry.vendor_id].append(each)
    # In one order, so that nobody waits for whom he keeps waiting.
    for vendor_id in sorted(by_vendor):
        with inside(vendor_id):
            _chain_of(vendor_id, by_vendor[vendor_id])


def _chain_of(vendor_id: UUID, made: list[_Made]) -> None:
    chain, entries = _hold(vendor_id), [each.entry for each in made]
    _leave_out(chain.erased.keys(), entries)
    told = [*_kept_once(entries, "by"), *_kept_once(entries, "about")]
    AuditParticulars.objects.bulk_create(told, batch_size=BATCH)
    for entry in entries:
        entry.by_digest, entry.about_digest = hash_of(entry.by), hash_of(entry.about)
    for entry in entries:
        entry.sequence, entry.previous = chain.length + 1, chain.head
        entry.digest = digest_of(entry)
        chain.length, chain.head = entry.sequence, entry.digest
    AuditEntry.objects.bulk_create(entries, batch_size=BATCH)
    AuditChain.objects.filter(pk=chain.pk).update(length=chain.length, head=chain.head)
    followers.tell(chain, lambda n: [each for one in made for each in _happenings(one, n)])


def _happenings(made: _Made, follower: int) -> list[Happening]:
    """What an entry tells the follower of a number."""
    entry, draft = made.entry, made.draft
    first = Happening(
        action=entry.action,
        row=draft.row,
        at=entry.created_at,
        place=entry.sequence,
        customer_id=entry.customer_id,
        changes=draft.changes,
        details=draft.details,
        kept=made.kept[follower] if made.kept else None,
    )
    also = (
        replace(first, action=action, row=row, changes={}, details={}, kept=None)
        for action, row in draft.also.items()
    )
    return [first, *also]


def _leave_out(erased: Set[str], entries: list[AuditEntry]) -> None:
    """Takes out of the entries what tells of somebody who was erased while their transaction was
    under way, and had read the person's row."""
    for entry in entries if erased else ():
        for part in ("by", "about"):
            told: AuditParticulars | None = getattr(entry, part)
            if told and not erased.isdisjoint(told.people.split()):
                setattr(entry, part, None)


def _kept_once(entries: list[AuditEntry], part: str) -> list[AuditParticulars]:
    """What entries say of people in this part of theirs; the same twice in a row is one row: all
    entries of an import are by one person."""
    kept: list[AuditParticulars] = []
    for entry in entries:
        new: AuditParticulars | None = getattr(entry, part)
        if new is None:
            continue
        if kept and (kept[-1].people, kept[-1].said) == (new.people, new.said):
            setattr(entry, part, kept[-1])
        else:
            kept.append(new)
    return kept


def _hold(vendor_id: UUID) -> AuditChain:
    chains = AuditChain.objects.select_for_update(of=("self",))
    found = chains.filter(vendor_id=vendor_id).annotate(**followers.interest()).first()
    return found or chains.get_or_create(vendor_id=vendor_id)[0]


def _said(
    draft: Draft, customer_id: UUID | None, who: Person | None
) -> tuple[dict[str, Any], AuditParticulars | None]:
    """What the entry says: as far as it tells nothing of people, and what it tells of them."""
    row, details = draft.row, dict(draft.details)
    plain, of_people = split(row, draft.changes)
    # What a customer does tells of him, also where the licence is another's.
    acted = {who.pk} if who and who.is_customer else set()
    people = {customer_id, *acted, *people_of(row), *draft.people} - {None}
    named = is_named_after_person(row)
    # Nobody knows what stands in the details of an entry about a person.
    is_about_people = bool(people) or named
    told = {
        "subject": _label(row) if named else "",
        "changes": of_people,
        "details": details if is_about_people else {},
    }
    facts = _not_empty(changes=plain, details={} if is_about_people else details)
    return facts, particulars(vendor_of(row), people, told)


def _who_acted(
    now: Actor, who: Person | None, vendor_id: UUID, customer_id: UUID | None
) -> AuditParticulars | None:
    """Who it was and from where. An address without a person is the customer's it is about."""
    told = {"ip": now.ip, "actor": _name(who), "for_customers": _name_for_customers(who)}
    return particulars(vendor_id, [who.pk if who else customer_id], told)


def _label(row: models.Model) -> str:
    return str(row)[:300]


def _not_empty(**facts: Any) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value}


def _name(who: Person | None) -> str:
    if who is None:
        return ""
    # The address comes first: it is unique, and a name can be anything.
    return who.email if who.full_name == who.email else f"{who.email} ({who.full_name})"


def _name_for_customers(who: Person | None) -> str:
    return who.full_name if who and who.is_customer else ""


def _vendor_that_acted(who: Person | None) -> str:
    """Customers need no staff names: for them it was the vendor."""
    if who is None or who.is_operator or who.is_customer:
        return ""
    return str(who.vendor)


def entries_about(row: models.Model) -> QuerySet[AuditEntry]:
    """What was done to a row and, of a licence, to its machines and whatever hangs on it."""
    about = Q(subject_id=row.pk) | Q(license_id=row.pk)
    return AuditEntry.objects.filter(about).exclude(action="view-as-page")


def _without_tags(changes: str) -> Q:
    """No tags are among these changes, if there are any: of none PostgreSQL doesn't know whether
    they have a key. It expects that of nearly all entries, so that it walks along an index."""
    return Q(**{f"{changes}__isnull": True}) | ~Q(**{f"{changes}__has_key": "tags"})


# Neither changes of a row's tags, or of a person's, nor tags themselves.
NOT_OF_TAGS = (
    _without_tags("facts__changes")
    & _without_tags("about__said__changes")
    & ~Q(subject_type="accounts.tag")
)


def told_to(person: Any, entries: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
    """Those of the entries that staff may read who may read entries: whoever may not read tags is
    told nothing of them."""
    return entries if person.has_perm("accounts.view_tag") else entries.filter(NOT_OF_TAGS)


# --- What changed -------------------------------------------------------------------------------


def changes_between(before: models.Model, after: models.Model) -> dict[str, list[Any]]:
    """Old and new value of every field that differs, in words where it is a choice or a row."""
    changed = {}
    for one in after._meta.concrete_fields:
        old, new = getattr(before, one.attname), getattr(after, one.attname)
        if old == new or one.name in UNTOLD:
            continue
        changed[one.name] = (
            [None, None]
            if is_secret(one)
            else [
                _told(before, one, old),
                _told(after, one, new),
            ]
        )
    return changed


def values_of(row: models.Model) -> dict[str, list[Any]]:
    """The values that a new row begins with, in the form of changes; empty ones are left out."""
    told = {}
    for one in row._meta.concrete_fields:
        value = getattr(row, one.attname)
        if one.name in UNTOLD or is_secret(one) or not value:
            continue
        told[one.name] = [None, _told(row, one, value)]
    return told


def record_change(before: models.Model, after: models.Model, **about: Any) -> AuditEntry | None:
    """Writes what differs between the two; nothing when nothing does."""
    draft = change(before, after, **about)
    return record_all([draft])[0] if draft.changes else None


def change(
    before: models.Model, after: models.Model, *, people: Set[UUID] = frozenset(), **about: Any
) -> Draft:
    """The entry for a row that changes. Its customer sees it if he may see both, old and new."""
    draft = Draft(
        action="changed",
        row=after,
        changes=changes_between(before, after),
        people=people_of(before) | people,
        **about,
    )
    if draft.visible is not None:
        return draft
    both = [_concerns(each).get("visible", False) for each in (before, after)]
    return replace(draft, visible=all(both))


def _concerns(row: models.Model) -> dict[str, Any]:
    about = getattr(row, "concerns", None)
    return about() if about else {}


def gone(row: models.Model) -> dict[str, list[Any]]:
    """The values that a deleted row had, in the form of changes."""
    return {name: [value, None] for name, (_none, value) in values_of(row).items()}


def _told(row: models.Model, one: Any, value: Any) -> Any:
    """A field's value as JSON has it and as people read it."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(one, models.ForeignKey):
        return str(getattr(row, one.name))
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, list | dict) else str(value)
