"""How release files are received: streamed to disk and hashed on the way, never in memory."""

import hashlib
from typing import Any

from django.core.files.uploadedfile import TemporaryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, TemporaryFileUploadHandler

# Bytes that one form may bring; the same as in deploy/nginx.conf and deploy/Caddyfile.
LARGEST_UPLOAD = 20 * 1024**3


class ReceivedFile(TemporaryUploadedFile):
    """An uploaded file on disk, with its SHA-256 in hex."""

    sha256: str = ""


class ReleaseUploadHandler(TemporaryFileUploadHandler):
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
        self.digest.update(raw_data)
        self.file.write(raw_data)

    def file_complete(self, file_size: int) -> ReceivedFile:
        self.file.seek(0)
        self.file.size = file_size
        self.file.sha256 = self.digest.hexdigest()
        return self.file
