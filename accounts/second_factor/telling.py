"""E-mails about how somebody signs in. Those to a vendor's people stand in its list of e-mails; an
operator belongs to no vendor, so that a job sends theirs."""

from typing import Any

from accounts import tasks
from accounts.models import User
from mail.outbox import queue


def tell(kind: str, user: User, **details: Any) -> None:
    """Has the person told what became of it."""
    if user.vendor_id:
        queue(kind, user=user, details=details)
    else:
        tasks.tell_operator.enqueue(kind=kind, user_id=str(user.pk), details=details)
