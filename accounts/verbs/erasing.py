"""Erasing a person from everything that a vendor keeps, in one transaction.

First the person's row loses its name; then everything is done by ordinary verbs, so that no entry
that tells of it can name the person; at last the row goes. Whoever writes something that leads to
the row waits for that, and is refused then; or was first, and it goes along.
"""

from typing import Any, cast
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from accounts import tasks
from accounts.models import BuiltIn, PersonalAccessToken, Refusal, User, UserWord, ViewAs
from accounts.verbs import sessions
from accounts.verbs.people import LastAdministrator, PersonIsGone, administers
from accounts.view_as import verbs as view_as
from audit import rows
from audit.acting import actor
from audit.verbs import erasing
from audit.verbs.erasing import Leaving
from tenancy.addresses import normalise_email, spellings_of
from tenancy.models import Vendor
from web.errors import PortalError

GONE = "erased"  # what the person is called until the row goes


class ErasesOneself(PortalError):
    """Nobody erases herself: somebody has to answer for it."""

    code = "ERASES_ONESELF"
    text = _("You can't erase yourself. Somebody else with the right to has to do it.")


class NoOwner(PortalError):
    """Whom the licences should go to is no customer who is let in, or is the person."""

    code = "NO_OWNER"
    text = _("The licences can go to another customer alone, whose account is in use.")


def erase_person(*, person: User, heir: User | None = None) -> None:
    """Erases a person of the scope's vendor; the person's licences go to `heir`, or to nobody.

    All of it or nothing. Raises ErasesOneself, LastAdministrator, NoOwner, PersonIsGone, and what
    a room says that can't let go at present.
    """
    # On the trail nobody can look for the person in a moment, so it is done beforehand.
    told = erasing.told_of(person.pk)
    _erase(person, heir, told)


@transaction.atomic
def _erase(person: User, heir: User | None, told: erasing.Told) -> None:
    locked, heir = _lock(person, heir)
    leaving = _leaving(locked, heir)
    erasing.forget_in_trail(leaving.vendor, locked.pk, told)
    _take_name(locked)
    for forget in erasing.ALSO:
        forget(leaving)
    rows.delete(User.objects.get(pk=locked.pk))


def _lock(person: User, heir: User | None) -> tuple[User, User | None]:
    """Both as they are now, held until the transaction ends, in one order for all who erase."""
    who = actor().who()
    if who is not None and who.pk == person.pk:
        raise ErasesOneself
    wanted = {person.pk} | ({heir.pk} if heir else set())
    # Of two administrators who erase each other the second one waits here.
    among = Q(pk__in=wanted)
    if person.role == BuiltIn.ADMIN:
        among |= Q(role=BuiltIn.ADMIN, is_active=True)
    people = User.objects.select_for_update(of=("self",)).filter(among).order_by("pk")
    found = {each.pk: each for each in people.select_related("vendor")}
    if person.pk not in found:
        raise PersonIsGone
    locked = found[person.pk]
    admins = [each for each in found.values() if each.role == BuiltIn.ADMIN and each.is_active]
    others = [each for each in admins if each != locked]
    if (administers(locked) and not any(map(administers, others))) or admins == [locked]:
        raise LastAdministrator
    if heir is None:
        return locked, None
    new = found.get(heir.pk)
    if new is None or new == locked or not new.is_customer or not new.is_active:
        raise NoOwner
    return locked, new


def _leaving(person: User, heir: User | None) -> Leaving:
    """What the person is known by. A company that others have, too, tells of nobody."""
    words = [*spellings_of(person.email)]
    if person.first_name and person.last_name:
        words.append(person.full_name)
    if person.company and not _others_of(person).exists():
        words.append(person.company)
    return Leaving(
        vendor=cast(Vendor, person.vendor),
        person_id=person.pk,
        email=person.email,
        words=tuple(dict.fromkeys(words)),
        heir_id=heir.pk if heir else None,
    )


def _others_of(person: User) -> QuerySet[User]:
    return User.objects.filter(company=person.company).exclude(pk=person.pk)


def _take_name(person: User) -> None:
    """The row keeps what it is needed for until it goes: an id, and a role that enters nowhere."""
    User.people.filter(pk=person.pk).update(
        email=GONE,
        first_name="",
        last_name="",
        company="",
        internal_notes="",
        metadata=[],
        is_active=False,
    )
    UserWord.objects.of([person.pk]).delete()


# --- What this room keeps of people beside their rows -------------------------------------------


def forget(leaving: Leaving) -> None:
    """Ends sessions, views and links; deletes tokens, refusals, and jobs that name the person."""
    person = User.objects.get(pk=leaving.person_id)
    sessions.end_all(person)
    view_as.end_barred(person)
    # Two statements, since SQLite finds either of the two by an index and both by none.
    ViewAs.objects.filter(staff=person).delete()
    ViewAs.objects.filter(customer=person).delete()
    Refusal.objects.filter(user=person).delete()
    PersonalAccessToken.objects.filter(user=person).delete()
    _forget_jobs(leaving)


def _forget_jobs(leaving: Leaving) -> None:
    """Who has asked for a link by the person's address, and reports of jobs that name the person.
    What is running just now has its row until it is done."""
    jobs = DBTaskResult.objects.filter(args_kwargs__kwargs__vendor_id=str(leaving.vendor.pk))
    jobs = jobs.exclude(status=TaskResultStatus.RUNNING)
    asked = jobs.filter(task_path=tasks.find_account.module_path)
    naming = [job.pk for job in asked if _email_in(job) in leaving.words]
    failed = jobs.filter(leaving.perhaps_in("traceback"))
    naming += [job.pk for job in failed if leaving.is_told_in(job.traceback)]
    DBTaskResult.objects.filter(pk__in=naming).delete()


def _email_in(job: Any) -> str:
    return normalise_email(str(job.args_kwargs["kwargs"]["email"]))


def tell(person_id: UUID) -> str:
    refused = Refusal.objects.filter(user=person_id).count()
    text = gettext("Account, internal notes, passkeys, access tokens, sessions and links go.")
    if not refused:
        return text
    also = ngettext("So does %(n)d refusal.", "So do %(n)d refusals.", refused)
    return f"{text} {also % {'n': refused}}"
