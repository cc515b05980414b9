"""Queueing e-mails: the row that staff see and the job that delivers it, in one transaction."""

from typing import Any, Protocol
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from mail import delivery
from mail.kinds import kind_of
from mail.models import OutgoingEmail
from tenancy.door import inside
from web.once import count_once


class Recipient(Protocol):
    """What an e-mail needs to know of the person that it is about; who has no account has no
    `pk`."""

    @property
    def pk(self) -> UUID | None: ...

    @property
    def email(self) -> str: ...

    @property
    def vendor_id(self) -> UUID | None: ...


@transaction.atomic
def queue(
    kind: str,
    *,
    user: Recipient,
    recipient: str = "",
    license_id: UUID | None = None,
    details: dict[str, Any] | None = None,
    once: str = "",
) -> OutgoingEmail | None:
    """Queues an e-mail of a registered kind about a vendor's user, to the user's address or to
    `recipient`; it is lost if the transaction around this is.

    `details` are ids and addresses, never a secret. With `once`, a name that counts per vendor,
    the second e-mail of that name is None and nothing is queued. Raises UnknownKind, and
    TypeError for an operator, who has no vendor.
    """
    kind_of(kind)
    count_once()
    if user.vendor_id is None:
        raise TypeError("An e-mail in the outbox is a vendor's; an operator has none.")
    email = OutgoingEmail(
        vendor_id=user.vendor_id,
        kind=kind,
        user_id=user.pk,
        recipient=recipient or user.email,
        license_id=license_id,
        details=details or {},
        due_at=timezone.now(),
        once=once,
    )
    with inside(user.vendor_id):
        if not _saved(email):
            return None
        delivery.enqueue(email)
    return email


def _saved(email: OutgoingEmail) -> bool:
    """Whether it is the first one of its name, which the database decides."""
    if not email.once:
        email.save(force_insert=True)
        return True
    try:
        with transaction.atomic():
            email.save(force_insert=True)
    except IntegrityError:
        if OutgoingEmail.objects.filter(once=email.once).exists():
            return False
        raise
    return True
