"""How uploads on the portal are received: small files only, in memory, never more than a little;
and in the back office, where larger ones go to disk.

An offline request is at most 64 KiB. Whatever a visitor sends beyond that is read past and
dropped, so that neither memory nor disk can be filled; the file then is too large by one byte
and its reader says so.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, TemporaryFileUploadHandler

LARGEST = 64 * 1024 + 1  # bytes kept of one file


class SmallFileUploadHandler(FileUploadHandler):
    """Keeps the first LARGEST bytes of each uploaded file."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.buffer = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.buffer.write(raw_data[: max(0, LARGEST - self.buffer.tell())])

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        size = self.buffer.tell()
        self.buffer.seek(0)
        return InMemoryUploadedFile(
            self.buffer,
            self.field_name,
            self.file_name or "",
            self.content_type or "",
            size,
            self.charset,
            self.content_type_extra,
        )


class OnDiskUploadHandler(TemporaryFileUploadHandler):
    """Django's, which would leave what a full disk has cut short there until it is found as
    garbage."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        with self.or_nothing():
            super().receive_data_chunk(raw_data, start)

    def file_complete(self, file_size: int) -> UploadedFile[Any] | None:
        with self.or_nothing():
            return super().file_complete(file_size)

    @contextmanager
    def or_nothing(self) -> Iterator[None]:
        """Deletes the file where the block fails."""
        try:
            yield
        except OSError:
            # What is still to be written can't be, when it is closed.
            with suppress(OSError):
                self.upload_interrupted()
            raise
