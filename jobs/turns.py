"""Whose turn a chore is: one conditional UPDATE decides, so that of any number of workers one does
it. A claim runs out LEASES rounds after its worker was killed; a living worker moves it on.
"""

import logging
import os
import socket
from datetime import datetime, timedelta
from time import monotonic

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from jobs.chores import CHORES, Chore
from jobs.models import ChoreTurn, SeenWorker
from web.secrecy import without_secrets
from web.watched import doing

logger = logging.getLogger(__name__)

LEASES = 3  # rounds
# Whatever is at a chore for longer hangs: another worker may try, beside it.
LONGEST = timedelta(hours=6)
SOON = 300.0  # seconds until what failed is tried again, at the latest
LONGEST_SENTENCE = 300  # characters
FORGOTTEN = timedelta(days=1)  # workers that were not seen


def lease() -> timedelta:
    """How long a claim lasts that nobody moves on."""
    return timedelta(seconds=LEASES * settings.UPKEEP_INTERVAL)


def make_rows() -> None:
    """Makes the rows of chores that have none: they are due."""
    now = timezone.now()
    rows = [ChoreTurn(name=name, due_at=now) for name in CHORES]
    ChoreTurn.objects.bulk_create(rows, ignore_conflicts=True)


def due() -> list[Chore]:
    """The chores that somebody may claim now, the one that has waited longest first."""
    now = timezone.now()
    names = _free(now).order_by("due_at", "name").values_list("name", flat=True)
    return [CHORES[name] for name in names if name in CHORES]


def claim(chore: Chore, worker: str) -> datetime | None:
    """Makes it this worker's turn; returns since when, or None when it is not due, or another's."""
    now = timezone.now()
    mine = _free(now).filter(pk=chore.name)
    since = {"claimed_by": worker, "claimed_until": now + lease(), "started_at": now}
    return now if mine.update(**since) else None


def move_on(worker: str) -> None:
    """Moves on the claims of a worker that lives, but for what hangs."""
    now = timezone.now()
    claimed = ChoreTurn.objects.filter(claimed_by=worker, started_at__gt=now - LONGEST)
    claimed.update(claimed_until=now + lease())


def give_back(worker: str) -> None:
    """Lets other workers have at once what this one leaves undone."""
    claimed = ChoreTurn.objects.filter(claimed_by=worker)
    claimed.update(claimed_by="", claimed_until=None, due_at=timezone.now())


def take(chore: Chore, worker: str) -> bool:
    """Does the chore if it is due and nobody else's turn, and notes how it went; returns whether
    it was this worker's. What it raises is logged: there is a next time."""
    started_at = claim(chore, worker)
    if started_at is None:
        return False
    began, failed = monotonic(), False
    with doing("chore", chore.name) as done:
        try:
            said = sentence(chore.run())
        except Exception as error:
            logger.exception("The chore %s failed; it is tried again.", chore.name)
            said, failed = sentence_of(error), True
        done.failed = failed
    seconds = chore.rhythm.seconds
    next_time = (
        timezone.now() + timedelta(seconds=min(seconds, SOON))
        if failed
        else started_at + timedelta(seconds=seconds)
    )
    # Another worker's by now, if this one's claim ran out.
    mine = ChoreTurn.objects.filter(pk=chore.name, claimed_by=worker, started_at=started_at)
    mine.update(
        claimed_by="",
        claimed_until=None,
        due_at=next_time,
        ended_at=timezone.now(),
        seconds=monotonic() - began,
        failed=failed,
        said=said,
    )
    return True


def sentence(done: object) -> str:
    """What a chore returned, in words."""
    if isinstance(done, int):
        return f"{done} done." if done else "Nothing to do."
    return str(done or "Done.")[:LONGEST_SENTENCE]


def sentence_of(error: Exception) -> str:
    """Why a chore failed, without what opens something and without anybody's address."""
    first_line = (str(error).splitlines() or [""])[0]
    told = f"{type(error).__name__}: {without_secrets(first_line)}"
    return told[:LONGEST_SENTENCE]


def be_seen(worker: str, since: datetime) -> None:
    """Notes that the worker lives."""
    seen = {"machine": socket.gethostname()[:100], "process": os.getpid(), "started_at": since}
    row = {**seen, "seen_at": timezone.now()}
    SeenWorker.objects.update_or_create(pk=worker, defaults=row)


def be_gone(worker: str) -> None:
    """Forgets the worker, which has ended."""
    SeenWorker.objects.filter(pk=worker).delete()


def forget_workers() -> str:
    """The daily chore: workers that were killed have said nothing for a day."""
    gone, _ = SeenWorker.objects.filter(seen_at__lte=timezone.now() - FORGOTTEN).delete()
    return f"Forgot {gone} workers that were killed."


def _free(now: datetime) -> QuerySet[ChoreTurn]:
    unclaimed = Q(claimed_until=None) | Q(claimed_until__lte=now)
    return ChoreTurn.objects.filter(unclaimed, due_at__lte=now)
