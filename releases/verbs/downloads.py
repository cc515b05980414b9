"""The record of downloads, exact enough to bill by.

A row is written before the first byte leaves, in one short transaction. What resumes a download
or fetches another part of it belongs to that download and is not counted again:

- A request that does not begin with the first byte continues the newest download of the same file
  by the same licence, if that is not older than `SAME_DOWNLOAD` and its requests together have not
  asked for the file `TIMES_OVER` times. (A line that is cut eighteen times, evenly, asks for it ten
  times over; who only leaves out a byte of it comes to be counted.)
- So does one that begins with the first byte while less than the whole file has been asked for:
  clients probe with a byte or fetch in parts.
- Anything else is a new download.

Whether a customer clicks or a program gives the licence's key makes no difference: the line for
the command line that a page shows goes on with what the browser began.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone

from accounts.models import User
from licenses.models import License
from releases.files.ranges import ByteRange
from releases.models import Download, ReleaseFile

SAME_DOWNLOAD = timedelta(days=7)
TIMES_OVER = 10


@transaction.atomic
def record(
    file: ReleaseFile, *, user: User | None, license: License, ip: str, granted: ByteRange
) -> Download:
    """Writes down that these bytes are granted and counts the download if it is a new one."""
    # Whoever counts a file's downloads holds the file, so that parts that are fetched at once
    # find each other.
    locked = ReleaseFile.objects.select_for_update(of=("self",)).get(pk=file.pk)
    begun = _to_continue(locked, license, granted)
    download = Download.objects.create(
        vendor_id=locked.vendor_id,
        file=locked,
        user=user,
        license=license,
        ip=ip or None,
        first_byte=granted.first,
        bytes_asked=granted.length,
        complete=granted.length == locked.size,
        counted=begun is None,
        continues=begun,
    )
    if begun is None:
        ReleaseFile.objects.filter(pk=locked.pk).update(download_count=F("download_count") + 1)
    return download


def _to_continue(file: ReleaseFile, license: License, granted: ByteRange) -> Download | None:
    """The download that this request is a further part of, if there is one."""
    since = timezone.now() - SAME_DOWNLOAD
    newest = (
        Download.objects.filter(file=file, license=license, counted=True, created_at__gt=since)
        .annotate(further=Sum("parts__bytes_asked"))
        .order_by("-created_at")  # Django leaves the model's own order out of sums
        .first()
    )
    if newest is None:
        return None
    asked_so_far = newest.bytes_asked + (newest.further or 0)
    if granted.first == 0:
        return newest if asked_so_far < file.size else None
    return newest if asked_so_far + granted.length <= TIMES_OVER * file.size else None
