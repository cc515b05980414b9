"""What becomes of offline files when a person is erased."""

from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import ngettext

from audit.verbs.erasing import Leaving
from offline.models import OfflineExchange


def forget(leaving: Leaving) -> None:
    """Takes the responses and the names of machines away. That a request was answered stays, by its
    digest, so that nobody can hand it in as a new one."""
    # Rows of long ago don't say whose the licence was.
    theirs = Q(owner=leaving.person_id) | Q(owner=None, user=leaving.person_id)
    OfflineExchange.objects.filter(theirs).update(
        response="", hostname="", valid_until=None, owner=None, updated_at=timezone.now()
    )
    OfflineExchange.objects.filter(user=leaving.person_id).update(user=None)


def tell(person_id: UUID) -> str:
    """Says what `forget` will do."""
    n = OfflineExchange.objects.filter(Q(owner=person_id) | Q(user=person_id)).count()
    text = ngettext(
        "%(n)d offline request loses its response, its machine’s name and who handed it in.",
        "%(n)d offline requests lose their responses, machines’ names and who handed them in.",
        n,
    )
    return text % {"n": n} if n else ""
