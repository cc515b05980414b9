"""What is done again and again wherever workers run; rooms register it in their app's `ready()`.

Every chore is safe to repeat, also at the same time in several workers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event

Chore = Callable[[], object]
Cleaner = Callable[[], str]


@dataclass(frozen=True, slots=True)
class Beside:
    """What a worker does beside its jobs, in a thread of its own: `run` until the event is set,
    `run_dry` what there is to do now. Both may be killed, and begun again."""

    name: str
    run: Callable[[Event], None]
    run_dry: Callable[[], None]


BESIDE: list[Beside] = []
EVERY_ROUND: list[Chore] = []  # each UPKEEP_INTERVAL
EVERY_HOUR: list[Chore] = []  # and when a worker starts
EVERY_DAY: list[Cleaner] = []  # by `manage.py clean_up`; says in a sentence what it deleted


def beside(what: Beside) -> None:
    """Registers what every worker does all the time."""
    BESIDE.append(what)


def every_round(chore: Chore) -> None:
    """Registers what puts back what a killed worker left."""
    EVERY_ROUND.append(chore)


def every_hour(chore: Chore) -> None:
    """Registers what every worker does when it starts and once an hour."""
    EVERY_HOUR.append(chore)


def every_day(cleaner: Cleaner) -> None:
    """Registers what deletes what has run out."""
    EVERY_DAY.append(cleaner)
