"""How the bytes of a stored file reach the visitor: validators, ranges, and three ways out.

1. Behind a proxy (setting ACCEL_REDIRECT_PREFIX) the answer is `X-Accel-Redirect`: nginx or Caddy
   sends the bytes and resolves the range.
2. From an object store the visitor is redirected to a short-lived signed address.
3. Alone, gunicorn sends the bytes with sendfile. A slow visitor then holds a thread; so that
   pages always find one, a process sends so many files at a time and no more, half of them by one
   licence (web/places.py).

Conditions are answered here, whichever way the bytes then go.
"""

import base64
import io
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import http_date

from licenses.models import License
from releases.files import ranges
from releases.files.names import attachment
from releases.files.ranges import ByteRange
from releases.files.shelf import local_path, signed_url
from releases.models import ReleaseFile
from web import places
from web.errors import StorageUnavailable
from web.places import Place

BLOCK = 64 * 1024  # bytes, where the server has no sendfile

R = TypeVar("R", bound=HttpResponseBase)


@dataclass(frozen=True, slots=True)
class Sending:
    """The answer, and the bytes that it grants: None when there are none (304, 412, 416, HEAD)."""

    response: HttpResponseBase
    granted: ByteRange | None = None


def send(request: HttpRequest, file: ReleaseFile, license: License) -> Sending:
    """The answer to GET or HEAD of a file, whose release is loaded, covered by this licence.

    RFC 9110, sections 13 and 14, and RFC 9530. Raises AllPlacesTaken.
    """
    if file.url:
        return _redirect(request, file, file.url)
    path = local_path(file.key)
    if path is None:
        parameters = {
            "ResponseContentDisposition": attachment(file.name),
            "ResponseContentType": file.content_type,
        }
        return _redirect(
            request,
            file,
            signed_url(file.key, method=request.method or "GET", parameters=parameters),
        )
    modified = int(_published(file))
    unchanged = get_conditional_response(request, file.etag, modified)
    if unchanged is not None:
        return Sending(_with_validators(unchanged, file))
    try:
        part = _asked(request, file)
    except ranges.Unsatisfiable:
        return Sending(_unsatisfiable(file))
    granted = part or ByteRange(0, file.size)
    response: HttpResponseBase
    if settings.ACCEL_REDIRECT_PREFIX:
        response = _described(HttpResponse(), file)
        response["X-Accel-Redirect"] = quote(f"{settings.ACCEL_REDIRECT_PREFIX}{file.key}")
        if part is None:
            # For Caddy, which compares If-Range with a tag of its own: send everything.
            response["X-Accel-Whole"] = "yes"
    elif request.method == "HEAD":
        response = _measured(_described(HttpResponse(), file), file.size)
    else:
        response = _send_here(path, file, part, license)
    return Sending(response, None if request.method == "HEAD" else granted)


def _asked(request: HttpRequest, file: ReleaseFile) -> ByteRange | None:
    """The range to answer with; None is the whole file. Raises ranges.Unsatisfiable."""
    condition = request.headers.get("If-Range")
    if request.method != "GET" or (condition and not _is_current(condition, file)):
        return None
    return ranges.asked(request.headers.get("Range"), file.size)


def _is_current(condition: str, file: ReleaseFile) -> bool:
    """Whether an If-Range names this very content; a weak tag never does."""
    return condition in {file.etag, http_date(_published(file))}


def _published(file: ReleaseFile) -> float:
    """Since when the content is what it is, in seconds since the epoch."""
    return file.release.appeared.timestamp()


def _redirect(request: HttpRequest, file: ReleaseFile, url: str) -> Sending:
    """Sends the visitor on. Ranges and conditions are the other server's; for the record, what
    was asked for is read here."""
    response = HttpResponse(status=HTTPStatus.FOUND)
    response["Location"] = url
    response["Referrer-Policy"] = "no-referrer"
    if request.method == "HEAD":
        return Sending(response)
    try:
        part = ranges.asked(request.headers.get("Range"), file.size)
    except ranges.Unsatisfiable:
        return Sending(response)
    return Sending(response, part or ByteRange(0, file.size))


def _send_here(
    path: Path, file: ReleaseFile, part: ByteRange | None, license: License
) -> HttpResponseBase:
    granted = part or ByteRange(0, file.size)
    place = places.slow.take(str(license.pk))
    try:
        if not path.exists():
            raise StorageUnavailable(f"{file.key} is not there.")
        response = _PlacedResponse(_Part(path, granted), content_type=file.content_type)
        response.place = place
    except BaseException:
        place.give_back()
        raise
    if part:
        response.status_code = HTTPStatus.PARTIAL_CONTENT
        response["Content-Range"] = f"bytes {part.first}-{part.stop - 1}/{file.size}"
    return _measured(_described(response, file), granted.length)


class _PlacedResponse(FileResponse):
    """A file on its way, which gives its place back once, when the server is done with it."""

    block_size = BLOCK
    place: Place

    def close(self) -> None:
        try:
            super().close()
        finally:
            self.place.give_back()


class _Part(io.FileIO):
    """A file from its first granted byte on, which ends with the last one.

    A server with sendfile takes the descriptor, its position and the Content-Length; any other
    one reads.
    """

    def __init__(self, path: Path, part: ByteRange) -> None:
        super().__init__(path, "rb")
        self.stop = part.stop
        self.seek(part.first)

    def read(self, size: int | None = -1) -> bytes:
        left = self.stop - self.tell()
        return super().read(left if size is None or size < 0 else min(size, left)) or b""


def _unsatisfiable(file: ReleaseFile) -> HttpResponse:
    """416, with the size that the file has."""
    response = HttpResponse(status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
    response["Content-Range"] = f"bytes */{file.size}"
    response["Content-Type"] = "text/plain; charset=utf-8"
    response["Accept-Ranges"] = "bytes"
    return response


def _described(response: R, file: ReleaseFile) -> R:
    """The answer with everything that describes the file and keeps browsers from opening it."""
    response["Content-Type"] = file.content_type
    response["Content-Disposition"] = attachment(file.name)
    response["X-Content-Type-Options"] = "nosniff"
    return _with_validators(response, file)


def _measured(response: R, length: int) -> R:
    """What the proxy says itself where it sends the bytes: how many, and that parts can be had."""
    response["Content-Length"] = str(length)
    response["Accept-Ranges"] = "bytes"
    return response


def _with_validators(response: R, file: ReleaseFile) -> R:
    digest = base64.b64encode(bytes.fromhex(file.sha256)).decode()
    response["ETag"] = file.etag
    response["Last-Modified"] = http_date(_published(file))
    response["Repr-Digest"] = f"sha-256=:{digest}:"
    # A copy may be kept by the visitor alone and has to be checked again: the licence may have
    # ended. Nothing on the way may alter the bytes.
    response["Cache-Control"] = "private, no-cache, no-transform"
    return response
