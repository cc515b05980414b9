"""One change to many licences, looked at before it is made.

The preview makes the change and undoes it, so that it can't differ from what will happen. What
was seen goes back with the confirmation: a licence that is not as it was then is left alone,
which also makes a confirmation that arrives twice harmless.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.core import signing
from django.db import transaction
from django.db.models import QuerySet

from audit import trail, words
from licenses.errors import ChangedMeanwhile, LicensingError
from licenses.models import License
from licenses.verbs.locking import lock
from tenancy.door import reading
from tenancy.transactions import in_steps

MOST = 500
READ_AT_ONCE = 2000
STATE = (
    "allowed_activations",
    "maintenance_policy",
    "max_allowed_release_version",
    "expires_at",
    "expires_on",
    "maintenance_expires_at",
    "maintenance_expires_on",
    "suspended",
    "revoked",
)
ATTRIBUTES = {field.name: field.attname for field in License._meta.concrete_fields}
SALT = "licenses.verbs.many"
PREVIEW_AGE = 60 * 60  # seconds

Act = Callable[[License], License]


@dataclass(frozen=True, slots=True)
class Line:
    """What would become of one licence: the fields that change, or why the change is refused."""

    license: License
    changes: list[tuple[str, str, str]]
    refusal: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many licences were changed, and by key why others were not."""

    done: int
    refused: list[tuple[str, str]]


def preview(licenses: Iterable[License], act: Act) -> list[Line]:
    """What the change would do to each licence; nothing is changed."""
    lines: list[Line] = []
    in_steps(licenses, lambda license: lines.append(_try(license, act)))
    return lines


@transaction.atomic
def _try(license: License, act: Act) -> Line:
    try:
        after = act(license)
    except LicensingError as error:
        line = Line(license, [], error.sentence)
    else:
        line = Line(license, _told(license, after), "")
    transaction.set_rollback(True)
    return line


def _told(before: License, after: License) -> list[tuple[str, str, str]]:
    changes = {
        name: pair for name, pair in trail.changes_between(before, after).items() if name in STATE
    }
    return words.in_words(License, changes)


def seal(licenses: Iterable[License]) -> str:
    """What was seen, to come back with the confirmation; signed, good for an hour."""
    return signing.dumps(
        {str(each.pk): _state(each) for each in licenses}, salt=SALT, compress=True
    )


def unseal(text: str) -> dict[str, str]:
    """What was seen, by licence; empty when it was made up or is too old."""
    try:
        seen: dict[str, str] = signing.loads(text, salt=SALT, max_age=PREVIEW_AGE)
    except signing.BadSignature:
        return {}
    return seen


def apply(licenses: Iterable[License], act: Act, *, seen: Mapping[str, str]) -> Outcome:
    """Changes each licence that is still as it was seen; one that is refused does not undo
    another."""
    done: list[License] = []
    refused: list[tuple[str, str]] = []

    def change(license: License) -> None:
        try:
            _act_if_unchanged(license.pk, act, seen.get(str(license.pk), ""))
            done.append(license)
        except LicensingError as error:
            refused.append((license.key, error.sentence))

    in_steps(licenses, change)
    return Outcome(len(done), refused)


@transaction.atomic
def _act_if_unchanged(pk: UUID, act: Act, digest: str) -> None:
    license = lock(pk)
    if _state(license) != digest:
        raise ChangedMeanwhile
    act(license)


def fixed(licenses: QuerySet[License]) -> Iterator[tuple[UUID, str]]:
    """The licences in the order of their ids, each with the digest of how it is now."""
    with reading():
        states = licenses.order_by("pk").values_list("pk", *STATE)
        for pk, *values in states.iterator(chunk_size=READ_AT_ONCE):
            yield pk, _digest(values)


def act_if_unchanged(act: Act) -> Callable[[UUID, str], None]:
    """The change as jobs make it (backoffice/bulk): of the licence of an id that is still as a
    digest says. Raises ChangedMeanwhile, and what the change refuses."""

    def act_on(pk: UUID, digest: str) -> None:
        try:
            _act_if_unchanged(pk, act, digest)
        except License.DoesNotExist as error:
            raise ChangedMeanwhile from error

    return act_on


def _state(license: License) -> str:
    return _digest([getattr(license, ATTRIBUTES[name]) for name in STATE])


def _digest(values: Iterable[Any]) -> str:
    texts = [value.isoformat() if isinstance(value, date) else str(value) for value in values]
    return sha256("|".join(texts).encode()).hexdigest()[:16]
