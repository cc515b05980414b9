"""What operators did. They have no vendor and no trail of their own: each act stands in the trail
of the vendor that it was about."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import QuerySet

from audit.acting import Source
from audit.models import AuditEntry


def acts_of(operator_id: UUID, *, vendors: Collection[UUID]) -> QuerySet[AuditEntry]:
    """The entries of what the operator did at these vendors, to be read by `Way.ACTS`: their own
    columns alone, not what they say of people, which stays the vendor's."""
    entries = AuditEntry.objects.select_related(None)
    return entries.filter(
        vendor_id__in=vendors,
        actor_id=operator_id,
        source=Source.BACKOFFICE,
        actor_vendor="",
        customer_id=None,
        license_id=None,
    )
