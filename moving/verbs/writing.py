"""Rows of a source become rows here: compared, made, changed or refused, a few in a transaction,
which also notes how far the move is. So nothing is done twice, however often a job is killed.

The rule of who wins: a row that somebody has changed here since it was taken is left alone, and the
report says so. A row that was deleted here is not brought again. Runs in the vendor's scope.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from typing import Any, cast
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, models, transaction
from django.db.models import Count, Min
from django.utils import timezone
from django.utils.translation import gettext as _
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from accounts.models import CUSTOMER_ROLES, Role, Tag, User, UserWord
from accounts.verbs.roles import check_claims
from audit import trail
from licenses.models import (
    Activation,
    ActivationWord,
    FeatureFlag,
    License,
    LicenseWord,
    Product,
    SigningKey,
    TrialActivation,
)
from licenses.verbs.signing_keys import KEY_SIZE, store_key
from mail.models import OwnText
from moving.models import MOST_IDS, Move, Remark, Taken
from moving.nouns import BY_NAME, Draft, Noun, Ref, Refs
from moving.said import Needless, Said, Unreadable, digest
from moving.source import Compared, DamagedFile, Later, Source, Unavailable
from releases.files.shelf import Shelf, Stored
from releases.models import Release, ReleaseFile
from releases.verbs.publishing import check_version_is_new, type_of
from web.errors import PortalError
from webhooks.models import Webhook
from webhooks.verbs.webhooks import encrypted_secret

# What of a release that is out may still be corrected.
CORRECTED = frozenset({"name", "notes", "private", "archived", "platforms"})
# What follows from other fields, and is saved with them.
DERIVED = {
    License: ("key_form",),
    Release: ("version_key", "notes_html"),
    Webhook: ("encrypted_secret",),
}
# By which rows are found.
WORDS: dict[Any, Any] = {User: UserWord, License: LicenseWord, Activation: ActivationWord}
# Whose names tell of somebody.
OF_PEOPLE = frozenset({User, Activation, TrialActivation})
# What of a row is for good: seats are counted and releases found by them.
PARENTS = frozenset({"product_id", "license_id"})
LONGEST_SENTENCE, LONGEST_LABEL = 500, 300  # characters
MOST_LINES = 10_000  # of a report, for each noun
MOST_TRIES_OF_A_FILE = 3  # in a row: one that can't be had does not keep all the others


class Superseded(Exception):
    """Another run of the job is further by now, or somebody has stopped the move."""


@dataclass(slots=True)
class Prepared:
    """What takes too long for a transaction: key pairs of products, and files of releases, by the
    ids of what they belong to; or the sentence why there is none."""

    keys: dict[str, rsa.RSAPrivateKey] = field(default_factory=dict)
    files: dict[str, list[tuple[dict[str, Any], Stored]]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Results:
    """What became of some rows; `common` has the ids of those that are refused, by the words that
    are said of many."""

    counts: Counter[str] = field(default_factory=Counter)
    remarks: list[Remark] = field(default_factory=list)
    common: dict[str, list[str]] = field(default_factory=dict)

    def say(self, line: Remark, *, common: bool = False) -> None:
        """Puts a line into the report, or among those that say the same."""
        if common:
            self.common.setdefault(line.sentence, []).append(line.source_id)
        else:
            self.remarks.append(line)


def write(move: Move, noun: Noun, rows: Sequence[Any], prepared: Prepared) -> None:
    """Takes these rows of the page at which the move is, and moves it on. Raises Superseded."""
    at = {"noun": noun.name, "page": move.page, "rows_done": move.rows_done}
    locked = (
        Move.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk=move.pk, state=Move.State.RUNNING, **at)
        .first()
    )
    if locked is None:
        raise Superseded
    results = _Taking(move, noun, prepared).take(rows)
    earlier = Counter(locked.counts.get(noun.name, {}))
    counts = earlier + results.counts
    counts["read"] += len(rows)
    move.counts = {**locked.counts, noun.name: dict(counts)}
    move.rows_done += len(rows)
    move.tries = 0
    Move.objects.filter(pk=move.pk).update(
        counts=move.counts, rows_done=move.rows_done, tries=0, updated_at=timezone.now()
    )
    many = {line.sentence: line for line in _of_many(move, noun)}
    lines = earlier["refused"] - sum(line.number - 1 for line in many.values())
    Remark.objects.bulk_create(_cut(results.remarks, move, noun, lines))
    for sentence, ids in results.common.items():
        _count(many.get(sentence) or remark(move, noun, sentence, source_id=ids[0]), ids)


def _of_many(move: Move, noun: Noun) -> models.QuerySet[Remark]:
    return Remark.objects.filter(move=move, noun=noun.name, number__gt=0)


def _count(line: Remark, ids: list[str]) -> None:
    """One line for all that is said of in these words; who holds the move holds its lines."""
    told = [each for each in (line.source_id, *line.further_ids.split(", ")) if each]
    more = ids if line.number else ids[1:]
    line.number += len(ids)
    line.further_ids = ", ".join([*told, *more][1 : MOST_IDS + 1])
    line.save()


def _cut(remarks: list[Remark], move: Move, noun: Noun, before: int) -> list[Remark]:
    """No report is longer than anybody reads, whatever a source makes up."""
    left = MOST_LINES - before
    if len(remarks) <= left:
        return remarks
    more = _("There are more: of these the report has no further lines.")
    return [*remarks[:left], remark(move, noun, more)] if left > 0 else []


def remark(move: Move, noun: Noun, sentence: str, **about: Any) -> Remark:
    """A line of the report, not saved."""
    return Remark(
        vendor_id=move.vendor_id,
        move=move,
        noun=noun.name,
        sentence=sentence[:LONGEST_SENTENCE],
        **about,
    )


# --- Before the transaction ---------------------------------------------------------------------


@contextmanager
def preparing(move: Move, noun: Noun, rows: Sequence[Any], source: Source) -> Iterator[Prepared]:
    """What these rows need beside a transaction, as long as they are written inside: bytes that got
    no row are deleted again. Raises Later."""
    prepared = Prepared()
    with ExitStack() as until:
        if noun.model in (Product, Release):
            for raw, draft in _unknown(noun, rows, move.vendor.zone):
                if noun.model is Product:
                    prepared.keys[raw] = rsa.generate_private_key(65537, KEY_SIZE)
                else:
                    _fetch(move, draft, source, prepared, until)
        yield prepared


def _unknown(noun: Noun, rows: Sequence[Any], zone: tzinfo) -> Iterator[tuple[str, Draft]]:
    """Those of the rows that can be read and are new, or say something else than before."""
    drafts = _read(noun, rows, zone).drafts
    known = _known(noun, drafts)
    for id, draft in drafts.items():
        taken = known.get(id)
        if taken is None or taken.source_digest != _said(draft):
            yield id, draft


def _fetch(move: Move, draft: Draft, source: Source, prepared: Prepared, until: ExitStack) -> None:
    shelf = until.enter_context(_cleared(move.vendor_id))
    there = ReleaseFile.objects.filter(release=draft.id).values_list("pk", flat=True)
    kept = {str(pk) for pk in there}
    stored: list[tuple[dict[str, Any], Stored]] = []
    for told in draft.files:
        if told["id"] in kept:
            continue
        try:
            with source.file(told["url"]) as file:
                compared = Compared(file, size=told["size"], checksum=told["checksum"])
                stored.append((told, shelf.store(cast(Any, compared))))
        except (DamagedFile, Unavailable, Later) as error:
            if isinstance(error, Later) and _comes_later(error, move):
                raise
            text = _("The file “%(name)s” was not taken: %(why)s")
            prepared.refused[str(draft.id)] = text % {
                "name": told["name"][:100],
                "why": error.sentence,
            }
            return
    prepared.files[str(draft.id)] = stored


def _comes_later(error: Later, move: Move) -> bool:
    return not error.failed or move.tries < MOST_TRIES_OF_A_FILE


@contextmanager
def _cleared(vendor_id: UUID) -> Iterator[Shelf]:
    shelf = Shelf(vendor_id)
    try:
        yield shelf
    finally:
        shelf.clear()


# --- Reading ------------------------------------------------------------------------------------


@dataclass(slots=True)
class Reading:
    """What can be read of some rows, by id; of the others what a report tells, and how many there
    are of which there is nothing to take."""

    drafts: dict[str, Draft] = field(default_factory=dict)
    refused: list[tuple[dict[str, str], bool]] = field(default_factory=list)
    needless: int = 0

    def refuse(self, error: Unreadable, about: Mapping[str, str]) -> None:
        self.refused.append(({**about, "sentence": error.sentence}, error.common))


def _read(noun: Noun, rows: Sequence[Any], zone: tzinfo) -> Reading:
    reading = Reading()
    said: list[Said] = []
    for row in rows:
        try:
            said.append(Said(row))
        except Unreadable as error:
            reading.refuse(error, {})
    refs = _refs(noun, said, zone)
    for each in said:
        try:
            draft = noun.read(each, refs)
            if str(draft.id) in reading.drafts:
                raise Unreadable(_("The source says this twice."))
            reading.drafts[str(draft.id)] = draft
        except Needless:
            reading.needless += 1
        except Unreadable as error:
            reading.refuse(error, _named(noun, each))
    return reading


def _named(noun: Noun, said: Said) -> dict[str, str]:
    """What a row that can't be read is called in a report, where that is no person's."""
    try:
        label = "" if noun.model in OF_PEOPLE else said.text("key") or said.text("name")
        return {"label": label[:LONGEST_LABEL], "source_id": str(said.id() or "")}
    except Unreadable:
        return {}


def _refs(noun: Noun, said: Iterable[Said], zone: tzinfo) -> Refs:
    """What the rows lead to, as it is here; what was deleted here is not."""
    wanted: dict[str, set[str]] = {}
    for each in said:
        try:
            for kind, id in noun.leads(each):
                wanted.setdefault(kind, set()).add(id)
        except Unreadable:
            continue  # which reading it says
    here: dict[Ref, UUID] = {}
    tags = wanted.pop("tag names", set())
    if tags:
        named = Tag.objects.filter(name__in=tags).values_list("name", "pk")
        here |= {("tag names", name): pk for name, pk in named}
    flags = wanted.pop("flag names", set())
    for kind, ids in wanted.items():
        model: Any = BY_NAME[kind].model
        found = dict(
            Taken.objects.filter(noun=kind, source_id__in=ids).values_list("source_id", "row_id")
        )
        alive = set(model.objects.filter(pk__in=found.values()).values_list("pk", flat=True))
        here |= {(kind, id): row for id, row in found.items() if row in alive}
    here |= _flags(flags, here)
    return Refs(here, zone)


def _flags(named: set[str], here: Mapping[Ref, UUID]) -> dict[Ref, UUID]:
    """Feature flags that are named, each by its product's id at the source and its name."""
    wanted: dict[tuple[UUID, str], str] = {}
    for each in named:
        product, _blank, name = each.partition(" ")
        if ("products", product) in here:
            wanted[here["products", product], name] = each
    products, names = {key[0] for key in wanted}, {key[1] for key in wanted}
    found = FeatureFlag.objects.filter(product__in=products, name__in=names)
    there = {(flag.product_id, flag.name): flag.pk for flag in found}
    return {("flag names", each): there[key] for key, each in wanted.items() if key in there}


def _known(noun: Noun, ids: Iterable[str]) -> dict[str, Taken]:
    rows = Taken.objects.filter(noun=noun.name, source_id__in=list(ids))
    return {row.source_id: row for row in rows}


def _said(draft: Draft) -> str:
    return digest([draft.values, draft.hanging, draft.files, draft.public_pem, draft.secret])


# --- Inside the transaction ---------------------------------------------------------------------


class _Taking:
    """Some rows of a noun, on their way."""

    def __init__(self, move: Move, noun: Noun, prepared: Prepared) -> None:
        self.move, self.noun, self.prepared = move, noun, prepared
        self.model: Any = noun.model
        self.results = Results()

    def take(self, rows: Sequence[Any]) -> Results:
        reading = _read(self.noun, rows, self.move.vendor.zone)
        drafts = reading.drafts
        for told, common in reading.refused:
            self.results.counts["refused"] += 1
            self.results.say(remark(self.move, self.noun, **told), common=common)
        if reading.needless:
            self.results.counts["same"] += reading.needless
        self.known = _known(self.noun, drafts)
        self._hold_licenses(drafts.values())
        ids = {draft.id for draft in drafts.values()} | {k.row_id for k in self.known.values()}
        locked = self.model.objects.select_for_update(of=("self",)).order_by("pk")
        self.there: dict[UUID, Any] = {row.pk: row for row in locked.filter(pk__in=ids)}
        self.alike = self._alike(drafts.values())
        new = [draft for draft in drafts.values() if self._is_new(draft)]
        self._create(new)
        self._count_seats()
        return self.results

    # What becomes of a row

    def _is_new(self, draft: Draft) -> bool:
        """Whether the row is to be made; what is known is dealt with."""
        taken = self.known.get(str(draft.id))
        if taken is not None:
            self._again(draft, taken)
            return False
        if draft.id in self.there:
            self._link(draft, self.there[draft.id])
            return False
        alike = self.alike.get(self._nature(draft.values))
        if alike is not None:
            self._join(draft, alike)
            return False
        return True

    def _again(self, draft: Draft, taken: Taken) -> None:
        said = _said(draft)
        if taken.source_digest == said:
            self.results.counts["same"] += 1
            return
        row = self.there.get(taken.row_id)
        if row is None:
            self._refuse(_("It was deleted here, and is not brought again."), draft)
        elif taken.here_digest != self._here(row, draft):
            self._refuse(_("It was changed here since, and stays as it is here."), draft)
        else:
            self._attempt(draft, lambda: self._change(draft, row, taken, said), "changed")

    def _link(self, draft: Draft, row: Any) -> None:
        """A row with this id that no move has taken: it is the same one, or in the way."""
        shown = {name: _plain(getattr(row, name)) for name in draft.values}
        if digest(shown) != digest({name: _plain(v) for name, v in draft.values.items()}):
            self._refuse(_("There is one with this id, which says something else."), draft)
            return
        self._note([(draft, row)])
        self.results.counts["same"] += 1

    def _join(self, draft: Draft, row: Any) -> None:
        """A row of the same name or e-mail: it stays as it is, and what leads there leads to it."""
        if isinstance(row, User) and row.role not in CUSTOMER_ROLES:
            self._refuse(_("This e-mail belongs to a member of your staff."), draft)
            return
        if isinstance(row, OwnText):
            self._refuse(_("There is an own text of this e-mail here, which stays."), draft)
            return
        self._note([(draft, row)], own=False)
        self.results.counts["same"] += 1

    def _alike(self, drafts: Iterable[Draft]) -> dict[tuple[Any, ...], Any]:
        """What is there already under another id, by what it is the same by."""
        told = [draft.values for draft in drafts]
        if not self.noun.natural or not told:
            return {}
        wanted = {f"{name}__in": {each[name] for each in told} for name in self.noun.natural}
        rows = self.model.objects.filter(**wanted)
        return {tuple(getattr(row, name) for name in self.noun.natural): row for row in rows}

    def _nature(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(values[name] for name in self.noun.natural)

    def _refuse(self, sentence: str, draft: Draft, *, common: bool = False) -> None:
        self.results.counts["refused"] += 1
        about = {"source_id": str(draft.id), "label": draft.label}
        line = remark(self.move, self.noun, sentence, **about)
        self.results.say(line, common=common)

    def _attempt(self, draft: Draft, act: Any, count: str) -> bool:
        """Does it under a savepoint, or says why it is refused."""
        try:
            with transaction.atomic():
                act()
        except ValidationError as error:
            self._refuse(_in_words(error), draft)
        except PortalError as error:
            self._refuse(error.sentence, draft)
        except IntegrityError:
            # SECURITY: tests/moving/test_import.py. Whose it is, nobody is told.
            taken = _("Its id, or that of something that belongs to it, is taken.")
            self._refuse(taken, draft, common=True)
        except DataError:
            self._refuse(_("The source says something that no row here can hold."), draft)
        else:
            self.results.counts[count] += 1
            return True
        return False

    # New rows

    def _create(self, drafts: list[Draft]) -> None:
        """All at once, or, where one is refused, one by one."""
        made: list[tuple[Draft, Any]] = []
        for draft in drafts:
            try:
                made.append((draft, self._made(draft)))
            except ValidationError as error:
                self._refuse(_in_words(error), draft)
            except PortalError as error:
                self._refuse(error.sentence, draft)
        if not made:
            return
        self._lead([row for _draft, row in made])
        try:
            with transaction.atomic():
                self._save(made)
        except (IntegrityError, DataError, ValidationError, PortalError):
            for each in made:
                self._attempt(each[0], lambda each=each: self._save_one(each), "new")
        else:
            self.results.counts["new"] += len(made)

    def _save_one(self, made: tuple[Draft, Any]) -> None:
        made[1].validate_constraints()
        self._save([made])

    def _made(self, draft: Draft) -> Any:
        """The row, not saved. Raises ValidationError and PortalError."""
        if sentence := self.prepared.refused.get(str(draft.id)):
            raise ValidationError(sentence)
        row = self.model(pk=draft.id, vendor_id=self.move.vendor_id, **draft.values)
        if isinstance(row, User):
            row.set_unusable_password()
        if isinstance(row, Role):
            check_claims(row.claims)
        if isinstance(row, Webhook):
            row.encrypted_secret = encrypted_secret(draft.secret, row.style)
        self._clean(row)
        if isinstance(row, Release):
            check_version_is_new(row)
        return row

    @staticmethod
    def _clean(row: Any) -> None:
        """Raises ValidationError. Where keys lead to was looked up, and the database compares what
        is once."""
        left_out = {
            one.name
            for one in row._meta.concrete_fields
            if one.is_relation
            or (one.null and getattr(row, one.attname) is None)
            or getattr(row, one.attname) == []
        }
        row.clean_fields(exclude=left_out)
        row.clean()

    def _lead(self, rows: list[Any]) -> None:
        """Has the rows know what they lead to, by a query for each field: the trail names it."""
        for one in self.model._meta.concrete_fields:
            if not one.is_relation or one.name == "vendor":
                continue
            ids = {getattr(row, one.attname) for row in rows} - {None}
            found = one.related_model.objects.in_bulk(ids) if ids else {}
            for row in rows:
                setattr(row, one.name, found.get(getattr(row, one.attname)))

    def _save(self, made: list[tuple[Draft, Any]]) -> None:
        rows = [row for _draft, row in made]
        self.model.objects.bulk_create(rows)
        self._date(made)
        for draft, row in made:
            self._hang(draft, row)
        self._follow(made)
        trail.record_all(
            # No event: it did not happen here.
            trail.Draft(action="moved-in", row=row, changes=trail.values_of(row))
            for row in rows
        )
        self._note(made)

    def _date(self, made: list[tuple[Draft, Any]]) -> None:
        """Rows are as old as they are at the source."""
        dated = []
        for draft, row in made:
            if draft.created_at:
                row.created_at = draft.created_at
                dated.append(row)
        if dated:
            self.model.objects.bulk_update(dated, ["created_at"])

    def _hang(self, draft: Draft, row: Any) -> None:
        for name, told in draft.hanging.items():
            kind: Any = self.noun.hangs[name]
            key = self.model._meta.get_field(name).field.name
            rows = [kind(vendor_id=row.vendor_id, **{key: row}, **each) for each in told]
            for each in rows:
                self._clean(each)
            kind.objects.bulk_create(rows)

    def _follow(self, made: list[tuple[Draft, Any]]) -> None:
        """What is written with a new row beside it."""
        rows = [row for _draft, row in made]
        if words := WORDS.get(self.model):
            words.objects.begin(rows)
        for draft, row in made:
            for note in draft.notes:
                about = {"source_id": str(draft.id), "label": draft.label, "refused": False}
                self.results.remarks.append(remark(self.move, self.noun, note, **about))
            if self.model is Product:
                self._give_keys(draft, row)
            elif self.model is Release:
                self._add_files(draft, row)

    def _give_keys(self, draft: Draft, product: Product) -> None:
        """A key pair of its own, and the public half of the source's as one that is out of use."""
        store_key(product, self.prepared.keys[str(draft.id)])
        sentence = _(
            "The source does not give its private key away: tokens are signed by a new one from "
            "now on. Ship the product file of here with the next version of your program."
        )
        try:
            kid = RSAKey.import_key(draft.public_pem).thumbprint()
        except (JoseError, ValueError):
            sentence = f"{sentence} {_('Its public key could not be read.')}"
        else:
            SigningKey.objects.create(
                vendor_id=product.vendor_id,
                product=product,
                kid=kid,
                public_pem=draft.public_pem,
                encrypted_private_pem="",
                retired_at=timezone.now(),
            )
        about = {"source_id": str(draft.id), "label": draft.label, "refused": False}
        self.results.remarks.append(remark(self.move, self.noun, sentence, **about))

    def _add_files(self, draft: Draft, release: Release) -> None:
        for told, stored in self.prepared.files.get(str(draft.id), ()):
            file = ReleaseFile(
                pk=UUID(told["id"]),
                vendor_id=release.vendor_id,
                release=release,
                name=told["name"],
                size=stored.size,
                sha256=stored.sha256,
                key=stored.key,
                content_type=type_of(told["name"]),
                download_count=told["downloads"],
            )
            self._clean(file)
            file.save(force_insert=True)
            trail.record("moved-in", file, changes=trail.values_of(file))

    # Rows that are there

    def _change(self, draft: Draft, row: Any, taken: Taken, said: str) -> None:
        if sentence := self.prepared.refused.get(str(draft.id)):
            raise ValidationError(sentence)
        before, values = copy(row), draft.values
        if any(getattr(row, name) != values[name] for name in PARENTS & values.keys()):
            raise ValidationError(_("It belongs to another product or licence at the source now."))
        if isinstance(row, Release) and row.published:
            values = {name: each for name, each in values.items() if name in CORRECTED}
        if isinstance(row, Webhook):
            # Whether it is on is said here.
            values = {name: each for name, each in values.items() if name != "active"}
            if draft.secret:
                row.encrypted_secret = encrypted_secret(draft.secret, draft.values["style"])
        for name, value in values.items():
            setattr(row, name, value)
        if isinstance(row, Role):
            check_claims(row.claims)
        self._clean(row)
        names = [self.model._meta.get_field(name).name for name in values]
        row.save(update_fields=[*names, *DERIVED.get(self.model, ()), "updated_at"])
        for name in draft.hanging:
            self._hanging(name, row).delete()
        self._hang(draft, row)
        if isinstance(row, Release):
            self._add_files(draft, row)
        if words := WORDS.get(self.model):
            words.objects.keep([row.pk])
        change = trail.change(before, row)
        if change.changes:
            trail.record_all([replace(change, action="moved-again")])
        taken.source_digest, taken.here_digest = said, self._here(row, draft)
        taken.save(update_fields=["source_digest", "here_digest", "updated_at"])

    def _hanging(self, name: str, row: Any) -> models.QuerySet[Any]:
        kind: Any = self.noun.hangs[name]
        key = self.model._meta.get_field(name).field.name
        return kind.objects.filter(**{key: row})  # type: ignore[no-any-return]

    # What was taken

    def _here(self, row: Any, draft: Draft) -> str:
        """What of the row a source says, as it is here now, as a digest."""
        return self._digests([(draft, row)])[row.pk]

    def _note(self, made: list[tuple[Draft, Any]], *, own: bool = True) -> None:
        """Notes what was taken; a row that is not the source's `own` counts as changed here."""
        kept = self._digests(made) if own else {}
        Taken.objects.bulk_create(
            Taken(
                vendor_id=self.move.vendor_id,
                noun=self.noun.name,
                source_id=str(draft.id),
                row_id=row.pk,
                source_digest=_said(draft),
                here_digest=kept.get(row.pk, ""),
            )
            for draft, row in made
        )

    def _digests(self, made: list[tuple[Draft, Any]]) -> dict[UUID, str]:
        """The same of many rows, by one query for each kind of what hangs on them."""
        rows = {row.pk: row for _draft, row in made}
        hanging: dict[str, dict[UUID, list[Any]]] = {}
        for name, model in self.noun.hangs.items():
            kind: Any = model
            key = self.model._meta.get_field(name).field
            found: dict[UUID, list[Any]] = {}
            for one in kind.objects.filter(**{f"{key.name}__in": list(rows)}):
                told = {each: _plain(getattr(one, each)) for each in _told_of(kind)}
                found.setdefault(getattr(one, key.attname), []).append(told)
            hanging[name] = found
        return {
            row.pk: digest(
                [
                    {
                        name: _plain(getattr(row, name))
                        for name in draft.values
                        if name not in self.noun.restless
                    },
                    {
                        name: sorted(hanging[name].get(row.pk, []), key=str)
                        for name in draft.hanging
                    },
                ]
            )
            for draft, row in made
        }

    # Seats

    def _hold_licenses(self, drafts: Iterable[Draft]) -> None:
        """Whoever takes seats holds the licences, in the order of their ids."""
        if self.model is Activation:
            ids = {draft.values["license_id"] for draft in drafts}
            held = License.objects.select_for_update(of=("self",)).order_by("pk")
            self.held = list(held.filter(pk__in=ids).values_list("pk", flat=True))

    def _count_seats(self) -> None:
        if self.model is not Activation or not self.results.counts["new"]:
            return
        machines = Activation.objects.filter(license__in=self.held).order_by()
        counted = machines.values("license").annotate(n=Count("pk"), first=Min("created_at"))
        for each in counted.values_list("license", "n", "first"):
            License.objects.filter(pk=each[0]).update(
                total_activations=each[1],
                first_activated_at=each[2],
                updated_at=timezone.now(),
            )


def _told_of(kind: Any) -> list[str]:
    """The fields of what hangs on a row, apart from its own times."""
    apart = {"id", "vendor_id", "created_at", "updated_at"}
    return [one.attname for one in kind._meta.concrete_fields if one.attname not in apart]


def _plain(value: Any) -> str | int | list[Any] | None:
    """A value as it is the same before and after it was stored."""
    if value is None or isinstance(value, bool | int | list):
        return value
    if hasattr(value, "isoformat"):
        return str(value.isoformat()).replace("Z", "+00:00")
    return str(value)


def _in_words(error: ValidationError) -> str:
    """What is wrong with a row, field by field, as one line."""
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    parts: Mapping[str, list[str]] = error.message_dict
    return " ".join(
        each if name == "__all__" else f"{name}: {each}"
        for name, messages in parts.items()
        for each in messages
    )
