"""What becomes of files to import when a person is erased."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.verbs.erasing import GONE
from audit.verbs.erasing import Leaving
from imports.models import DataImport
from web.errors import PortalError

State = DataImport.State
AT_ONCE = 20  # files
WAITING = (State.READING, State.ASKING, State.CHECKING, State.READY)
WRITING = (State.IMPORTING, State.UNDOING)


class ImportRuns(PortalError):
    """A file that names the person is being written just now."""

    code = "IMPORT_RUNS"
    text = _("A file that names this person is being imported. Wait until that is done.")


def forget(leaving: Leaving) -> None:
    """Refuses files that wait and name the person, empties what is shown of others, and takes the
    person's name from those who have uploaded and confirmed. Raises ImportRuns."""
    for row in DataImport.objects.order_by("pk").iterator(chunk_size=AT_ONCE):
        if _is_named(leaving, row):
            _empty(row, leaving)
    DataImport.objects.filter(created_by=leaving.person_id).update(created_by=None)
    confirmed = DataImport.objects.filter(confirmed_by=leaving.person_id)
    confirmed.update(confirmed_by=None, confirmed_ip=None)


def _is_named(leaving: Leaving, row: DataImport) -> bool:
    """A workbook that waits is packed, and looked into by its job alone."""
    texts = (row.content, row.file_name, *map(str, (row.preview, row.errors, row.layout)))
    return leaving.is_told_in(*texts, bytes(row.original).decode("utf-8", "replace"))


def _empty(row: DataImport, leaving: Leaving) -> None:
    now = timezone.now()
    changes: dict[str, Any] = {"errors": [], "updated_at": now}
    changes["preview"] = {name: told for name, told in row.preview.items() if name != "rows"}
    if leaving.is_told_in(row.file_name):
        changes["file_name"] = GONE
    if leaving.is_told_in(str(row.layout)):
        changes["layout"] = {}
    if row.state in WAITING:
        why = gettext("The file names somebody who was erased meanwhile.")
        changes |= {"state": State.REFUSED, "content": "", "original": b"", "finished_at": now}
        changes["preview"] = {"failure": why}
    # Somebody may have confirmed it in this moment.
    as_read = DataImport.objects.filter(pk=row.pk, state=row.state).exclude(state__in=WRITING)
    if not as_read.update(**changes):
        raise ImportRuns


def tell(person_id: UUID) -> str:
    return gettext("Files to import that name the person and wait are refused.")
