"""Importing customers and licences from a file: checked as a whole, written as a whole or not at
all.

A workbook is `reading` until a job has read it. If it can't be known how a file is read and what
its columns mean, it is `asking` (reading.py, columns.py). Then it is `checking` until a job has
looked at every row, and `refused` with every problem, or `ready`. Who confirms it sets it to
`importing`; jobs look at it once more and write it step by step (writing.py), until it is `done`.
If something has come in between, what was written is taken back (`undoing`), and it has `failed`.
Jobs may be killed and run again: a check begins anew, and what is done stays done. Everything here
runs in the vendor's scope.
"""

import logging
from contextlib import suppress
from datetime import timedelta
from itertools import islice
from time import monotonic
from typing import Any
from uuid import UUID

from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tasks import task

from accounts.models import User
from audit import trail
from audit.acting import Actor, Source, acting, actor
from imports import tables
from imports.errors import NotReady, TableRefused
from imports.kinds import KINDS
from imports.models import DataImport
from imports.recognising import is_workbook
from imports.rows import Problem, Rows
from imports.verbs import reading, writing
from imports.verbs.people import ImportFailed
from imports.verbs.writing import Superseded
from jobs.newer import OfNewerVersion
from jobs.vendors import at_each
from tenancy.door import inside
from tenancy.models import Vendor
from tenancy.table import every_vendor
from tenancy.waiting import passes

logger = logging.getLogger(__name__)

ERRORS_KEPT = 200
CHUNK = 500  # rows that are read at once
AT_A_TIME = 10.0  # seconds that a job writes until other jobs of the queue have their turn
STANDS_STILL = timedelta(minutes=30)
State = DataImport.State


# --- Verbs --------------------------------------------------------------------------------------


def start(
    *,
    vendor: Vendor,
    kind: str,
    file_name: str,
    data: bytes,
    options: dict[str, Any],
) -> DataImport:
    """Keeps the file and has it read and checked. Raises TableRefused for what is no table; a
    workbook is looked into by the job alone."""
    row = DataImport(
        vendor=vendor,
        kind=kind,
        file_name=file_name[-200:],
        original=data,
        state=State.READING,
        options={"send_emails": bool(options.get("send_emails") and KINDS[kind].after_create)},
        created_by=_who(),
    )
    if not is_workbook(data):
        reading.read(row)
    details = {"rows": row.rows} if row.rows else {}
    with transaction.atomic():
        row.save(force_insert=True)
        trail.record("created", row, details=details)
        if row.is_running:
            check.enqueue(vendor_id=str(row.vendor_id), import_id=str(row.pk))
    return row


@transaction.atomic
def confirm(row: DataImport) -> None:
    """Has a ready import written. Raises NotReady, also for whoever comes second."""
    moved = DataImport.objects.filter(pk=row.pk, state=State.READY).update(
        state=State.IMPORTING,
        rows_done=0,
        confirmed_by=_who(),
        confirmed_ip=actor().ip or None,
        updated_at=timezone.now(),
    )
    if not moved:
        raise NotReady
    trail.record("confirmed", row)
    carry_out.enqueue(vendor_id=str(row.vendor_id), import_id=str(row.pk))


def _who() -> User | None:
    """The member of staff who acts, if it is one."""
    person = actor().who()
    return person if isinstance(person, User) else None


# --- Jobs ---------------------------------------------------------------------------------------


@task()
def check(*, vendor_id: str, import_id: str) -> None:
    """Reads a workbook, and then every row; says what is wrong, or what an import would do. Writes
    nothing else."""
    with inside(UUID(vendor_id)):
        row = DataImport.objects.select_related("vendor").get(pk=import_id)
        _look_at_kind(row)
        try:
            if row.state == State.READING:
                _read_workbook(row)
            if row.state == State.CHECKING:
                _check(row)
        except Exception as error:
            if not passes(error):
                _end(row, State.FAILED, preview=_stopped(_("The file could not be checked.")))
            raise


def _look_at_kind(row: DataImport) -> None:
    """Raises OfNewerVersion where nobody here knows it."""
    if row.kind not in KINDS:
        raise OfNewerVersion


def _read_workbook(row: DataImport) -> None:
    """Brings it into the state that follows, where no other run of the job has."""
    here = _here(row)
    try:
        reading.read(row)
    except TableRefused as refused:
        _end(row, State.REFUSED, preview=_stopped(str(refused)))
        return
    found = {name: getattr(row, name) for name in reading.FIELDS}
    here.update(**found, updated_at=timezone.now())


def _check(row: DataImport) -> None:
    rows, problems, number = _read(row, keep=False)
    if problems:
        _end(row, State.REFUSED, errors=_told(row, problems), error_count=number)
        return
    preview = {"counts": rows.counts(), "rows": rows.preview}
    _end(row, State.READY, preview=preview, errors=[], error_count=0)


@task()
def carry_out(*, vendor_id: str, import_id: str) -> None:
    """Writes a confirmed import, all of it or nothing, in the name of who confirmed it; whatever
    there is no time for now another job goes on with."""
    with inside(UUID(vendor_id)):
        imports = DataImport.objects.select_related("vendor", "confirmed_by__vendor")
        row = imports.get(pk=import_id)
        who = Actor(
            source=Source.BACKOFFICE, ip=row.confirmed_ip or "", who=lambda: row.confirmed_by
        )
        if row.state not in {State.IMPORTING, State.UNDOING}:
            return
        with acting(who), suppress(Superseded):
            if not _carry_out(row, until=monotonic() + AT_A_TIME):
                carry_out.enqueue(vendor_id=vendor_id, import_id=import_id)


def _carry_out(row: DataImport, *, until: float) -> bool:
    """Whether it has come to its end. Raises OfNewerVersion."""
    _look_at_kind(row)
    if row.state == State.UNDOING:
        return _take_back(row, until=until)
    try:
        return _write(row, until=until)
    except ImportFailed as failure:
        why = _stopped(str(failure))
    except IntegrityError:
        # Somebody was quicker, and the database has refused a step. Reading the file once more
        # finds in which rows.
        why = _stopped(_("Something has changed since the file was checked.")) | {"changed": True}
    except Superseded:
        raise
    except Exception as error:
        if passes(error):
            raise  # The worker tries it again.
        logger.exception("The import %s could not be written.", row.pk)
        why = _stopped(_("Something went wrong in the portal itself."))
    if writing.turn_back(row, KINDS[row.kind].acts, why):
        return _take_back(row, until=until)
    return _done(row, preview=_stopped(_("Not all e-mails could be made.")))


def _write(row: DataImport, *, until: float) -> bool:
    """Reads it, unless that was done, and writes on; whether it has come to its end."""
    kind = KINDS[row.kind]
    if row.steps is None:
        rows, problems, number = _read(row, keep=True)
        if problems:
            _changed(row, problems, number)
            return True
        steps = [*rows.steps(), *(rows.letters() if row.options.get("send_emails") else ())]
        writing.prepare(row, steps)
    return writing.write(row, kind.acts, until=until) and _done(row)


def _done(row: DataImport, **changes: Any) -> bool:
    writing.forget(row)
    _end(row, State.DONE, rows_done=row.rows, **changes)
    return True


def _take_back(row: DataImport, *, until: float) -> bool:
    """Takes back what was written and says why; whether it has come to its end."""
    if not writing.take_back(row, KINDS[row.kind].acts, until=until):
        return False
    writing.forget(row)
    row.refresh_from_db(fields=["preview"])
    problems, number = list[Problem](), 0
    if row.preview.pop("changed", False):
        _rows, problems, number = _read(row, keep=False)
    _end(row, State.FAILED, errors=_told(row, problems), error_count=number, preview=row.preview)
    return True


def _changed(row: DataImport, problems: list[Problem], number: int) -> None:
    """Nothing was imported, because of what has changed since the check."""
    preview = _stopped(_("Something has changed since the file was checked."))
    _end(row, State.FAILED, errors=_told(row, problems), error_count=number, preview=preview)


def go_on() -> int:
    """The hourly chore (jobs/chores.py): has imports go on that have stood still for half an hour,
    so that their jobs must be lost; returns how many. Those of kinds that only a newer version
    knows wait for it."""
    before = timezone.now() - STANDS_STILL

    def at(vendor: Vendor) -> int:
        running = (State.READING, State.CHECKING, State.IMPORTING, State.UNDOING)
        left = DataImport.objects.filter(kind__in=KINDS, state__in=running, updated_at__lt=before)
        found = list(left.values_list("pk", "state"))
        for pk, state in found:
            job = check if state in {State.READING, State.CHECKING} else carry_out
            job.enqueue(vendor_id=str(vendor.pk), import_id=str(pk))
        return len(found)

    return at_each(at, every_vendor())


# --- Reading ------------------------------------------------------------------------------------


def _read(row: DataImport, *, keep: bool) -> tuple[Rows, list[Problem], int]:
    """Looks at the whole file and says after each chunk how far it is.

    Gives the first problems and how many there are.
    """
    rows, problems = KINDS[row.kind].rows(row.vendor, keep=keep), list[Problem]()
    number, done = 0, 0
    left = tables.rows(row.content, reading.meanings(row))
    while chunk := list(islice(left, CHUNK)):
        for problem in rows.take(chunk):
            number += 1
            if len(problems) < ERRORS_KEPT:
                problems.append(problem)
        done += len(chunk)
        _here(row).update(rows_done=done, updated_at=timezone.now())
    return rows, problems, number


def _here(row: DataImport) -> models.QuerySet[DataImport]:
    """The import, as long as it is in the state that the job has found it in: another run of the
    job may have got further, and what it writes is no problem of the file's."""
    return DataImport.objects.filter(pk=row.pk, state=row.state, steps=row.steps)


def _end(row: DataImport, state: str, **changes: Any) -> bool:
    """Moves the import to its next state, unless another run of the job has done that.

    The file is kept only as long as it may still be imported.
    """
    now = timezone.now()
    if state != State.READY:
        changes |= {"content": "", "original": b""}
    return bool(_here(row).update(state=state, finished_at=now, updated_at=now, **changes))


def _told(row: DataImport, problems: list[Problem]) -> list[list[Any]]:
    """The problems, with columns as the file calls them."""
    called = reading.headings_by_meaning(row)
    return [
        [problem.row, called.get(problem.column, problem.column), problem.sentence]
        for problem in problems
    ]


def _stopped(sentence: str) -> dict[str, Any]:
    return {"failure": sentence}
