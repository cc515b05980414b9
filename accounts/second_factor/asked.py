"""Of whom a second factor is asked, and from when on: a vendor's of its people, the installation's
of operators."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from accounts.models import User


def due(user: User) -> datetime | None:
    """Until when the person may go on without a second factor; None where nobody asks for one. For
    somebody who has been added since it is asked for, the days count from then on."""
    vendor = user.vendor
    if vendor is None:
        return user.created_at if settings.OPERATORS_NEED_SECOND_FACTOR else None
    since = vendor.customers_asked_since if user.is_customer else vendor.staff_asked_since
    if since is None:
        return None
    return max(since, user.created_at) + timedelta(days=vendor.second_factor_grace)


def lacks(user: User) -> bool:
    """Whether one is asked for that the person has not."""
    return user.second_factor_since is None and due(user) is not None


def is_overdue(user: User) -> bool:
    """Whether the person has to set one up before anything else."""
    until = due(user) if user.second_factor_since is None else None
    return until is not None and timezone.now() >= until
