"""What somebody says of how a file is read: in which letters, from which sheet, what its columns
mean. Meanings are remembered for the vendor's next files of the kind."""

from collections import Counter
from collections.abc import Sequence
from copy import copy

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit import trail
from imports import tables
from imports.errors import NotReady
from imports.headings import key_of
from imports.kinds import KINDS
from imports.models import ColumnMeaning, DataImport
from imports.recognising import is_workbook
from imports.tables import Column
from imports.verbs import reading
from imports.verbs.files import check
from web.errors import PortalError

State = DataImport.State
FROM_THE_START = {"rows_done": 0, "errors": [], "error_count": 0, "preview": {}}


class ColumnMissing(PortalError):
    """A column that has to be there is none of the file's; `detail` is its name."""

    code = "COLUMN_MISSING"
    text = _("No column is “%(detail)s”, and without it nothing can be imported.")


class ColumnTwice(PortalError):
    """Two columns of the file are said to hold the same; `detail` is what."""

    code = "COLUMN_TWICE"
    text = _("More than one column is “%(detail)s”. Leave out all but one.")


def read_otherwise(row: DataImport, *, letters: str = "", sheet: str = "") -> None:
    """Reads the file in these letters, or from this sheet, and has it looked at again. Raises
    TableRefused, and NotReady for one that is read in another way by now."""
    anew = copy(row)
    anew.layout = {"letters": letters, "sheet": sheet}
    if is_workbook(bytes(row.original)):
        anew.state = State.READING
    else:
        reading.read(anew)
        anew.state = State.ASKING  # These letters were chosen, and not looked at yet.
    with transaction.atomic():
        _move(row, **{name: getattr(anew, name) for name in reading.FIELDS})
        if anew.state == State.READING:
            check.enqueue(vendor_id=str(row.vendor_id), import_id=str(row.pk))


@transaction.atomic
def answer(row: DataImport, means: Sequence[str]) -> None:
    """Has the file checked with columns that mean this, an empty name leaves one out; remembers
    it. Raises ColumnMissing and ColumnTwice, and NotReady for a file that is read in another way
    by now."""
    columns = reading.columns_of(row)
    if len(columns) != len(means):
        raise NotReady
    _check_means(row.kind, means)
    for column, name in zip(columns, means, strict=True):
        column.means = name
    _move(row, state=State.CHECKING, layout=row.layout | {"columns": tables.packed(columns)})
    _remember(row, columns)
    trail.record("columns-said", row)
    check.enqueue(vendor_id=str(row.vendor_id), import_id=str(row.pk))


def _check_means(kind: str, means: Sequence[str]) -> None:
    rows, times = KINDS[kind].rows, Counter(filter(None, means))
    for name, n in times.items():
        if n > 1:
            raise ColumnTwice(name)
    for name in rows.required:
        if name not in times:
            raise ColumnMissing(name)


def _move(row: DataImport, **changes: object) -> None:
    """Changes the import, unless it is another one by now than was looked at: raises NotReady."""
    rows = DataImport.objects.filter(pk=row.pk)
    now = rows.select_for_update(of=("self",), no_key=True).defer("content", "original").get()
    if not now.may_be_read_otherwise or now.layout != row.layout:
        raise NotReady
    rows.update(**FROM_THE_START, **changes, updated_at=timezone.now())


def _remember(row: DataImport, columns: list[Column]) -> None:
    """Keeps what headings mean. Of columns that are called the same nothing can be kept."""
    times = Counter(key_of(column.heading) for column in columns)
    ColumnMeaning.objects.bulk_create(
        [
            ColumnMeaning(
                vendor_id=row.vendor_id, kind=row.kind, heading=key, column=column.means or ""
            )
            for column in columns
            if (key := key_of(column.heading)) and times[key] == 1
        ],
        update_conflicts=True,
        unique_fields=("vendor", "kind", "heading"),
        update_fields=("column", "updated_at"),
    )
