"""That a customer takes along what is kept of him: recorded, and so often at most."""

from accounts.models import User
from audit import trail
from web import limits

ARCHIVE = "archive"


def note_table(user: User, name: str) -> None:
    """Records that the customer takes one table. Raises TooManyAttempts."""
    limits.take(limits.OWN_TABLES_PER_USER, str(user.pk))
    _record(user, name)


def note_archive(user: User) -> None:
    """Records that the customer takes all of it. Raises TooManyAttempts."""
    limits.take(limits.OWN_ARCHIVES_PER_USER, str(user.pk))
    _record(user, ARCHIVE)


def _record(user: User, name: str) -> None:
    trail.record("own-data-taken", user, details={"list": name}, visible=True)
