"""Finding licences by what was asked: text, product, status and end; order and totals; all in the
database. The customer's list and the back office's ask here."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from itertools import islice
from operator import ne, or_
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, F, OuterRef, Q, QuerySet, Value, When

from accounts.finding import people_with
from accounts.models import UserWord
from backoffice.leads import Lead
from licenses.models import (
    Activation,
    ActivationWord,
    ExpirationStrategy,
    GoneMachineWord,
    License,
    LicenseUser,
    LicenseWord,
    Product,
)
from licenses.status import EXPIRING_SOON, Status
from tenancy import finding
from tenancy.finding import (
    MOST_NAMED,
    MOST_NEAR,
    Place,
    begins,
    by_key,
    few_ids,
    has_word,
    ids_by,
    in_words,
    leading_by,
    named,
    near_ids,
    there,
)
from tenancy.likeness import alike, near, swapped
from tenancy.spelling import Typed, asked, backwards, form_of

SHORTEST_END = 4  # characters of a key that are read out from its end
MOST_READINGS = 256  # of a part of a key, those first that differ in few signs
MOST_HOSTS = 100
SHORTEST_KEY = 12  # characters of a whole key, without its dashes


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was asked of licences; what is left out does not narrow the search.

    Every word of `text` has to begin a word somewhere (tenancy/spelling.py). `expires_within` are
    days from now; `usable` leaves out what is revoked or suspended.
    """

    text: str = ""
    product_id: UUID | str | None = None
    status: Status | None = None
    expires_within: int | None = None
    never_expires: bool = False
    usable: bool = False


def find(
    licenses: QuerySet[License], wanted: Wanted, *, now: datetime, for_staff: bool = False
) -> QuerySet[License]:
    """Those of the licences that are wanted. Staff finds them also by what customers don't see:
    people, machines, what the vendor wrote for itself."""
    if wanted.text and for_staff:
        licenses = finding.find(licenses, wanted.text, places_for_staff).rows
    elif wanted.text:
        licenses = seen_in(licenses, wanted.text)
    condition = Q()
    if wanted.product_id:
        condition &= Q(product_id=wanted.product_id)
    if wanted.status:
        condition &= status_filter(wanted.status, now)
    if wanted.expires_within is not None:
        condition &= expires_within(wanted.expires_within, now)
    if wanted.never_expires:
        condition &= Q(expires_at=None)
    if wanted.usable:
        condition &= Q(revoked=False, suspended=False)
    return licenses.filter(condition)


def seen_in(licenses: QuerySet[License], text: str) -> QuerySet[License]:
    """Those of a customer's licences that have every word of the text where he may see it; each of
    them is asked, since they are few beside those of the vendor."""
    words = asked(text)
    if words is None:
        return licenses.none()
    if not words:
        return licenses
    own, many = finding.leading(licenses.order_by().values_list("pk", flat=True))
    places = (places_for_customers(word, None if many else own) for word in words)
    # A whole key may stand in groups with blanks between, and be misread.
    return licenses.filter(finding.has_each(places) | Q(key_form__in=_readings(form_of(text))))


def places_for_customers(word: Typed, own: list[UUID] | None) -> list[Place]:
    """Where a word may stand in what the customer sees of a licence. `own` are his licences, unless
    they are too many to name them: of these machines are looked through by the key to a licence,
    whatever the planner thinks of how many a licence has."""
    return [
        *_of_key(word.form),
        *_of_misread_key(word.form),
        _of_product(word.form),
        in_words(LicenseWord, word.form, visible=True),
        _of_hosts(word) if own is None else _of_hosts_of(word, own),
    ]


def places_for_staff(word: Typed) -> list[Place]:
    """The same for staff: beside it people, machines, and what the vendor wrote for itself."""
    return [
        *_of_key(word.form),
        _of_product(word.form),
        in_words(LicenseWord, word.form),
        *_of_people(word.form),
        *_of_machines(word),
    ]


def places_by_key(word: Typed) -> list[Place]:
    """The beginning of a key, of any of its groups, its end, and what else the customer sees of the
    licence itself: its notes and metadata."""
    return [*_of_key(word.form), in_words(LicenseWord, word.form, visible=True)]


def _of_key(form: str) -> list[Place]:
    """The beginning of a key, and its end. Groups between them are among the licence's words."""
    start = begins("key_form", form)
    licenses = License.objects.filter(start).order_by("key_form").values_list("pk", flat=True)
    places = [named(licenses, start)]
    if len(form) >= SHORTEST_END:
        places.append(in_words(LicenseWord, backwards(form)))
    return places


def _of_misread_key(form: str) -> list[Place]:
    """Whole keys that look like the one which was typed, O for 0 and the like; for who looks
    through a customer's own licences."""
    return [Place((), Q(key_form__in=_readings(form)))]


def _readings(form: str) -> set[str]:
    """The keys that may have been read as this; none of what is too short for a whole one."""
    return alike(form) if len(form) >= SHORTEST_KEY else set()


def _of_product(form: str) -> Place:
    """A vendor has few products; they are compared by ourselves."""
    products = few_ids(Product.objects.all(), [form], ("name", "display_name"))
    if not products:
        return Place((), Q(pk=None))
    is_of = Q(product__in=products)
    return named(License.objects.filter(is_of).order_by().values_list("pk", flat=True), is_of)


def _of_people(form: str) -> list[Place]:
    """The owner, and the additional users."""
    people, many = people_with(form)
    has_owner = has_word(UserWord, form, "user")
    shared = LicenseUser.objects.filter(user__in=people).order_by()
    holders = LicenseUser.objects.filter(license=OuterRef("pk"))
    holders = holders.filter(has_word(UserWord, form, "user"))
    return [
        by_key(License.objects.all(), "user", people, has=has_owner, many=many),
        named(shared.values_list("license_id", flat=True), there(holders.values("pk"))),
    ]


def _of_hosts(word: Typed) -> Place:
    """The names of machines."""
    hosts = Activation.objects.filter(license=OuterRef("pk"))
    hosts = hosts.filter(has_word(ActivationWord, word.form, "pk"))
    return named(
        ids_by(ActivationWord, word.form, "activation__license_id"), there(hosts.values("pk"))
    )


def _of_hosts_of(word: Typed, licenses: list[UUID]) -> Place:
    """The same, of machines of these licences alone."""
    machines = Activation.objects.filter(license__in=licenses).order_by()
    machines = machines.filter(has_word(ActivationWord, word.form, "pk"))
    found = list(machines.values_list("license_id", flat=True).distinct())
    return Place(found, Q(pk__in=found) if found else Q(pk=None))


def machines_by_which(licenses: Sequence[UUID], text: str) -> dict[UUID, list[str]]:
    """Of some of a customer's licences the names of machines that have a word of the text, in order
    and MOST_HOSTS in all at most: why a licence was found that has the word nowhere else."""
    words = asked(text)
    if not (words and licenses):
        return {}
    has_one = reduce(or_, (has_word(ActivationWord, word.form, "pk") for word in words))
    machines = Activation.objects.filter(license__in=licenses).filter(has_one).order_by()
    names: dict[UUID, list[str]] = {}
    for license_id, name in sorted(machines.values_list("license_id", "hostname")[:MOST_HOSTS]):
        names.setdefault(license_id, []).append(name)
    return names


def _of_machines(word: Typed) -> list[Place]:
    """Host names and the beginnings of fingerprints."""
    of_license = Activation.objects.filter(license=OuterRef("pk"))
    prints = Activation.objects.filter(of_print(word)).order_by("fingerprint")
    return [
        _of_hosts(word),
        named(
            prints.values_list("license_id", flat=True),
            there(of_license.filter(of_print(word)).values("pk")),
        ),
    ]


def host_places(word: Typed) -> list[Place]:
    """Where a word of a machine may stand: in its name, at the beginning of its fingerprint."""
    prints = Activation.objects.filter(of_print(word)).order_by("fingerprint")
    return [
        in_words(ActivationWord, word.form),
        named(prints.values_list("pk", flat=True), of_print(word)),
    ]


def near_licenses(text: str) -> list[UUID]:
    """The ids of some licences that may be meant by what is nowhere: a key with signs that look
    alike or a letter wrong, else groups of a key; an order number or another word of a licence."""
    form = form_of(text)
    ways = alike(form) | near(form) if len(form) >= SHORTEST_END else set()
    whole = finding.one_of(License.objects.all(), "key_form", ways)
    keys = list(islice(whole, MOST_NEAR)) or list(islice(_with_near_groups(form), MOST_NEAR))
    return list(dict.fromkeys([*keys, *near_ids(LicenseWord, text)]))[:MOST_NEAR]


def _with_near_groups(form: str) -> Iterator[UUID]:
    """The ids of licences whose key, a group of it and what follows, or whose end would begin so if
    signs that look alike were read as others or two neighbours had changed places."""
    if len(form) < SHORTEST_END:
        return
    ways = sorted(alike(form) | swapped(form), key=lambda way: (sum(map(ne, way, form)), way))
    ways = ways[:MOST_READINGS]
    yield from finding.one_begins(License.objects.all(), "key_form", ways)
    words = [word for way in ways for word in (way, backwards(way))]
    yield from finding.one_begins(LicenseWord.objects.all(), "word", words, "license_id")


def near_machines(text: str) -> list[UUID]:
    """The ids of some machines whose names may be meant."""
    return near_ids(ActivationWord, text)


def gone_places(word: Typed) -> list[Place]:
    """Where a word of a machine that has no seat any more may stand: in its name."""
    return [in_words(GoneMachineWord, word.form)]


def near_gone(text: str) -> list[UUID]:
    """The ids of some machines without a seat whose names may be meant."""
    return near_ids(GoneMachineWord, text)


def machine_places(word: Typed) -> list[Place]:
    """The same, and in the key of its licence."""
    licenses, many = licenses_with(word)
    of_license = by_key(
        Activation.objects.all(), "license", licenses, has=has_key(word, "license"), many=many
    )
    return [*host_places(word), of_license]


def on_licenses(licenses: QuerySet[License]) -> Q:
    """The condition that a row, a machine or an entry of the trail, is of one of these licences: by
    their ids, of which the planner knows how many rows each has; of what they are chosen by, such
    as their owner, it would know nothing, and read every row. Asks for the ids at once."""
    chosen = licenses.order_by().values("pk")
    ids = list(chosen.values_list("pk", flat=True)[: MOST_NAMED + 1])
    return Q(license_id__in=chosen if len(ids) > MOST_NAMED else ids)


def machines_seen_in(machines: QuerySet[Activation], text: str) -> QuerySet[Activation]:
    """Those of a customer's machines that have every word of the text in their names or where he
    finds their licences by it; each of them is asked."""
    words = asked(text)
    if words is None:
        return machines.none()
    return finding.having(machines, (_machine_places_for_customers(word) for word in words))


def _machine_places_for_customers(word: Typed) -> list[Place]:
    products = few_ids(Product.objects.all(), [word.form], ("name", "display_name"))
    return [
        in_words(ActivationWord, word.form),
        Place((), has_key(word, "license")),
        Place((), Q(license__product__in=products) if products else Q(pk=None)),
    ]


def licenses_with(word: Typed) -> tuple[list[UUID], bool]:
    """Licences whose key has the word, by which rows of theirs are found, and whether there are
    more."""
    return leading_by(places_by_key(word))


def has_key(word: Typed, column: str) -> Q:
    """The condition that the licence to which the column leads has the word in its key."""
    licenses = License.objects.filter(pk=OuterRef(column))
    return there(finding.having(licenses, [places_by_key(word)]).values("pk"))


# Entries of the audit trail by the licence that they are about.
ENTRIES = Lead(columns=("license_id",), ids=licenses_with, has=has_key)


def of_print(word: Typed) -> Q:
    """The condition that a fingerprint begins as it was typed, or so in small or capital letters:
    an opaque text has no stored form."""
    spelled = {word.text, word.text.lower(), word.text.upper()}
    return reduce(or_, (begins("fingerprint", each) for each in sorted(spelled)))


def status_filter(status: Status, now: datetime) -> Q:
    """The condition that a licence has this status at `now`: `status.standing_of` as a query."""
    return _conditions(now)[status]


def _conditions(now: datetime) -> dict[Status, Q]:
    soon = now + EXPIRING_SOON
    standing = Q(revoked=False, suspended=False)
    waiting = Q(
        expiration_strategy=ExpirationStrategy.DELAYED,
        subscription_interval__gt="",
        expires_at__isnull=True,
    )
    return {
        Status.REVOKED: Q(revoked=True),
        Status.SUSPENDED: Q(revoked=False, suspended=True),
        Status.EXPIRED: standing & Q(expires_at__lte=now),
        Status.EXPIRING_SOON: standing & Q(expires_at__gt=now, expires_at__lte=soon),
        Status.NOT_STARTED: standing & waiting,
        Status.ACTIVE: standing & ~waiting & (Q(expires_at__isnull=True) | Q(expires_at__gt=soon)),
    }


# As totals have them, and as a list is sorted by status: from active to revoked.
COUNTED = tuple(reversed(Status))


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """How many of the customer's licences there are: in all, and of each status."""

    all: int
    by_status: tuple[int, ...]  # in the order of COUNTED
    products: tuple[tuple[UUID, str], ...]  # with the names that customers read


def totals(licenses: QuerySet[License], now: datetime) -> Totals:
    """The totals over all of the customer's licences, and of which products they are."""
    return totals_from(list(counts(licenses, now)))


def counts(licenses: QuerySet[License], now: datetime) -> QuerySet[License, Any]:
    """What `totals_from` makes the totals of: a row for each status of each product, in one query
    that an index of licences answers."""
    names = ("product", "product__name", "product__display_name")
    of_status = licenses.order_by().values_list(*names).annotate(status=_standing(now))
    # A count of no column, so that the index has all that is read.
    return of_status.annotate(n=Count(Value(1)))


def totals_from(counted: list[tuple[Any, ...]]) -> Totals:
    """The sums, and the products by their names."""
    by_status = [0] * len(COUNTED)
    for *_product, status, number in counted:
        by_status[status] += number
    named = {pk: (name, shown or name) for pk, name, shown, *_counted in counted}
    in_order = sorted(named.items(), key=lambda item: str(item[1][0]))
    products = tuple((pk, shown) for pk, (_name, shown) in in_order)
    return Totals(all=sum(by_status), by_status=tuple(by_status), products=products)


def expires_within(days: int, now: datetime) -> Q:
    """The condition that the licence expires from now within so many days."""
    return Q(expires_at__gt=now, expires_at__lte=now + timedelta(days=days))


SORTS = ("attention", "product", "status", "seats", "expires", "created")
DEFAULT_SORT = "attention"


def sorted_by(licenses: QuerySet[License], sort: str, now: datetime) -> QuerySet[License]:
    """The licences ordered by a column of SORTS, descending with a leading `-`.

    Licences that never expire come last when ordered by expiry, whichever way. By `attention` come
    first those about which there is something to do, among equals the newest. The primary key
    settles ties, so that pages never overlap.
    """
    if sort == DEFAULT_SORT:
        return licenses.order_by(_attention(now), "-created_at", "pk")
    column = _column(sort.removeprefix("-"), now)
    descending = sort.startswith("-")
    order = column.desc(nulls_last=True) if descending else column.asc(nulls_last=True)
    return licenses.order_by(order, "pk")


def _attention(now: datetime) -> Any:
    """How urgent a licence is: what ends soon, has ended, has no seat left, is suspended; then what
    needs nothing, and at last what is revoked."""
    full = Q(allowed_activations__gt=0, total_activations__gte=F("allowed_activations"))
    return Case(
        When(revoked=True, then=Value(5)),
        When(suspended=True, then=Value(3)),
        When(expires_at__lte=now, then=Value(1)),
        When(expires_at__lte=now + EXPIRING_SOON, then=Value(0)),
        When(full, then=Value(2)),
        default=Value(4),
    )


def _standing(now: datetime) -> Any:
    """The place of a licence's status in COUNTED: each is what the ones before it are not."""
    waiting = Q(
        expiration_strategy=ExpirationStrategy.DELAYED,
        subscription_interval__gt="",
        expires_at__isnull=True,
    )
    places = {status: Value(place) for place, status in enumerate(COUNTED)}
    return Case(
        When(revoked=True, then=places[Status.REVOKED]),
        When(suspended=True, then=places[Status.SUSPENDED]),
        When(expires_at__lte=now, then=places[Status.EXPIRED]),
        When(expires_at__lte=now + EXPIRING_SOON, then=places[Status.EXPIRING_SOON]),
        When(waiting, then=places[Status.NOT_STARTED]),
        default=places[Status.ACTIVE],
    )


def _column(name: str, now: datetime) -> Any:
    """What a column is sorted by; statuses go from active to revoked."""
    if name == "attention":
        return _attention(now)
    if name == "status":
        return _standing(now)
    return {
        "product": F("product__name"),
        "seats": F("total_activations"),
        "expires": F("expires_at"),
        "created": F("created_at"),
    }[name]
