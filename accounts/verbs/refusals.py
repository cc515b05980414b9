"""Keeping what people were refused: the last 50 of a kind and a person, for 30 days.

Runs in the vendor's scope. Each note costs the same whether the person is known or not.
"""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import Refusal, User
from accounts.models.sessions import LONGEST_BROWSER
from jobs.vendors import at_each
from tenancy.door import current_vendor
from tenancy.models import Vendor
from tenancy.table import every_vendor
from tenancy.transactions import delete_in_steps

LONGEST_SAID = 256  # characters of what a file says
KEPT = 50  # of a kind and a person
KEPT_FOR = timedelta(days=30)


@transaction.atomic
def note(
    kind: Refusal.Kind,
    reason: str,
    *,
    user: User | None,
    said: str = "",
    machine: str = "",
    license_key: str = "",
    license_id: UUID | None = None,
    ip: str = "",
    browser: str = "",
) -> None:
    """Writes down that the person was refused something, and for what reason; drops the oldest.
    `machine`, `license_key` and `license_id` say what a file was for."""
    of_kind = Refusal.objects.filter(user=user, kind=kind)
    surplus = of_kind.order_by("-created_at", "id").values_list("pk", flat=True)[KEPT - 1 :]
    Refusal.objects.filter(pk__in=list(surplus)).delete()
    Refusal.objects.create(
        vendor=current_vendor(),
        user=user,
        kind=kind,
        reason=reason,
        said=said,
        machine=machine[:LONGEST_SAID],
        license_key=license_key[:LONGEST_SAID],
        license_id=license_id,
        ip=ip,
        browser=browser[:LONGEST_BROWSER],
    )


def clean_up_all() -> str:
    """The daily chore (jobs/chores.py): deletes what is older than 30 days."""
    before = timezone.now() - KEPT_FOR

    def at(_vendor: Vendor) -> int:
        return delete_in_steps(Refusal.objects.filter(created_at__lt=before))

    deleted = at_each(at, every_vendor())
    return f"Deleted {deleted} refusals that are older than {KEPT_FOR.days} days."
