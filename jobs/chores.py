"""What is done again and again wherever workers run; rooms register it in their app's `ready()`.

Each chore is done once in its time, whatever the number of workers (jobs/turns.py). It is safe to
repeat all the same, also at the same time in two of them: a worker that was killed may have done
it, and one that is only slow may still be at it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from threading import Event

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Run = Callable[[], object]
Cleaner = Callable[[], str]


@dataclass(frozen=True, slots=True)
class Beside:
    """What a worker does beside its jobs, in a thread of its own: `run` until the event is set,
    `run_dry` what there is to do now. Both may be killed, and begun again."""

    name: str
    run: Callable[[Event], None]
    run_dry: Callable[[], None]


class Rhythm(Enum):
    """How often a chore is done."""

    ROUND = "round"  # each UPKEEP_INTERVAL
    MINUTE = "minute"
    FIVE_MINUTES = "five-minutes"
    HOUR = "hour"
    DAY = "day"

    @property
    def seconds(self) -> float:
        return float(settings.UPKEEP_INTERVAL) if self is Rhythm.ROUND else SECONDS[self]


SECONDS = {
    Rhythm.MINUTE: 60.0,
    Rhythm.FIVE_MINUTES: 300.0,
    Rhythm.HOUR: 3600.0,
    Rhythm.DAY: 86400.0,
}
LABELS: dict[Rhythm, Promise] = {
    Rhythm.ROUND: _("All the time"),
    Rhythm.MINUTE: _("Every minute"),
    Rhythm.FIVE_MINUTES: _("Every five minutes"),
    Rhythm.HOUR: _("Every hour"),
    Rhythm.DAY: _("Every day"),
}


@dataclass(frozen=True, slots=True)
class Chore:
    """One of them: the name of its row, what it does, and by which function, which returns a
    sentence, how many things it has done, or nothing."""

    name: str
    title: Promise
    run: Run
    rhythm: Rhythm


BESIDE: list[Beside] = []
CHORES: dict[str, Chore] = {}  # by their names


def beside(what: Beside) -> None:
    """Registers what every worker does all the time."""
    BESIDE.append(what)


def every_round(name: str, title: Promise, run: Run) -> None:
    """Registers what puts back what a killed worker left, or must not wait for long."""
    _register(Chore(name, title, run, Rhythm.ROUND))


def every_minute(name: str, title: Promise, run: Run) -> None:
    """Registers what is looked at by people soon."""
    _register(Chore(name, title, run, Rhythm.MINUTE))


def every_five_minutes(name: str, title: Promise, run: Run) -> None:
    """Registers what is due by its own times, for which it looks."""
    _register(Chore(name, title, run, Rhythm.FIVE_MINUTES))


def every_hour(name: str, title: Promise, run: Run) -> None:
    """Registers what may wait for an hour."""
    _register(Chore(name, title, run, Rhythm.HOUR))


def every_day(name: str, title: Promise, run: Cleaner) -> None:
    """Registers what deletes what has run out, which `manage.py clean_up` does as well; it says in
    a sentence what it deleted."""
    _register(Chore(name, title, run, Rhythm.DAY))


def of(rhythm: Rhythm) -> list[Chore]:
    """The chores of a rhythm, as they were registered."""
    return [chore for chore in CHORES.values() if chore.rhythm is rhythm]


def _register(chore: Chore) -> None:
    if chore.name in CHORES:
        raise ImproperlyConfigured(f"There are two chores of the name {chore.name}.")
    CHORES[chore.name] = chore
