"""How much is downloaded from a vendor, as numbers; counted by the database, in his scope.

Downloads to bill by are counted (`Download.counted`), not their parts. An index of its own
(`Download.Meta`) answers without a look at the rows.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, QuerySet, Value

from licenses.statistics import TOP, PerDay, first_moment, per_day
from releases.models import Download, ReleaseFile


@dataclass(frozen=True, slots=True)
class FileCount:
    """A file, the release that it belongs to, and how often it was downloaded."""

    name: str
    release: str
    release_id: UUID
    count: int


@dataclass(frozen=True, slots=True)
class TopFiles:
    """The files downloaded most, and how often all the others were together."""

    files: tuple[FileCount, ...]
    other: int


def downloads_per_day(now: datetime) -> PerDay:
    """How many downloads there were on each of the last days."""
    return per_day(_counted(), now)


def top_files(now: datetime, total: int) -> TopFiles:
    """The files downloaded most in the last days, among `total` downloads.

    A second query finds the names of these few, so that the first joins nothing.
    """
    rows = _counted().filter(created_at__gte=first_moment(now)).values_list("file_id")
    top = list(rows.annotate(n=Count("*")).order_by("-n", "file_id")[:TOP])
    found = ReleaseFile.objects.select_related("release").in_bulk([pk for pk, _count in top])
    files = tuple(
        FileCount(found[pk].name, str(found[pk].release), found[pk].release_id, count)
        for pk, count in top
        if pk in found
    )
    return TopFiles(files, max(0, total - sum(file.count for file in files)))


def _counted() -> QuerySet[Download]:
    # As a value, since SQLite finds no index for the mere column, which Django makes of True.
    return Download.objects.filter(counted=Value(True))
