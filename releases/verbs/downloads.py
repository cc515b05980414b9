"""The record of downloads, exact enough to bill by.

A row is written before the first byte leaves, in one short transaction. What counts is how much of
a file is granted, not by how many requests: a download is counted again when its bytes are granted
again. A request belongs to the newest download of the same file by the same licence that is not
older than `SAME_DOWNLOAD`

- if none of its bytes has been granted in it: the file is fetched in parts, in whatever order and
  however many at once;
- if it goes on behind bytes that were granted: a line was cut, and nobody knows how much of what
  had been granted arrived. What is granted again may be the size of the file, and `FURTHER` times
  as many bytes more as lie before where it goes on. So a line that is cut eighteen times, evenly,
  is one download, and so is one that is cut at once and then not again; who only leaves out a byte
  of the file gets it twice;
- if what it repeats, with all that was repeated before, is a tenth of the file at most: clients
  probe with a few bytes.

Anything else is a new download. Whether a customer clicks or a program gives the licence's key
makes no difference: the line for the command line that a page shows goes on with what the browser
began.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from licenses.models import License
from releases.errors import ReleaseNotFound
from releases.files import pieces
from releases.files.ranges import ByteRange
from releases.models import Download, Release, ReleaseFile

SAME_DOWNLOAD = timedelta(days=7)
FURTHER = 20
PROBES = 10  # a tenth of the file


@transaction.atomic
def record(
    file: ReleaseFile, *, user: User | None, license: License, ip: str, granted: ByteRange
) -> Download:
    """Writes down that these bytes are granted and counts the download if it is a new one. Raises
    ReleaseNotFound for a file of a release whose version was freed just now."""
    # Whoever counts a file's downloads holds the file, so that parts that are fetched at once
    # find each other.
    locked = ReleaseFile.objects.select_for_update(of=("self",)).get(pk=file.pk)
    if Release.objects.filter(pk=locked.release_id, version_freed=True).exists():
        raise ReleaseNotFound
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
        granted=[] if begun else pieces.with_part([], granted),
    )
    if begun is None:
        ReleaseFile.objects.filter(pk=locked.pk).update(download_count=F("download_count") + 1)
    else:
        _note(begun, granted)
    return download


def _to_continue(file: ReleaseFile, license: License, granted: ByteRange) -> Download | None:
    """The download that this request is a further part of, if there is one."""
    since = timezone.now() - SAME_DOWNLOAD
    newest = Download.objects.filter(
        file=file, license=license, counted=True, created_at__gt=since
    ).first()
    if newest is None or not granted.length:
        return None
    before = _granted_in(newest)
    again = pieces.common(before, granted)
    if again == 0:
        return newest
    goes_on = granted.first > 0 and pieces.has(before, granted.first - 1)
    most = file.size + FURTHER * granted.first if goes_on else file.size // PROBES
    return newest if newest.granted_again + again <= most else None


def _note(download: Download, granted: ByteRange) -> None:
    """Notes in a counted download what one more request gets of it."""
    before = _granted_in(download)
    Download.objects.filter(pk=download.pk).update(
        granted=pieces.with_part(before, granted),
        granted_again=F("granted_again") + pieces.common(before, granted),
        updated_at=timezone.now(),
    )


def _granted_in(download: Download) -> pieces.Pieces:
    """What a counted download has been granted; of one from before that was kept, its own part."""
    own = [download.first_byte, download.first_byte + download.bytes_asked]
    return download.granted or [own]
