"""What is done to the database as its superuser, by Django's connection."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST_WAIT = 60.0  # seconds
# Cancels what others ask for at this moment, and counts it.
CANCEL = """
    SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity
    WHERE state = 'active' AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


def run(*statements: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def settle() -> None:
    """Ends what programs still ask for whose visitors have gone, so that nobody waits for it: until
    twice nothing is left, or a minute has passed."""
    from django.db import connection

    quiet, deadline = 0, time.monotonic() + LONGEST_WAIT
    while quiet < 2 and time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(CANCEL)
            quiet = 0 if cursor.fetchone()[0] else quiet + 1
        time.sleep(0.1)


@contextmanager
def logged() -> Iterator[None]:
    """Inside, the server's log has every statement."""
    run("ALTER SYSTEM SET log_statement = 'all'", "SELECT pg_reload_conf()")
    time.sleep(0.3)
    try:
        yield
    finally:
        run("ALTER SYSTEM RESET log_statement", "SELECT pg_reload_conf()")
