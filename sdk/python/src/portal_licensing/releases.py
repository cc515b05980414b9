"""Releases of the product, and their files, which are downloaded and checked."""

from __future__ import annotations

import hashlib
import http.client
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urljoin

from portal_licensing.errors import StorageUnavailable
from portal_licensing.refusals import (
    DownloadDamaged,
    Refused,
    ServerUnreachable,
    UnusableAnswer,
)
from portal_licensing.web import KEY_HEADER, Web, same_origin, wait_after

PIECE = 256 * 1024  # bytes
# No folders, no hidden files, nothing that a shell or Windows reads as something else.
NAME = re.compile(r"(?![.~ ])[^\x00-\x1f\x7f/\\:*?\"<>|]{1,255}(?<![. ])")
SHA256 = re.compile(r"[0-9a-f]{64}")
REDIRECTS = {301, 302, 303, 307, 308}
PARTIAL = 206

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class ReleaseFile:
    """A file of a release: its name, size in bytes, SHA-256 in hexadecimal and address."""

    name: str
    size: int
    sha256: str
    url: str


@dataclass(frozen=True)
class Release:
    """A release that the licence covers; `platforms` are those that it runs on, `notes` are in
    Markdown."""

    id: str
    version: str
    channel: str
    platforms: tuple[str, ...]
    notes: str
    files: tuple[ReleaseFile, ...]


def release_in(answer: Mapping[str, Any]) -> Release:
    """The release in the server's answer; raises UnusableAnswer."""
    try:
        files = tuple(_file_in(each) for each in answer.get("files", ()))
        return Release(
            id=_text(answer["id"]),
            version=_text(answer["version"]),
            channel=_text(answer["channel"]),
            platforms=tuple(_text(answer.get("platform", "")).split(",")),
            notes=_text(answer.get("notes", "")),
            files=files,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UnusableAnswer("it describes no release") from error


def download(
    web: Web, file: ReleaseFile, folder: Path, *, key: str, progress: Progress | None = None
) -> Path:
    """The file in the folder, whole and as the vendor has published it.

    What has come so far lies beside it as `.<name>.part`, and is gone on with, now and the next
    time. The licence key goes to the portal alone: not to where that may redirect to, which is
    followed once. Raises DownloadDamaged, ServerUnreachable, UnusableAnswer, StorageUnavailable, or
    the Refused of the server's code, which says why the licence does not cover it.
    """
    part, whole = folder / f".{file.name}.part", folder / file.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if _is_there(whole, file):
            return whole
        failures = 0
        while True:
            before = _size(part)
            try:
                _fetch(web, file, part, key, progress)
                break
            except (ServerUnreachable, Refused) as error:
                failures = failures + 1 if _size(part) <= before else 0
                _pause(web, error, failures)
        if not _is_there(part, file):
            part.unlink(missing_ok=True)
            raise DownloadDamaged
        os.replace(part, whole)
    except OSError as error:
        raise StorageUnavailable(str(error)) from error
    return whole


def _pause(web: Web, error: ServerUnreachable | Refused, failures: int) -> None:
    """Waits before the next try; raises the error where none is worth it."""
    wait = wait_after(error, max(0, failures - 1))
    if wait is None or failures >= web.attempts:
        raise error
    web.pause(wait)


def _fetch(web: Web, file: ReleaseFile, part: Path, key: str, progress: Progress | None) -> None:
    """Goes on with what is there, until all is."""
    there = _size(part)
    if there > file.size:
        part.unlink()
        there = 0
    if there == file.size and there:
        return
    with _open(web, file.url, key, there) as response:
        if response.status not in {200, PARTIAL}:
            raise UnusableAnswer(f"it answers {response.status}")
        goes_on = response.status == PARTIAL and _begins_at(response) == there
        if response.status == PARTIAL and not goes_on:
            raise UnusableAnswer("it sends another part than the one that was asked for")
        with part.open("ab" if goes_on else "wb") as target:
            _copy(response, target, file, there if goes_on else 0, progress)


def _copy(
    response: http.client.HTTPResponse,
    target: IO[bytes],
    file: ReleaseFile,
    there: int,
    progress: Progress | None,
) -> None:
    while there < file.size:
        try:
            piece = response.read(min(PIECE, file.size - there))
        except (OSError, http.client.HTTPException) as error:
            raise ServerUnreachable(str(error)) from error
        if not piece:
            raise ServerUnreachable("the download broke off")
        target.write(piece)
        there += len(piece)
        if progress:
            progress(there, file.size)
    target.flush()
    os.fsync(target.fileno())


def _open(web: Web, url: str, key: str, there: int) -> http.client.HTTPResponse:
    """The answer to a request for the file from there on."""
    goes_on = {"Range": f"bytes={there}-"} if there else {}
    # A header goes as Latin-1; the portal reads it as UTF-8.
    proof = {KEY_HEADER: key.encode().decode("latin-1")} if same_origin(url, web.address) else {}
    response = web.open(url, {**goes_on, **proof})
    if response.status not in REDIRECTS:
        return response
    with response:
        elsewhere = urljoin(url, response.headers.get("Location", ""))
    return web.open(elsewhere, goes_on)


def _begins_at(response: http.client.HTTPResponse) -> int:
    found = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return int(found[1]) if found else -1


def _is_there(path: Path, file: ReleaseFile) -> bool:
    """Whether this is the file, in size and content."""
    if _size(path) != file.size or not path.is_file():
        return False
    digest = hashlib.sha256()
    with path.open("rb") as content:
        while piece := content.read(PIECE):
            digest.update(piece)
    return digest.hexdigest() == file.sha256


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _file_in(said: Mapping[str, Any]) -> ReleaseFile:
    name, size, digest = _text(said["name"]), said["size"], _text(said["checksum"]).lower()
    if not NAME.fullmatch(name) or not SHA256.fullmatch(digest):
        raise ValueError("a file's name or checksum")
    if isinstance(size, bool) or not isinstance(size, int) or size < 0:
        raise ValueError("a file's size")
    return ReleaseFile(name, size, digest, _text(said["url"]))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value
