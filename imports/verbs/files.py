"""Importing customers and licences from CSV: checked as a whole, written as a whole or not at all.

A file is `checking` until a job has read all of it; then it is `refused` with every problem, or
`ready`. Who confirms it sets it to `importing`; jobs read it once more and write it step by step
(writing.py), until it is `done`. If something has come in between, what was written is taken back
(`undoing`), and it has `failed`. Jobs may be killed and run again: a check begins anew, and what
is done stays done. Everything here runs in the vendor's scope.
"""

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from time import monotonic
from typing import Any
from uuid import UUID

from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_tasks import task

from accounts.models import User
from audit import trail
from audit.acting import Actor, Source, acting, actor
from imports import tables
from imports.models import DataImport
from imports.rows import Problem, Rows
from imports.steps import LETTERS, Act, Content, parts_of
from imports.verbs import writing
from imports.verbs.people import ImportFailed
from imports.verbs.writing import Superseded
from mail.delivery import one_of_many
from tenancy.door import inside
from tenancy.models import Vendor
from tenancy.table import every_vendor
from tenancy.waiting import passes
from web.errors import PortalError

logger = logging.getLogger(__name__)

ERRORS_KEPT = 200
CHUNK = 500  # rows that are read at once
AT_A_TIME = 10.0  # seconds that a job writes until other jobs of the queue have their turn
STANDS_STILL = timedelta(minutes=30)
State = DataImport.State


@dataclass(frozen=True, slots=True, kw_only=True)
class FileKind:
    """A kind of file that can be imported.

    `after_create`, if there is one, writes to each customer whom the file brings something; it is
    called with the new row once all of the file is there. What it refuses is left out: the row may
    have changed by then.
    """

    name: str
    label: str | Promise
    rows: type[Rows]
    # Says how many there are to import, as the text of a button.
    button: Callable[[int], str]
    after_create: Callable[..., Any] | None = None
    offer: str | Promise = ""

    @property
    def acts(self) -> Mapping[str, Act]:
        """What its steps do, by name."""
        return {**self.rows.acts, LETTERS: Act(self._write_letters)}

    def _write_letters(self, ids: Content) -> None:
        with one_of_many():
            for made in self.rows.made_rows(ids):
                with suppress(PortalError):
                    if self.after_create:
                        self.after_create(made)


KINDS: dict[str, FileKind] = {}


def register(kind: FileKind) -> None:
    """Adds a kind of file; an app does so when it is ready. One that is there is replaced."""
    KINDS[kind.name] = kind


class NotReady(PortalError):
    """The import can't be confirmed: it is under way, done or refused."""

    code = "IMPORT_NOT_READY"
    text = gettext_lazy("This import is under way already, or there is nothing to confirm.")


# --- Verbs --------------------------------------------------------------------------------------


@transaction.atomic
def start(
    *,
    vendor: Vendor,
    kind: str,
    file_name: str,
    data: bytes,
    options: dict[str, Any],
) -> DataImport:
    """Keeps the file and has it checked. Raises TableRefused when it is no table of this kind."""
    text = tables.decoded(data)
    rows = _table(KINDS[kind], text)
    row = DataImport(
        vendor=vendor,
        kind=kind,
        file_name=file_name[-200:],
        content=text,
        options={"send_emails": bool(options.get("send_emails") and KINDS[kind].after_create)},
        rows=len(rows),
        created_by=_who(),
    )
    row.save(force_insert=True)
    trail.record("created", row, details={"rows": len(rows)})
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
    """Reads every row and says what is wrong, or what an import would do; writes nothing else."""
    with inside(UUID(vendor_id)):
        row = DataImport.objects.select_related("vendor").get(pk=import_id)
        if row.state != State.CHECKING:
            return
        try:
            rows, problems, number = _read(row, keep=False)
        except Exception as error:
            if not passes(error):
                _end(row, State.FAILED, preview=_stopped(_("The file could not be checked.")))
            raise
        if problems:
            _end(row, State.REFUSED, errors=_told(problems), error_count=number)
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
    """Whether it has come to its end."""
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
    _end(row, State.FAILED, errors=_told(problems), error_count=number, preview=row.preview)
    return True


def _changed(row: DataImport, problems: list[Problem], number: int) -> None:
    """Nothing was imported, because of what has changed since the check."""
    preview = _stopped(_("Something has changed since the file was checked."))
    _end(row, State.FAILED, errors=_told(problems), error_count=number, preview=preview)


def go_on() -> int:
    """The hourly chore (jobs/chores.py): has imports go on that have stood still for half an hour,
    so that their jobs must be lost; returns how many."""
    found, before = 0, timezone.now() - STANDS_STILL
    for vendor in every_vendor():
        with inside(vendor):
            running = (State.CHECKING, State.IMPORTING, State.UNDOING)
            left = DataImport.objects.filter(state__in=running, updated_at__lt=before)
            for pk, state in left.values_list("pk", "state"):
                job = check if state == State.CHECKING else carry_out
                job.enqueue(vendor_id=str(vendor.pk), import_id=str(pk))
                found += 1
    return found


# --- Reading ------------------------------------------------------------------------------------


def _table(kind: FileKind, text: str) -> list[tables.TableRow]:
    rows = kind.rows
    return tables.read(text, required=rows.required, optional=rows.optional, ignored=rows.read_only)


def _read(row: DataImport, *, keep: bool) -> tuple[Rows, list[Problem], int]:
    """Reads the whole file and says after each chunk how far it is.

    Gives the first problems and how many there are.
    """
    kind = KINDS[row.kind]
    rows, problems = kind.rows(row.vendor, keep=keep), list[Problem]()
    number, done = 0, 0
    for chunk in parts_of(_table(kind, row.content), CHUNK):
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
        changes["content"] = ""
    return bool(_here(row).update(state=state, finished_at=now, updated_at=now, **changes))


def _told(problems: list[Problem]) -> list[list[Any]]:
    return [list(asdict(problem).values()) for problem in problems]


def _stopped(sentence: str) -> dict[str, Any]:
    return {"failure": sentence}
