"""Forgetting a person who is erased, in what was and will be sent to webhooks."""

from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import ngettext

from audit.verbs.erasing import Leaving
from webhooks.models import Delivery


def forget(leaving: Leaving) -> None:
    """Empties what was sent, and was answered, of events that tell of the person; those that wait
    are not sent any more."""
    about = Q(person_id=leaving.person_id) | leaving.perhaps_in("body", "answer")
    found = Delivery.objects.filter(about).exclude(body="", answer="")
    ids = [
        each.pk
        for each in found
        if each.person_id == leaving.person_id or leaving.is_told_in(each.body, each.answer)
    ]
    told = Delivery.objects.filter(pk__in=ids)
    told.filter(due_at__isnull=False).update(
        state=Delivery.State.GIVEN_UP, reason=Delivery.Reason.ERASED, due_at=None, claim=None
    )
    told.update(body="", answer="", person_id=None, updated_at=timezone.now())


def tell(person_id: UUID) -> str:
    """Says what `forget` will do."""
    n = Delivery.objects.filter(person_id=person_id).count()
    text = ngettext(
        "%(n)d event that was sent to a webhook is emptied.",
        "%(n)d events that were sent to webhooks are emptied.",
        n,
    )
    return text % {"n": n} if n else ""
