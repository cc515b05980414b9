"""A clock for what the demo tells of the past."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.utils import timezone


@contextmanager
def days_ago(days: float) -> Iterator[None]:
    """Inside, now is so many days ago: for rows, entries and verbs, which all ask Django's clock.

    A command seeds in a process of its own, so that nobody else looks at that clock meanwhile.
    """
    real = timezone.now
    then = real() - timedelta(days=days)

    def stopped() -> datetime:
        return then

    timezone.now = stopped
    try:
        yield
    finally:
        timezone.now = real
