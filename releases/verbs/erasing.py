"""What becomes of downloads when a person is erased."""

from uuid import UUID

from django.utils.translation import ngettext

from audit.verbs.erasing import Leaving
from releases.models import Download


def forget(leaving: Leaving) -> None:
    """Downloads are billed by, so they stay: without whom and from where."""
    theirs = Download.objects.filter(user=leaving.person_id)
    theirs.update(user=None, ip=None)


def tell(person_id: UUID) -> str:
    """Says what `forget` will do."""
    n = Download.objects.filter(user=person_id, counted=True).count()
    text = ngettext(
        "%(n)d download is still counted, without who it was and from where.",
        "%(n)d downloads are still counted, without who it was and from where.",
        n,
    )
    return text % {"n": n} if n else ""
