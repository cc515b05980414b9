"""The sessions of plain Django, which the portal has none of: their table, and one of a person's."""

from datetime import timedelta
from typing import Any

TABLE = """
    CREATE TABLE django_session (
        session_key varchar(40) PRIMARY KEY, session_data text NOT NULL,
        expire_date timestamptz NOT NULL
    )
"""
INDEX = "CREATE INDEX ON django_session (expire_date)"
BACKEND = "django.contrib.auth.backends.ModelBackend"


def make_session_table() -> None:
    """As `django.contrib.sessions` makes it."""
    from bench.database import run

    run(TABLE, INDEX, "GRANT SELECT, INSERT, UPDATE, DELETE ON django_session TO PUBLIC")


def plain_session_of(person: Any) -> str:
    """The key of a session as Django's own sign-in writes it."""
    from django.contrib import auth
    from django.contrib.sessions.backends.base import SessionBase
    from django.db import connection
    from django.utils import timezone
    from django.utils.crypto import get_random_string

    class SessionStore(SessionBase):
        """By whose name what it writes is signed."""

        __qualname__ = "SessionStore"

    kept = {
        auth.SESSION_KEY: str(person.pk),
        auth.BACKEND_SESSION_KEY: BACKEND,
        auth.HASH_SESSION_KEY: person.get_session_auth_hash(),
    }
    key = get_random_string(32)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_session VALUES (%s, %s, %s)",
            [key, SessionStore().encode(kept), timezone.now() + timedelta(days=14)],
        )
    return key
