"""Importing customers and licences from CSV: checked as a whole, written as a whole or not at all.

A file is `checking` until a job has read all of it; then it is `refused` with every problem, or
`ready`. Who confirms it sets it to `importing`, and a job writes it in one transaction, in which
it becomes `done`. Jobs may run again: a check begins anew, and what is done stays done.
Everything here runs in the vendor's scope.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
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
from imports.rows import ImportFailed, Problem, Rows, chunks_of
from tenancy.door import inside
from tenancy.models import Vendor
from web.errors import PortalError

ERRORS_KEPT = 200
State = DataImport.State


@dataclass(frozen=True, slots=True, kw_only=True)
class FileKind:
    """A kind of file that can be imported.

    `after_create`, if there is one, writes to each customer whom the file brings something; it is
    called in the import's transaction with the new row.
    """

    name: str
    label: str | Promise
    rows: type[Rows]
    # Says how many there are to import, as the text of a button.
    button: Callable[[int], str]
    after_create: Callable[..., Any] | None = None
    offer: str | Promise = ""


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
        except Exception:
            _end(row, State.FAILED, preview=_stopped(_("The file could not be checked.")))
            raise
        if problems:
            _end(row, State.REFUSED, errors=_told(problems), error_count=number)
            return
        preview = {"counts": rows.counts(), "rows": rows.preview}
        _end(row, State.READY, preview=preview, errors=[], error_count=0)


@task()
def carry_out(*, vendor_id: str, import_id: str) -> None:
    """Writes a confirmed import, all of it or nothing, in the name of who confirmed it."""
    with inside(UUID(vendor_id)):
        imports = DataImport.objects.select_related("vendor", "confirmed_by__vendor")
        row = imports.get(pk=import_id)
        who = Actor(
            source=Source.BACKOFFICE, ip=row.confirmed_ip or "", who=lambda: row.confirmed_by
        )
        if row.state != State.IMPORTING:
            return
        with acting(who):
            _carry_out(row)


def _carry_out(row: DataImport) -> None:
    """What takes time comes first; the transaction, in which others wait, only writes."""
    try:
        rows, problems, number = _read(row, keep=True)
        if problems:
            _fail(row, problems, number)
            return
        rows.finish()
        _write(row, rows)
    except ImportFailed as failure:
        _end(row, State.FAILED, preview=_stopped(str(failure)))
    except IntegrityError:
        # Somebody was quicker, and the database has refused the whole. Reading it once more
        # finds in which rows.
        _rows, problems, number = _read(row, keep=False)
        _fail(row, problems, number)
    except Exception:
        _end(row, State.FAILED, preview=_stopped(_("Something went wrong in the portal itself.")))
        raise


@transaction.atomic
def _write(row: DataImport, rows: Rows) -> None:
    """The import itself. Who comes second waits here and then finds it done."""
    if not _end(row, State.DONE, rows_done=row.rows):
        return
    made = rows.write()
    after_create = KINDS[row.kind].after_create
    if after_create and row.options.get("send_emails"):
        for each in made:
            after_create(each)


def _fail(row: DataImport, problems: list[Problem], number: int) -> None:
    """Nothing was imported, because of what has changed since the check."""
    sentence = _("Something has changed since the file was checked.")
    preview = _stopped(sentence)
    _end(row, State.FAILED, errors=_told(problems), error_count=number, preview=preview)


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
    for chunk in chunks_of(_table(kind, row.content)):
        for problem in rows.take(chunk):
            number += 1
            if len(problems) < ERRORS_KEPT:
                problems.append(problem)
        done += len(chunk)
        _here(row).update(rows_done=done, updated_at=timezone.now())
    return rows, problems, number


def _here(row: DataImport) -> models.QuerySet[DataImport]:
    """The import, as long as its state is what the job has found."""
    return DataImport.objects.filter(pk=row.pk, state=row.state)


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


def _stopped(sentence: str) -> dict[str, str]:
    return {"failure": sentence}
