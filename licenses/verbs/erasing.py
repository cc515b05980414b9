"""What becomes of licences when a person is erased: they stay, with their history, and go to
another customer or to nobody."""

from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import ngettext

from accounts.models import User
from accounts.verbs.erasing import GONE
from audit import rows, trail
from audit.verbs.erasing import Leaving
from licenses.history import Event
from licenses.models import (
    Activation,
    ActivationWord,
    GoneMachine,
    License,
    LicenseMetadata,
    LicenseUser,
    LicenseWord,
    SeatRequest,
)
from mail.models import OutgoingEmail, SentText

AT_ONCE = 500
# What of a licence is its customer's, whatever stands there; and what goes where it tells of him.
EMPTIED = ("name", "notes", "internal_notes")
PERHAPS = ("order_number", "renewal_url")


def forget(leaving: Leaving) -> None:
    """Hands the person's licences over, and empties what they, their machines and requests to
    release these tell of the person."""
    for holder in LicenseUser.objects.filter(user=leaving.person_id):
        rows.delete(holder)
    _forget_requests(leaving)
    held = License.objects.select_for_update(of=("self",)).filter(user=leaving.person_id)
    licenses = list(held.order_by("pk"))
    for start in range(0, len(licenses), AT_ONCE):
        _hand_over(licenses[start : start + AT_ONCE], leaving)


def _hand_over(licenses: list[License], leaving: Leaving) -> None:
    now, ids = timezone.now(), [each.pk for each in licenses]
    emptied = dict.fromkeys(EMPTIED, "")
    mine = License.objects.filter(pk__in=ids)
    mine.update(user=leaving.heir_id, updated_at=now, **emptied)
    for license in licenses:
        told = [name for name in PERHAPS if leaving.is_told_in(getattr(license, name))]
        if told:
            License.objects.filter(pk=license.pk).update(**dict.fromkeys(told, ""))
    # The owner of a licence is no further user of it.
    for holder in LicenseUser.objects.filter(license__in=ids, user=leaving.heir_id):
        rows.delete(holder)
    for entry in LicenseMetadata.objects.filter(leaving.perhaps_in("value"), license__in=ids):
        if leaving.is_told_in(entry.value):
            LicenseMetadata.objects.filter(pk=entry.pk).update(value="")
    LicenseWord.objects.keep(ids)
    _empty_machines(ids)
    GoneMachine.objects.filter(license__in=ids).delete()
    _record(licenses, leaving)


def _empty_machines(ids: list[UUID]) -> None:
    """Seats and fingerprints stay; programs tell the rest anew when they next ask."""
    machines = Activation.objects.filter(license__in=ids)
    machines.update(
        hostname="",
        vm_name="",
        user_hash="",
        metadata=[],
        offline_response_valid_until=None,
        updated_at=timezone.now(),
    )
    ActivationWord.objects.keep(machines.values_list("pk", flat=True))


def _record(licenses: list[License], leaving: Leaving) -> None:
    """The history tells that the licence has another owner, and of the one before no name."""
    heir = User.objects.filter(pk=leaving.heir_id).first() if leaving.heir_id else None
    for license in licenses:
        license.user = heir
    changes = {"user": [GONE, str(heir) if heir else None]}
    trail.record_all(
        trail.Draft(action=Event.CHANGED, row=license, changes=changes) for license in licenses
    )


def _forget_requests(leaving: Leaving) -> None:
    """That something was asked stays, by what it was answered; what was typed goes, and what of it
    was e-mailed to staff."""
    theirs = Q(owner=leaving.person_id) | Q(user=leaving.person_id)
    requests = SeatRequest.objects.filter(theirs)
    ids = [str(each) for each in requests.values_list("pk", flat=True)]
    if not ids:
        return
    emails = OutgoingEmail.objects.filter(details__request__in=ids)
    SentText.objects.filter(email__in=list(emails.values_list("pk", flat=True))).delete()
    emails.update(subject="")
    requests.filter(state=SeatRequest.State.OPEN).update(
        state=SeatRequest.State.NOT_NEEDED, answered_at=timezone.now()
    )
    requests.update(reason="", hostname="", answer="", updated_at=timezone.now())


def tell(person_id: UUID) -> str:
    """Says what `forget` will do."""
    n = License.objects.filter(user=person_id).count()
    text = ngettext(
        "%(n)d licence stays, with its history, machines and seats. It loses its name, its notes "
        "and what its machines are called.",
        "%(n)d licences stay, with their history, machines and seats. They lose their names, their "
        "notes and what their machines are called.",
        n,
    )
    return text % {"n": n} if n else ""
