"""Erasing a person from a vendor's audit trail, and from what other rooms keep of people."""

from collections.abc import Callable
from uuid import UUID

from django.contrib.auth import get_user_model

from audit import chain, trail
from audit.models import AuditParticulars
from tenancy.door import inside
from tenancy.models import Vendor
from tenancy.transactions import in_steps

AT_ONCE = 200  # parts of entries

Forget = Callable[[UUID, str], object]
ALSO: list[Forget] = []


def also(forget: Forget) -> None:
    """Registers what deletes, in the vendor's scope, what a room keeps beside its rows of the
    person with this id and e-mail (empty for somebody who is gone)."""
    ALSO.append(forget)


def erase(*, vendor: Vendor, person_id: UUID) -> int:
    """Empties what the vendor's entries say of a person, who may be gone already, and records that;
    how many such parts of entries it emptied. What else is kept goes, too (`also`).

    Where one part tells of two people, as when a licence goes from one to another, it goes whole.
    What is done later by the person, or to him, is written down again. If it is killed, it has to
    be called again, which goes on where it was.
    """
    with inside(vendor):
        told = AuditParticulars.objects.filter(people__contains=str(person_id), said__isnull=False)
        ids = list(told.values_list("pk", flat=True))
        # Without a name and an address: the entry that tells of it must not say them. It is the
        # first, so that nothing is ever missing without an entry that tells why.
        person = get_user_model()(pk=person_id, vendor=vendor)
        trail.record(chain.ERASED, person, customer_id=person_id)
        parts = [ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE)]
        in_steps(parts, lambda part: told.filter(pk__in=part).update(salt="", said=None))
        known = get_user_model().objects.filter(pk=person_id).values_list("email", flat=True)
        for forget in ALSO:
            forget(person_id, known.first() or "")
    return len(ids)
