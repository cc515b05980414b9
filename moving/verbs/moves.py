"""Moving in: a source is read noun by noun and page by page, and what it says becomes rows here
(writing.py).

A command carries a move on by itself; of one that was begun in the back office a job does so for a
few seconds and hands over to the next one. Whoever is killed, the next one goes on where he was. No
e-mail is sent by any of it.
"""

from contextlib import suppress
from datetime import timedelta
from time import monotonic
from typing import Any
from uuid import UUID

from cryptography.fernet import InvalidToken
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tasks import task

from accounts.models import User
from audit import trail
from audit.acting import Actor, Source, acting, actor
from audit.verbs.erasing import Leaving
from jobs.vendors import at_each
from moving.errors import MovesAlready, NotStopped, TokenMissing
from moving.models import Move, Remark, Taken
from moving.nouns import BY_NAME, NOUNS, Noun
from moving.source import Later, Unavailable, back_off, base_of
from moving.source import Source as Host
from moving.verbs import writing
from moving.verbs.writing import Superseded
from tenancy.door import inside
from tenancy.encryption import encryption
from tenancy.models import Vendor
from tenancy.table import every_vendor
from tenancy.transactions import in_steps

AT_A_TIME = 10.0  # seconds that a job takes until other jobs of the queue have their turn
FILE_AT_MOST = 60.0  # seconds for a file in a job: e-mails wait for the same worker
MOST_TRIES = 100  # in a row, which are more than an hour
STANDS_STILL = timedelta(minutes=10)
UNAUTHORIZED, NOT_FOUND = 401, 404
State = Move.State


# --- Verbs --------------------------------------------------------------------------------------


def begin(vendor: Vendor, *, address: str, token: str, by_jobs: bool) -> Move:
    """Begins to read a source. With `by_jobs` jobs do so, and the token is kept for them,
    encrypted; otherwise who calls goes on with `advance`. Raises BadSource, TokenMissing and
    MovesAlready."""
    base = base_of(address)
    if not token.strip():
        raise TokenMissing
    row = Move(
        vendor=vendor,
        address=base,
        noun=NOUNS[0].name,
        by_jobs=by_jobs,
        encrypted_token=_encrypted(token) if by_jobs else "",
        started_by=_who(),
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            trail.record("move-begun", row, details={"address": base})
            if by_jobs:
                _enqueue(row)
    except IntegrityError as error:
        raise MovesAlready from error
    return row


def under_way(*, address: str) -> Move | None:
    """The move that a command has begun from this source and not ended. Raises BadSource."""
    running = Move.objects.select_related("vendor").filter(state=State.RUNNING, by_jobs=False)
    return running.filter(address=base_of(address)).first()


@transaction.atomic
def stop(row: Move) -> None:
    """Ends a move where it is; what was taken stays. Raises NotStopped."""
    _end(row, State.STOPPED, _("Somebody has stopped it."))


@transaction.atomic
def resume(row: Move, *, token: str) -> None:
    """Has jobs go on with a move that was stopped. Raises TokenMissing, NotStopped and
    MovesAlready."""
    if not token.strip():
        raise TokenMissing
    stopped = Move.objects.filter(pk=row.pk, state=State.STOPPED)
    changes = {
        "state": State.RUNNING,
        "encrypted_token": _encrypted(token),
        "by_jobs": True,
        "tries": 0,
        "why": "",
        "finished_at": None,
        "updated_at": timezone.now(),
    }
    try:
        with transaction.atomic():
            moved = stopped.update(**changes)
    except IntegrityError as error:
        raise MovesAlready from error
    if not moved:
        raise NotStopped
    trail.record("move-resumed", row)
    _enqueue(row)


def _end(row: Move, state: State, why: str = "") -> None:
    """Ends it, once; the token goes. Raises NotStopped."""
    now = timezone.now()
    running = Move.objects.filter(pk=row.pk, state=State.RUNNING)
    if not running.update(
        state=state, why=why[:500], encrypted_token="", finished_at=now, updated_at=now
    ):
        raise NotStopped
    row.state, row.why = state, why
    trail.record("move-ended", row, details={"counts": row.counts, "why": why})


def _encrypted(token: str) -> str:
    return encryption().encrypt(token.strip().encode()).decode()


def _who() -> User | None:
    person = actor().who()
    return person if isinstance(person, User) and not person.is_operator else None


def _enqueue(row: Move, *, seconds: float = 0) -> None:
    job: Any = carry_on
    if seconds:
        job = job.using(run_after=timezone.now() + timedelta(seconds=seconds))
    job.enqueue(vendor_id=str(row.vendor_id), move_id=str(row.pk))


# --- Going on -----------------------------------------------------------------------------------


@task()
def carry_on(*, vendor_id: str, move_id: str) -> None:
    """Goes on with a move for some seconds, in the name of who began it."""
    with inside(UUID(vendor_id)):
        rows = Move.objects.select_related("vendor", "started_by__vendor")
        row = rows.filter(pk=move_id, state=State.RUNNING, by_jobs=True).first()
        if row is None:
            return
        who = Actor(source=Source.BACKOFFICE, who=lambda: row.started_by)
        with acting(who), suppress(Superseded, NotStopped):
            try:
                token = encryption().decrypt(row.encrypted_token.encode()).decode()
            except InvalidToken:
                _stop_for(row, _("The token can't be read any more. Enter it again."))
                return
            wait = advance(row, token, until=monotonic() + AT_A_TIME)
            if wait is not None:
                _enqueue(row, seconds=wait)


def advance(row: Move, token: str, *, until: float) -> float | None:
    """Goes on up to this moment of `monotonic`; how many seconds to wait before it is called again,
    None where the move has ended. Raises Superseded and NotStopped."""
    limit = {"file_time": FILE_AT_MOST} if row.by_jobs else {}
    source = Host(row.address, token, **limit)
    while monotonic() < until:
        try:
            if _page(row, source):
                return None
        except Later as later:
            return _put_off(row, later)
        if source.pause:
            return source.pause
    return 0.0


def _page(row: Move, source: Host) -> bool:
    """Takes the page at which it is, or what is left of it; whether nothing comes after it."""
    noun = BY_NAME[row.noun]
    try:
        rows = _rows(row, noun, source)
    except Unavailable as error:
        if error.status == UNAUTHORIZED:
            _stop_for(row, error.sentence)
            return True
        return _next_noun(row, noun, error.sentence)
    if not rows:
        return _next_noun(row, noun)
    for start in range(row.rows_done, len(rows), noun.at_once):
        part = rows[start : start + noun.at_once]
        with writing.preparing(row, noun, part, source) as prepared:
            in_steps([prepared], lambda ready, part=part: writing.write(row, noun, part, ready))  # type: ignore[misc]
    _move_on(row, noun=row.noun, page=row.page + 1)
    return False


def _rows(row: Move, noun: Noun, source: Host) -> list[Any]:
    """Those of the page, under whichever name the source has the list. Raises Later and
    Unavailable."""
    try:
        return source.page(noun.path, row.page)
    except Unavailable as error:
        if error.status != NOT_FOUND or not noun.today:
            raise
        return source.page(noun.today, row.page)


def _next_noun(row: Move, noun: Noun, why: str = "") -> bool:
    at = NOUNS.index(noun) + 1
    with transaction.atomic():
        if why:
            writing.remark(row, noun, why).save(force_insert=True)
        if at < len(NOUNS):
            _move_on(row, noun=NOUNS[at].name, page=1)
            return False
        _end(row, State.DONE)
    return True


def _move_on(row: Move, *, noun: str, page: int) -> None:
    here = Move.objects.filter(pk=row.pk, state=State.RUNNING, noun=row.noun, page=row.page)
    if not here.update(noun=noun, page=page, rows_done=0, tries=0, updated_at=timezone.now()):
        raise Superseded
    row.noun, row.page, row.rows_done, row.tries = noun, page, 0, 0


def _put_off(row: Move, later: Later) -> float | None:
    """Notes that the source could not answer; for how long to wait."""
    if not later.failed:
        return later.seconds
    row.tries += 1
    if row.tries >= MOST_TRIES:
        _stop_for(row, later.sentence)
        return None
    why = later.sentence[:500]
    Move.objects.filter(pk=row.pk).update(tries=row.tries, why=why, updated_at=timezone.now())
    return max(later.seconds, back_off(row.tries - 1))


@transaction.atomic
def _stop_for(row: Move, why: str) -> None:
    _end(row, State.STOPPED, why)


def go_on() -> int:
    """The hourly chore (jobs/chores.py): has moves go on that have stood still, so that their jobs
    must be lost; returns how many."""
    before = timezone.now() - STANDS_STILL

    def at(_vendor: Vendor) -> int:
        still = list(Move.objects.filter(state=State.RUNNING, by_jobs=True, updated_at__lt=before))
        for row in still:
            _enqueue(row)
        return len(still)

    return at_each(at, every_vendor())


# --- Erasing ------------------------------------------------------------------------------------


def forget(leaving: Leaving) -> None:
    """Takes the person's name from the moves that were begun by it, and forgets what a source said
    of it; not that it came from there, by which it is not brought again."""
    Move.objects.filter(started_by=leaving.person_id).update(started_by=None)
    taken = Taken.objects.filter(noun="users", row_id=leaving.person_id)
    taken.update(source_digest="", here_digest="")


def remarks_of(row: Move) -> Any:
    """The lines of its report, in their order."""
    return Remark.objects.filter(move=row).order_by("created_at", "id")
