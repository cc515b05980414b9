"""Finding rows by words: beginnings that are ranges of an index, at any size of the table.

Under row-level security LIKE and trigrams use no index, and SQLite knows neither case nor accents
beyond ASCII. So each row that people look for has its words in a table (`Word`), in the stored form
of tenancy/spelling.py, and what is typed is compared with them by `>=` and `<`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import chain
from operator import and_, or_
from typing import Any, ClassVar, Self
from uuid import UUID

from django.apps import apps
from django.core.validators import validate_email
from django.db import connection, models
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.lookups import IsNull

from tenancy.likeness import near
from tenancy.rows import VendorManager
from tenancy.spelling import LONGEST_WORD, Typed, asked, form_of, words_in

# So many matches of a word are named in a query. Of a word that more rows have, the rows of a list
# are asked one by one, in its order, and at most so many of them.
MOST_NAMED = 2_000
MOST_LOOKED_AT = 800
# So many rows lead to others by an index (people to their licences).
MOST_LEADING = 500
BATCH = 500
BEYOND = "\U0010ffff"  # no word has it, and none stands behind it

Rows = QuerySet[Any]


class Ordered(models.CharField[str, str]):
    """A text that is ordered by its characters' numbers in every database, so that a beginning is a
    range (`begins`)."""

    def db_parameters(self, connection: Any) -> Any:
        parameters = super().db_parameters(connection)
        if connection.vendor == "postgresql":
            parameters["collation"] = "C"
        return parameters


class OrderedEmail(Ordered):
    """The same for an e-mail's address."""

    default_validators = [validate_email]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_length": 254, **kwargs})


class StoredForm(Ordered):
    """The stored form of another field of the row, written whenever the row is saved whole."""

    def __init__(self, *, of: str, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "editable": False})
        self.of = of

    def pre_save(self, model_instance: Any, add: bool) -> str:
        form = form_of(getattr(model_instance, self.of))
        setattr(model_instance, self.attname, form)
        return form

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("editable", None)
        return name, path, args, {**kwargs, "of": self.of}


def begins(name: str, form: str) -> Q:
    """The condition that an ordered text begins so, which an index answers."""
    return Q(**{f"{name}__gte": form, f"{name}__lt": form + BEYOND})


# --- Words of rows ------------------------------------------------------------------------------


class Words(VendorManager["Word"]):
    """The words of rows in the scope."""

    def begin(self, rows: Sequence[Any]) -> None:
        """The words of rows that have just been made."""
        self.bulk_create(self.model.of(rows), batch_size=BATCH)

    def keep(self, ids: Iterable[UUID]) -> int:
        """Has the rows of these ids the words that they should have as they are stored now, and no
        others; how many had not. Who has changed them holds their locks."""
        wrong, wanted = self.compare(list(self.model.rows().filter(pk__in=list(ids))))
        if wrong:
            self.of(wrong).delete()
            self.bulk_create(wanted, batch_size=BATCH)
        return len(wrong)

    def compare(self, rows: Sequence[Any]) -> tuple[set[UUID], list["Word"]]:
        """The ids of those rows whose words are not right, and what words these should have."""
        should: dict[UUID, set[tuple[Any, ...]]] = {row.pk: set() for row in rows}
        are: dict[UUID, set[tuple[Any, ...]]] = {pk: set() for pk in should}
        wanted = self.model.of(rows)
        for word in wanted:
            should[word.row_id].add(word.told)
        for word in self.of(should):
            are[word.row_id].add(word.told)
        wrong = {pk for pk in should if should[pk] != are[pk]}
        return wrong, [word for word in wanted if word.row_id in wrong]

    def of(self, ids: Iterable[UUID]) -> Rows:
        return self.filter(**{f"{self.model.row}__in": list(ids)})


class Word(models.Model):
    """One word by which a row is found. It goes with its row, by the database.

    A kind of rows has a table of its own, whose foreign key `row` names; the key (vendor, word,
    row) is the index that answers.
    """

    vendor = models.ForeignKey(
        "tenancy.Vendor",
        models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    word = Ordered(max_length=LONGEST_WORD)

    objects: ClassVar[Words] = Words()

    row: ClassVar[str]
    also: ClassVar[tuple[str, ...]] = ()  # what else a word says

    class Meta:
        abstract = True
        base_manager_name = "objects"

    def __str__(self) -> str:
        return self.word

    @classmethod
    def of(cls, rows: Sequence[Any]) -> list[Self]:
        """The words that these rows should have, not saved."""
        raise NotImplementedError

    @classmethod
    def rows(cls) -> Rows:
        """All rows of the scope that should have words."""
        model: Any = cls._meta.get_field(cls.row).related_model
        return model._default_manager.order_by("pk")  # type: ignore[no-any-return]

    @property
    def row_id(self) -> UUID:
        return getattr(self, f"{self.row}_id")  # type: ignore[no-any-return]

    @property
    def told(self) -> tuple[Any, ...]:
        return self.word, *(getattr(self, name) for name in self.also)


def wrong(*, repair: bool = False) -> Iterator[tuple[str, UUID]]:
    """The rows of the scope's vendor that are not found as they should be, by the name of what is
    wrong; with `repair` it is put right."""
    for model in apps.get_models():
        if issubclass(model, Word):
            yield from _with_wrong_words(model, repair=repair)
        for field in model._meta.concrete_fields:
            if isinstance(field, StoredForm):
                yield from _with_wrong_form(model, field, repair=repair)


def _with_wrong_words(kind: type[Word], *, repair: bool) -> Iterator[tuple[str, UUID]]:
    for part in batches(kind.rows()):
        ids, _wanted = kind.objects.compare(part)
        yield from ((kind._meta.label, pk) for pk in ids)
        if ids and repair:
            kind.objects.keep(ids)


def _with_wrong_form(
    model: type[models.Model], field: StoredForm, *, repair: bool
) -> Iterator[tuple[str, UUID]]:
    rows = model._default_manager.all()
    for part in batches(rows.only("pk", "vendor", field.of, field.name)):
        for row in part:
            form = form_of(getattr(row, field.of))
            if getattr(row, field.attname) == form:
                continue
            yield f"{model._meta.label}.{field.name}", row.pk
            if repair:
                rows.filter(pk=row.pk).update(**{field.name: form})


def to_row(model: str) -> models.ForeignKey[Any, Any]:
    """The key of a word to its row; SameVendor keeps it, and takes the word along with the row."""
    return models.ForeignKey(
        model, models.DO_NOTHING, related_name="words", editable=False, db_constraint=False
    )


def batches(rows: Rows, size: int = BATCH) -> Iterator[list[Any]]:
    """The rows in their order by the primary key, so many at a time."""
    rows = rows.order_by("pk")
    part = list(rows[:size])
    while part:
        yield part
        is_last = len(part) < size
        part = [] if is_last else list(rows.filter(pk__gt=part[-1].pk)[:size])


# --- Finding ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """Where a word may stand: the ids of a list's rows that have it there, by an index; and the
    condition by which one row is asked. `many` where the ids are known to be not all."""

    ids: Iterable[UUID]
    has: Q
    many: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """The rows of a list that have every word; `part` where only its first MOST_LOOKED_AT rows
    were looked at."""

    rows: Rows
    part: bool = False


Places = Callable[[Typed], Iterable[Place]]


def named(ids: Rows, has: Q) -> Place:
    """A place whose ids a query has, in the order of its index."""
    return Place(ids[: MOST_NAMED + 1], has)


def by_key(rows: Rows, column: str, ids: list[UUID], *, has: Q, many: bool = False) -> Place:
    """A place to which other rows lead, of which some are known: by the index of a key to them."""
    theirs = rows.filter(**{f"{column}__in": ids}).order_by().values_list("pk", flat=True)
    return Place(theirs[: MOST_NAMED + 1] if ids else (), has, many)


def in_words(kind: type[Word], word: str, **narrowed: Any) -> Place:
    """The place that a row's own words are."""
    return named(ids_by(kind, word, **narrowed), has_word(kind, word, "pk", **narrowed))


def ids_by(kind: type[Word], word: str, name: str = "", **narrowed: Any) -> Rows:
    """The ids of rows that have a word which begins so, or what they have under another name; some
    of them twice."""
    found = kind.objects.filter(begins("word", word[:LONGEST_WORD]), **narrowed)
    return found.order_by("word").values_list(name or f"{kind.row}_id", flat=True)


def has_word(kind: type[Word], word: str, key: str, **narrowed: Any) -> Q:
    """The condition that the row to which `key` leads has a word that begins so."""
    words = kind.objects.filter(**{kind.row: OuterRef(key)}, **narrowed)
    return there(words.filter(begins("word", word[:LONGEST_WORD])).values("word"))


def there(rows: Rows) -> Q:
    """The condition that there is such a row, asked by an index for each row of the query. EXISTS
    the planner may turn into a table of all rows that have a common word."""
    return Q(IsNull(Subquery(rows.order_by()[:1]), False))


def find(rows: Rows, text: str, places: Places, *, whole: bool = False) -> Found:
    """Those of the rows, which are in order, that have every word of the text in some place.

    What few rows have is named, and what else was asked is asked of these. Where every word is
    common, no more than MOST_LOOKED_AT rows are looked at, unless `whole` wants all.
    """
    words = asked(text)
    if words is None:
        return Found(rows.none())
    if not words:
        return Found(rows)
    of_words = [list(places(word)) for word in words]
    of_word_ids = [_few(each) for each in of_words]
    few = [ids for ids in of_word_ids if ids is not None]
    common = [each for each, ids in zip(of_words, of_word_ids, strict=True) if ids is None]
    if whole and not few:
        return Found(having(rows, common))
    named = (
        set.intersection(*few) if few else set(rows.values_list("pk", flat=True)[:MOST_LOOKED_AT])
    )
    for each in common:
        named = _having(rows, named, each)
    return Found(rows.filter(pk__in=named) if named else rows.none(), part=not few)


def _having(rows: Rows, ids: set[UUID], places: Iterable[Place]) -> set[UUID]:
    """Those of these rows that have a word in one of the places: place by place, since the planner
    knows nothing better to do with several in one condition than to read a table."""
    left, found = ids, set[UUID]()
    for place in places:
        if left:
            here = rows.filter(place.has, pk__in=left).order_by().values_list("pk", flat=True)
            found = found.union(here)
            left = left - found
    return found


def having(rows: Rows, of_words: Iterable[Iterable[Place]]) -> Rows:
    """Those of the rows that have each word in one of its places, asked one by one."""
    return rows.filter(has_each(of_words))


def has_each(of_words: Iterable[Iterable[Place]]) -> Q:
    """The condition that a row has each word in one of its places."""
    return reduce(and_, (reduce(or_, (place.has for place in places)) for places in of_words), Q())


def _few(places: Iterable[Place]) -> set[UUID] | None:
    """The ids of all rows that have a word; None where they are many."""
    found: set[UUID] = set()
    for place in places:
        if place.many:
            return None
        for number, pk in enumerate(place.ids):
            found.add(pk)
            if number == MOST_NAMED:
                return None
    return found if len(found) <= MOST_NAMED else None


def leading(ids: Rows) -> tuple[list[UUID], bool]:
    """Rows that lead to others: their ids, each once, and whether there are more."""
    known = list(dict.fromkeys(ids[: MOST_LEADING + 1]))
    return known[:MOST_LEADING], len(known) > MOST_LEADING


def leading_by(places: Iterable[Place]) -> tuple[list[UUID], bool]:
    """The same of rows that have a word in one of these places."""
    known = list(dict.fromkeys(chain.from_iterable(place.ids for place in places)))
    return known[:MOST_LEADING], len(known) > MOST_LEADING


SHORTEST_NEAR = 4  # letters of a word of which one may be wrong
MOST_NEAR = 100
FIRST_NEAR = 20  # of one way to read it
ASKED_AT_ONCE = 50  # texts


def near_ids(kind: type[Word], text: str) -> list[UUID]:
    """The ids of some rows that have the text as one word with a letter wrong, or each of its words
    so or as it is typed."""
    words = [_near(kind, word.form) | _as_typed(kind, word.form) for word in asked(text) or ()]
    of_words = set.intersection(*words) if words else set()
    return list(_near(kind, form_of(text)) | of_words)[:MOST_NEAR]


def one_of(rows: Rows, name: str, texts: Iterable[str], key: str = "pk") -> Iterator[UUID]:
    """The ids of rows whose text is one of very many. Few are asked for at a time: of more the
    planner thinks that it is cheaper to read the table."""
    left = sorted(texts)
    for start in range(0, len(left), ASKED_AT_ONCE):
        some = rows.filter(**{f"{name}__in": left[start : start + ASKED_AT_ONCE]})
        yield from some.order_by().values_list(key, flat=True)[:MOST_NEAR]


def one_begins(rows: Rows, name: str, texts: Sequence[str], key: str = "pk") -> Iterator[UUID]:
    """The ids of rows whose ordered text begins with one of many: the first of each. Each beginning
    is a query of its own, several in a statement: of a condition that has several all matches are
    read before the first is told."""
    for start in range(0, len(texts), ASKED_AT_ONCE):
        some = texts[start : start + ASKED_AT_ONCE]
        first, *others = (_first(rows, name, text).values_list(key, flat=True) for text in some)
        yield from first.union(*others, all=True)[:MOST_NEAR]


def _first(rows: Rows, name: str, text: str) -> Rows:
    """The first rows whose text begins so, as a part of a union. SQLite knows no limit there, and
    needs none: it reads part by part, and no further than the union's."""
    found = rows.filter(begins(name, text[:LONGEST_WORD]))
    if connection.features.supports_slicing_ordering_in_compound:
        return found.order_by(name)[:FIRST_NEAR]
    return found.order_by()


def _as_typed(kind: type[Word], form: str) -> set[UUID]:
    return set(ids_by(kind, form)[:MOST_NAMED])


def _near(kind: type[Word], form: str) -> set[UUID]:
    """Rows with a word from which the form is one letter away: whole words by an index; and the
    beginnings of words, of the first that begin as the form does."""
    if not SHORTEST_NEAR <= len(form) <= LONGEST_WORD:
        return set()
    row, ways = f"{kind.row}_id", near(form)
    found = set(one_of(kind.objects.all(), "word", ways, row))
    half = kind.objects.filter(begins("word", form[: (len(form) + 1) // 2])).order_by("word")
    for pk, word in half.values_list(row, "word")[:MOST_NAMED]:
        if not ways.isdisjoint(word[: len(form) + more] for more in (-1, 0, 1)):
            found.add(pk)
    return found


# --- Few rows -----------------------------------------------------------------------------------


def among_few(rows: Rows, text: str, fields: Sequence[str]) -> Rows:
    """Those of a table's rows, of which a vendor has few, that have every word of the text at the
    beginning of a word: compared here, and not by the database."""
    words = asked(text)
    if words is None:
        return rows.none()
    if not words:
        return rows
    return rows.filter(pk__in=few_ids(rows, [word.form for word in words], fields))


def called(rows: Rows, name: str) -> Any | None:
    """Of a table of which a vendor has few, the row that is called so: as it is written, or else
    the only one that is called so in another spelling; None where there is none, or several."""
    exactly = rows.filter(name=name).first()
    if exactly is not None:
        return exactly
    alike = [row for row in rows if form_of(row.name) == form_of(name)]
    return alike[0] if len(alike) == 1 else None


def few_ids(rows: Rows, words: Sequence[str], fields: Sequence[str]) -> set[Any]:
    """The ids of the rows that have all of the words (stored forms)."""
    beginnings: dict[Any, set[str]] = {}
    for pk, *values in rows.order_by().values_list("pk", *fields):
        beginnings.setdefault(pk, set()).update(*(words_in(str(value or "")) for value in values))
    return {
        pk
        for pk, known in beginnings.items()
        if all(any(each.startswith(word[:LONGEST_WORD]) for each in known) for word in words)
    }
