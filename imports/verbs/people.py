"""The acts by which files add customers and change those who are known. Run in the vendor's scope,
inside the transaction of a step."""

from copy import copy
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import CUSTOMER_ROLES, User, UserWord
from accounts.verbs.people import PersonIsKept, delete_person
from audit import trail
from imports.steps import Act, Content, nothing, unpacked
from web.errors import PortalError

NAMES = ("first_name", "last_name", "company")


class ImportFailed(PortalError):
    """What was checked has changed since; `detail` is a sentence that says what."""

    code = "IMPORT_FAILED"
    text = "%(detail)s"


def customers(ids: set[UUID]) -> dict[UUID, User]:
    """Those of these people who are customers."""
    return User.objects.filter(role__in=CUSTOMER_ROLES).in_bulk(list(ids))


def check_customer(person: User | None, number: int) -> None:
    """Raises ImportFailed for somebody whom a row of the file names and who is no customer."""
    if person is None:
        raise ImportFailed(
            _("Row %(row)d: this customer is not there any more, or has become staff.")
            % {"row": number}
        )


def _add(content: Content) -> None:
    new = unpacked(content)
    User.objects.bulk_create(new)
    UserWord.objects.begin(new)
    trail.record_all(_draft("created", person, trail.values_of(person)) for person in new)


def _take_back(content: Content) -> int:
    kept = 0
    for person in User.objects.filter(pk__in=[each["pk"] for each in content]):
        try:
            delete_person(person=person)
        except PersonIsKept:
            kept += 1
    return kept


def _check(content: Content) -> None:
    """Each is an id and the row of the file that names it."""
    found = customers({UUID(pk) for pk, _number in content})
    for pk, number in content:
        check_customer(found.get(UUID(pk)), number)


def _change(content: Content) -> None:
    """Each is an id and names; who has gone or become staff by now is left alone. Changes people
    as they are now, not as they were when the file was read."""
    given = {UUID(pk): names for pk, names in content}
    found = User.objects.select_for_update(of=("self",), no_key=True).filter(
        pk__in=given, role__in=CUSTOMER_ROLES
    )
    drafts: list[trail.Draft] = []
    changed: list[User] = []
    for person in found.order_by("pk"):
        after = _changed(person, given[person.pk])
        changes = trail.changes_between(person, after)
        if changes:
            changed.append(after)
            drafts.append(_draft("changed", after, changes))
    User.objects.bulk_update(changed, [*NAMES, "updated_at"])
    UserWord.objects.keep([each.pk for each in changed])
    trail.record_all(drafts)


def _changed(person: User, given: dict[str, str]) -> User:
    """A copy of the person with what is given."""
    after = copy(person)
    for name, value in given.items():
        setattr(after, name, value)
    after.updated_at = timezone.now()
    return after


def _draft(action: str, person: User, changes: dict[str, list[Any]]) -> trail.Draft:
    return trail.Draft(action=action, row=person, customer_id=person.pk, changes=changes)


NEW_PEOPLE = Act(_add, _take_back, counts=True)
KNOWN_PEOPLE = Act(_check, nothing, counts=True)
CHANGES = Act(_change)
