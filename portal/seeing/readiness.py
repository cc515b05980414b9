"""Whether visitors may be sent to this process, and what else is not as it should be, in words that
anybody may read."""

from dataclasses import dataclass
from threading import Lock
from time import monotonic

from django.db import Error, connection

from portal.seeing import facts, numbers

KEPT = 5.0  # seconds
LATE = 300.0  # seconds that a job may wait


@dataclass(frozen=True, slots=True)
class Readiness:
    """`refused`: why no visitor is to come here. `told`: what is wrong and keeps nobody away, since
    it would be no better at another process."""

    refused: str = ""
    told: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return "\n".join([self.refused or "ready", *self.told, ""])


def look() -> Readiness:
    """Asks the database each time, and for the rest at most every KEPT seconds."""
    try:
        with connection.cursor() as cursor:
            # Reads a table: SQLite would say yes to anything less without opening its file.
            cursor.execute("SELECT 1 FROM django_migrations LIMIT 1")
        return _kept.look()
    except Error:
        return Readiness("database unavailable")


class Kept:
    """What was found last; one thread looks anew, and the others wait for it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._until, self._found = 0.0, Readiness()

    def look(self) -> Readiness:
        with self._lock:
            if monotonic() >= self._until:
                self._found = find()
                self._until = monotonic() + KEPT
            return self._found

    def forget(self) -> None:
        self._until = 0.0


_kept = Kept()


def find() -> Readiness:
    """Looks at everything but whether the database answers."""
    if facts.missing_migrations():
        return Readiness("migrations missing")
    told = {
        "storage: not writable": not facts.can_store(),
        "queue: late": facts.queue().seconds > LATE,
        "worker: none": not facts.workers(),
        "redis: unavailable": facts.redis_answers() is False,
        "mail: failing": numbers.kept().get(numbers.FAILING, 0) > 0,
    }
    return Readiness(told=tuple(text for text, wrong in told.items() if wrong))
