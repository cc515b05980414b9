"""How release files are received: streamed to disk and hashed on the way, never in memory."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.files.uploadedfile import TemporaryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.http.request import UnreadablePostError

from releases.errors import FileMissing, UploadIncomplete
from web.bodies import announced
from web.uploads import OnDiskUploadHandler

# Bytes that one form may bring; the same as in deploy/nginx.conf and deploy/Caddyfile.
LARGEST_UPLOAD = 20 * 1024**3


class ReceivedFile(TemporaryUploadedFile):
    """An uploaded file on disk, with its SHA-256 in hex."""

    sha256: str = ""


class ReleaseUploadHandler(OnDiskUploadHandler):
    """Writes each file to settings.FILE_UPLOAD_TEMP_DIR and hashes it as it comes in.

    A file whose upload breaks is deleted by Django (`upload_interrupted`) or with its handle.
    """

    file: ReceivedFile

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        FileUploadHandler.new_file(self, *args, **kwargs)
        # Django puts the name's ending into that of the temporary file, however long it is.
        self.file = ReceivedFile(
            "upload", self.content_type or "", 0, self.charset, self.content_type_extra
        )
        self.file.name = self.file_name
        self.digest = hashlib.sha256()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        super().receive_data_chunk(raw_data, start)
        self.digest.update(raw_data)

    def file_complete(self, file_size: int) -> ReceivedFile:
        super().file_complete(file_size)
        self.file.sha256 = self.digest.hexdigest()
        return self.file


FIELD = "file"  # of a form that brings one
BLOCK = 64 * 1024  # bytes


class _Counted:
    """A request's body, and how many bytes of it were there."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.number = 0

    def read(self, size: int) -> bytes:
        """Raises UploadIncomplete when the line breaks."""
        try:
            data = self.request.read(size)
        except UnreadablePostError as error:
            raise UploadIncomplete from error
        self.number += len(data)
        return data


@contextmanager
def received(request: HttpRequest) -> Iterator[ReceivedFile]:
    """The file that is a request's body, or the field `file` of a form (multipart); whatever the
    block has not moved away is deleted behind it.

    Raises FileMissing and UploadIncomplete.
    """
    body = _Counted(request)
    handler = ReleaseUploadHandler(request)
    is_form = request.content_type == "multipart/form-data"
    try:
        file = _of_form(request, body, handler) if is_form else _whole(body, handler)
        # What broke off within a file would look whole.
        if body.number < announced(request.META):
            raise UploadIncomplete
        yield file
    finally:
        handler.upload_interrupted()


def _of_form(request: HttpRequest, body: Any, handler: ReleaseUploadHandler) -> ReceivedFile:
    try:
        parser = MultiPartParser(request.META, body, [handler], request.encoding or "utf-8")
        _fields, files = parser.parse()
    except MultiPartParserError as error:
        raise FileMissing from error
    several = [file for _name, these in files.lists() for file in these]
    file = files.get(FIELD)
    for other in several:
        if other is not file:
            other.close()
    if not isinstance(file, ReceivedFile):
        raise FileMissing
    return file


def _whole(body: _Counted, handler: ReleaseUploadHandler) -> ReceivedFile:
    handler.new_file(FIELD, FIELD, "", None)
    while data := body.read(BLOCK):
        handler.receive_data_chunk(data, body.number)
    if not body.number:
        raise FileMissing
    return handler.file_complete(body.number)
