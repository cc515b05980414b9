"""People, of whom a job invites many or switches many off (backoffice/bulk)."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import QuerySet
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.verbs.invitations import invite
from accounts.verbs.people import OwnAccess, PersonIsGone, change_person
from audit.acting import actor
from backoffice.bulk.kinds import Act, Kind
from mail.delivery import one_of_many

NAME, SWITCHED_OFF = "people", "people-switched-off"
INVITE, SWITCH_OFF = "invite", "switch-off"


def waiting(people: QuerySet[User]) -> Iterator[tuple[UUID, str]]:
    """Those of the people who have no password yet, for a change to many; that they have none is
    all that counts, and it is looked at again when they are invited."""
    without = people.filter(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    return ((pk, "") for pk in without.order_by("pk").values_list("pk", flat=True))


def act_of(name: str, values: Mapping[str, Any]) -> Act:
    """The one change that there is. Raises ValueError for another."""
    if name != INVITE:
        raise ValueError(_now("What was chosen for it is not there any more."))
    return _invite


def _invite(pk: UUID, _digest: str) -> None:
    """Raises PersonIsGone, and NoInvitationNeeded."""
    person = User.objects.filter(pk=pk).first()
    if person is None:
        raise PersonIsGone
    invite(person)


def switch_off_of(name: str, values: Mapping[str, Any]) -> Act:
    """The same of those whom a job switches off."""
    if name != SWITCH_OFF:
        raise ValueError(_now("What was chosen for it is not there any more."))
    return _switch_off


def _switch_off(pk: UUID, _email: str) -> None:
    """Raises PersonIsGone, and OwnAccess for who has confirmed it."""
    person = User.objects.filter(pk=pk).first()
    if person is None:
        raise PersonIsGone
    if person.pk == getattr(actor().who(), "pk", None):
        raise OwnAccess
    if person.is_active:
        person.is_active = False
        change_person(person=person, fields=["is_active"])


@contextmanager
def one_after_the_other(_ids: Iterable[UUID]) -> Iterator[None]:
    """Nobody is locked: an invitation changes nothing of a person. The e-mails let those pass for
    which somebody waits."""
    with one_of_many():
        yield


def emails_of(ids: Iterable[UUID]) -> dict[UUID, str]:
    return dict(User.objects.filter(pk__in=list(ids)).values_list("pk", "email"))


PEOPLE = Kind(
    rows=_("people"),
    right="accounts.invite_user",
    changed_meanwhile=PersonIsGone,
    act=act_of,
    holding=one_after_the_other,
    names=emails_of,
    route="admin:accounts_user_story",
)

SWITCHING_OFF = replace(PEOPLE, right="accounts.change_user", act=switch_off_of)
