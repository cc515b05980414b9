"""Writing what a file becomes, step by step: nobody waits for more than a few of its steps, and in
the end there is all of it or nothing.

Each step is done in the transaction that notes it, so once, however often a job is killed or
repeated. What can come in between (somebody has taken a key) stops the import while everything
can be undone still: whatever can't be comes last. What runs here, runs in the vendor's scope and
in the name of who confirmed it, perhaps in two workers at once.
"""

from collections.abc import Iterable, Iterator, Mapping
from time import monotonic

from django.db import models, transaction
from django.db.models import F
from django.utils import timezone

from imports.models import DataImport, ImportStep
from imports.steps import Act, Step, from_json, in_json
from tenancy.transactions import delete_in_steps, in_steps

State = DataImport.State
Acts = Mapping[str, Act]


class Superseded(Exception):
    """Another run of the job has brought the import into another state."""


def prepare(row: DataImport, steps: Iterable[Step]) -> None:
    """Keeps the steps of a confirmed import. Raises Superseded where there are some."""
    # Made before, so that the transaction is no longer than it has to be.
    made = [
        ImportStep(vendor_id=row.vendor_id, data_import=row, number=n, act=act, content=text)
        for n, (act, text) in enumerate((act, in_json(content)) for act, content in steps)
    ]
    unprepared = DataImport.objects.filter(pk=row.pk, state=State.IMPORTING, steps=None)
    with transaction.atomic():
        now = timezone.now()
        if not unprepared.update(steps=len(made), rows_done=0, updated_at=now):
            raise Superseded
        ImportStep.objects.bulk_create(made)
    row.steps, row.rows_done = len(made), 0


def write(row: DataImport, acts: Acts, *, until: float) -> bool:
    """Does the steps that are left, in their order, up to this moment of `monotonic`; whether all
    are done. Raises Superseded, and whatever a step raises, which is not done then."""
    in_steps(_left(row, until), lambda step: _do(row, acts, step))
    return not _steps(row).filter(done_at=None).exists()


def _steps(row: DataImport) -> models.QuerySet[ImportStep]:
    return ImportStep.objects.filter(data_import=row)


def _left(row: DataImport, until: float) -> Iterator[ImportStep]:
    left = _steps(row).filter(done_at=None).order_by("number")
    last = -1
    while monotonic() < until and (step := left.filter(number__gt=last).first()):
        yield step
        last = step.number


def _do(row: DataImport, acts: Acts, step: ImportStep) -> None:
    """Does a step, unless another worker has; whoever comes second waits here until it knows."""
    if not _steps(row).filter(pk=step.pk, done_at=None).update(done_at=timezone.now()):
        return
    act, content = acts[step.act], from_json(step.content)
    _move_on(row, State.IMPORTING, by=len(content) if act.counts else 0)
    act.do(content)


def _move_on(row: DataImport, state: str, *, by: int) -> None:
    """Says how far it is; raises Superseded when it goes another way by now."""
    here = DataImport.objects.filter(pk=row.pk, state=state)
    if not here.update(rows_done=F("rows_done") + by, updated_at=timezone.now()):
        raise Superseded


@transaction.atomic
def turn_back(row: DataImport, acts: Acts, why: dict[str, object]) -> bool:
    """Has an import that failed be taken back, unless it can't be any more; whether it is."""
    locked = DataImport.objects.select_for_update(of=("self",), no_key=True).get(pk=row.pk)
    if locked.state != State.IMPORTING:
        raise Superseded
    final = [name for name, act in acts.items() if act.undo is None]
    if _steps(row).filter(act__in=final).exclude(done_at=None).exists():
        return False
    now = timezone.now()
    DataImport.objects.filter(pk=row.pk).update(state=State.UNDOING, preview=why, updated_at=now)
    row.state, row.preview = State.UNDOING, why
    return True


def take_back(row: DataImport, acts: Acts, *, until: float) -> bool:
    """Undoes the steps that were done, the last one first, up to this moment of `monotonic`;
    whether none is left. What somebody has begun to use meanwhile stays, and is counted in the
    preview."""
    in_steps(_done(row, until), lambda step: _undo(row, acts, step))
    return not _steps(row).exclude(done_at=None).exists()


def _done(row: DataImport, until: float) -> Iterator[ImportStep]:
    done = _steps(row).exclude(done_at=None).order_by("-number")
    last = row.steps or 0
    while monotonic() < until and (step := done.filter(number__lt=last).first()):
        yield step
        last = step.number


def _undo(row: DataImport, acts: Acts, step: ImportStep) -> None:
    if not _steps(row).filter(pk=step.pk).exclude(done_at=None).update(done_at=None):
        return
    act, content = acts[step.act], from_json(step.content)
    _move_on(row, State.UNDOING, by=-len(content) if act.counts else 0)
    kept = act.undo(content) if act.undo else 0
    if kept:
        preview = DataImport.objects.values_list("preview", flat=True).get(pk=row.pk)
        preview["kept"] = preview.get("kept", 0) + kept
        DataImport.objects.filter(pk=row.pk).update(preview=preview)


def forget(row: DataImport) -> None:
    """Deletes the steps of an import that has come to its end."""
    delete_in_steps(_steps(row))
