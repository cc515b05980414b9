"""One change to all rows that a list has, however many: fixed when it is confirmed, made by jobs.

Who confirms it fixes the rows, as they are then. Jobs change them step by step, in transactions so
short that nobody waits for them: each step is done in the transaction that notes it, so once,
however often a job is killed or repeated. A row that was changed in between is left alone. What
jobs do is done in the name of who confirmed it, as long as that person has the right. Everything
here runs in the vendor's scope.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from time import monotonic
from typing import Any
from uuid import UUID

from django.db import IntegrityError, models, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tasks import task

from audit import trail
from audit.acting import Actor, Source, acting, actor
from audit.verbs.erasing import Leaving
from backoffice.bulk.errors import ConfirmedAlready, NotRunning
from backoffice.bulk.kinds import KINDS, Act, Kind
from backoffice.models import BulkChange, BulkStep
from jobs.newer import OfNewerVersion
from jobs.vendors import at_each
from tenancy.door import inside
from tenancy.models import Vendor
from tenancy.table import every_vendor
from tenancy.transactions import all_or_none, delete_in_steps, in_steps
from tenancy.waiting import passes
from web.errors import PortalError

logger = logging.getLogger(__name__)

STEP = 50  # rows
READ_AT_ONCE = 2000
AT_A_TIME = 10.0  # seconds that a job works until other jobs of the queue have their turn
STANDS_STILL = timedelta(minutes=30)
KEPT = timedelta(days=90)  # what became of each row
REFUSED, LEFT = "refused", "left"
State = BulkChange.State
RUNNING = (State.WAITING, State.RUNNING)


class Superseded(Exception):
    """Somebody has stopped the change, or another run of the job has ended it."""


# --- Verbs --------------------------------------------------------------------------------------


def confirm(
    *,
    id: UUID,
    vendor: Vendor,
    kind: str,
    name: str,
    label: str,
    values: Mapping[str, Any],
    rows: Iterable[tuple[UUID, str]],
) -> BulkChange:
    """Fixes the rows, each with the digest of how it is, and has them changed.

    Raises ConfirmedAlready for an id that there is, so that a confirmation counts once.
    """
    # Made before, so that the transaction is no longer than it has to be.
    fixed = [(str(pk), digest) for pk, digest in rows]
    who: Any = actor().who()
    change = BulkChange(
        id=id,
        vendor=vendor,
        kind=kind,
        name=name,
        label=label[:200],
        values=dict(values),
        rows=len(fixed),
        confirmed_by=who,
        confirmed_ip=actor().ip or None,
    )
    steps = [
        BulkStep(vendor=vendor, change=change, number=number, rows=fixed[start : start + STEP])
        for number, start in enumerate(range(0, len(fixed), STEP))
    ]
    try:
        with transaction.atomic():
            change.save(force_insert=True)
            BulkStep.objects.bulk_create(steps, batch_size=500)
            trail.record("change-confirmed", change, details={"rows": change.rows})
            carry_out.enqueue(vendor_id=str(vendor.pk), change_id=str(change.pk))
    except IntegrityError as error:
        if not is_there(id):
            raise
        raise ConfirmedAlready from error
    return change


def is_there(id: UUID) -> bool:
    """Whether a change of this id was confirmed."""
    return BulkChange.objects.filter(pk=id).exists()


@transaction.atomic
def stop(change: BulkChange) -> None:
    """Leaves the rows alone that have not been changed yet. Raises NotRunning."""
    if not _end(change, State.STOPPED, why=_("Somebody has stopped it.")):
        raise NotRunning
    trail.record("change-stopped", change)


# --- Jobs ---------------------------------------------------------------------------------------


@task()
def carry_out(*, vendor_id: str, change_id: str) -> None:
    """Changes the rows that are left; what there is no time for now another job goes on with."""
    with inside(UUID(vendor_id)):
        changes = BulkChange.objects.select_related("vendor", "confirmed_by__vendor")
        change = changes.get(pk=change_id)
        who = Actor(
            source=Source.BACKOFFICE, ip=change.confirmed_ip or "", who=lambda: change.confirmed_by
        )
        if not change.is_running:
            return
        with acting(who), suppress(Superseded):
            if not _carry_out(change, until=monotonic() + AT_A_TIME):
                carry_out.enqueue(vendor_id=vendor_id, change_id=change_id)


def _carry_out(change: BulkChange, *, until: float) -> bool:
    """Whether this run has brought it to its end. Raises OfNewerVersion."""
    kind = KINDS.get(change.kind)
    if kind is None:
        raise OfNewerVersion
    # SECURITY: tests/backoffice/test_bulk.py. The right may have been taken meanwhile.
    if change.confirmed_by is None or not change.confirmed_by.has_perm(kind.right):
        return _end(change, State.STOPPED, why=_("Who confirmed it may not do this any more."))
    try:
        act = kind.act(change.name, change.values)
    except ValueError as error:
        return _end(change, State.FAILED, why=str(error)[:300])
    try:
        in_steps(_left(change, until), lambda step: _do(change, kind, act, step))
    except Superseded:
        raise
    except Exception as error:
        if passes(error):
            raise  # The worker tries it again.
        logger.exception("The change %s could not be made.", change.pk)
        return _end(change, State.FAILED, why=_("Something went wrong in the portal itself."))
    return not _steps(change).filter(done_at=None).exists() and _end(change, State.DONE)


def _steps(change: BulkChange) -> models.QuerySet[BulkStep]:
    return BulkStep.objects.filter(change=change)


def _left(change: BulkChange, until: float) -> Iterator[BulkStep]:
    left = _steps(change).filter(done_at=None).order_by("number")
    last = -1
    while monotonic() < until and (step := left.filter(number__gt=last).first()):
        yield step
        last = step.number


def _do(change: BulkChange, kind: Kind, act: Act, step: BulkStep) -> None:
    """Does a step, unless another worker has; whoever comes second waits here until it knows."""
    here = _steps(change).filter(pk=step.pk)
    if not here.filter(done_at=None).update(done_at=timezone.now()):
        return
    problems = _change(kind, act, step)
    if problems:
        here.update(problems=problems, troubled=len(problems))
    left = sum(what == LEFT for _place, what, _why in problems)
    moved = BulkChange.objects.filter(pk=change.pk, state__in=RUNNING).update(
        state=State.RUNNING,
        changed=F("changed") + len(step.rows) - len(problems),
        refused=F("refused") + len(problems) - left,
        left=F("left") + left,
        updated_at=timezone.now(),
    )
    if not moved:
        raise Superseded


def _change(kind: Kind, act: Act, step: BulkStep) -> list[tuple[int, str, str]]:
    """Changes the rows of a step; place, what and why of those that were not.

    Mostly none is refused, so that all are changed under one savepoint; if one is, anew under one
    for each.
    """
    rows = [(UUID(pk), digest) for pk, digest in step.rows]
    with suppress(PortalError), all_or_none(), kind.holding(pk for pk, _digest in rows):
        for pk, digest in rows:
            act(pk, digest)
        return []
    problems = list[tuple[int, str, str]]()
    with kind.holding(pk for pk, _digest in rows):
        for place, (pk, digest) in enumerate(rows):
            try:
                with all_or_none():
                    act(pk, digest)
            except kind.changed_meanwhile as error:
                problems.append((place, LEFT, error.sentence))
            except PortalError as error:
                problems.append((place, REFUSED, error.sentence))
    return problems


def _end(change: BulkChange, state: str, why: str = "") -> bool:
    """Moves the change to its end, unless it has one; whether it did."""
    now = timezone.now()
    here = BulkChange.objects.filter(pk=change.pk, state__in=RUNNING)
    return bool(here.update(state=state, why=why, finished_at=now, updated_at=now))


# --- Chores -------------------------------------------------------------------------------------


def go_on() -> int:
    """The hourly chore (jobs/chores.py): has changes go on that have stood still for half an hour,
    so that their jobs must be lost; returns how many. Those of kinds that only a newer version
    knows wait for it."""
    before = timezone.now() - STANDS_STILL

    def at(vendor: Vendor) -> int:
        still = BulkChange.objects.filter(kind__in=KINDS, state__in=RUNNING, updated_at__lt=before)
        found = list(still.values_list("pk", flat=True))
        for pk in found:
            carry_out.enqueue(vendor_id=str(vendor.pk), change_id=str(pk))
        return len(found)

    return at_each(at, every_vendor())


def clean_up() -> str:
    """The daily chore: forgets what became of each row, KEPT after a change has ended."""
    before = timezone.now() - KEPT

    def at(_vendor: Vendor) -> int:
        return delete_in_steps(BulkStep.objects.filter(change__finished_at__lt=before))

    deleted = at_each(at, every_vendor())
    return f"Deleted {deleted} steps of changes that are over for {KEPT.days} days."


def forget(leaving: Leaving) -> None:
    """Takes the name of a person who is erased from the changes that he has confirmed. One that is
    still being made stops: nobody answers for it any more."""
    theirs = BulkChange.objects.filter(confirmed_by=leaving.person_id)
    theirs.update(confirmed_by=None, confirmed_ip=None)
