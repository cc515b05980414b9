"""A disk that is full or read-only, and an object store that fails or says nothing: 503, soon, and
nothing half kept; what was there is still served, and afterwards everything goes on by itself."""

import errno
import http.server
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command

from portal import env
from releases.files.shelf import local_path, try_to_delete
from releases.models import Release, ReleaseFile
from releases.verbs import publishing
from tenancy.door import inside
from tests.api.program import token_of
from tests.conftest import ALL_REQUIRED
from tests.releases.test_publishing import draft
from tests.releases.test_uploads import BIG, files_path, incoming, uploaded
from tests.world import CONTENT, Browser, World, download_path, file_of, release, signed_in
from web.disks import is_out

needs_root = pytest.mark.skipif(
    os.geteuid() != 0 and not ALL_REQUIRED, reason="NOT TRIED: a disk of 1 MB needs root"
)
SENTENCE = "Files can&#39;t be kept or read here at the moment"
ROOM = 1024 * 1024  # bytes


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """The folder, empty, on a disk of 1 MB."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "small", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture
def disk(tmp_path: Path, settings: Any, world: World) -> Iterator[Path]:
    """Release files and what is received lie on a disk of 1 MB, with a release of acme's."""
    with small_disk(tmp_path / "media") as folder:
        for name in ("incoming", "releases"):
            (folder / name).mkdir()
        settings.FILE_UPLOAD_TEMP_DIR = folder / "incoming"
        settings.STORAGES = {
            **settings.STORAGES,
            "releases": {
                "BACKEND": "django.core.files.storage.FileSystemStorage",
                "OPTIONS": {"location": str(folder / "releases")},
            },
        }
        yield folder


def fill(folder: Path, leave: int) -> Path:
    """Takes all of the disk but so many bytes."""
    path = folder / "somebody-elses"
    free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
    path.write_bytes(bytes(free - leave))
    return path


def kept(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def put(world: World, draft: Release, name: str, content: bytes) -> Any:
    """As a program of an administrator's does it."""
    authorization = f"Bearer {token_of(world.acme_admin)}"
    kind = "application/octet-stream"
    path = f"/v3/{draft.pk}/{name}"
    return Browser("api").put(path, content, kind, headers={"authorization": authorization})


def downloaded(world: World, release: Release) -> bytes:
    response = signed_in(world.ada).get(download_path(release))
    return b"".join(response.streaming_content)


def assert_said(response: Any) -> None:
    assert (response.status_code, response["Retry-After"]) == (503, "60")
    page = response.content.decode()
    assert SENTENCE in page
    assert "<h1>One moment</h1>" in page


@needs_root
@pytest.mark.parametrize("leave", [0, 100_000])
def test_a_full_disk_keeps_nothing_of_an_upload(world: World, disk: Path, leave: int) -> None:
    """Neither at its first byte nor in the middle; nor does a program's."""
    with inside(world.acme):
        there, later = release(world.orbit, "3.0.0"), draft(world)
    admin = signed_in(world.acme_admin)
    before, taken = kept(disk), fill(disk, leave)
    assert_said(admin.post(files_path(later), uploaded("a.zip")))
    answer = put(world, later, "a.zip", BIG)
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    assert answer.json()["code"] == "STORAGE_UNAVAILABLE"
    taken.unlink()
    assert kept(disk) == before
    with inside(world.acme):
        assert not ReleaseFile.objects.filter(release=later).exists()
    assert downloaded(world, there) == CONTENT
    assert admin.post(files_path(later), uploaded("a.zip")).status_code == 302
    assert put(world, later, "b.zip", BIG[:1000]).status_code == 201


@needs_root
def test_a_disk_that_can_only_be_read_is_read(world: World, disk: Path) -> None:
    with inside(world.acme):
        there, later = release(world.orbit, "3.0.0"), draft(world)
    admin = signed_in(world.acme_admin)
    assert admin.post(files_path(later), uploaded("a.zip")).status_code == 302
    before = kept(disk)
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    assert_said(admin.post(files_path(later), uploaded("b.zip")))
    assert downloaded(world, there) == CONTENT
    with inside(world.acme):
        file = ReleaseFile.objects.get(release=later)
        publishing.remove_file(file)  # its row goes, and what is left of it in the end
    assert kept(disk) == before
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    assert admin.post(files_path(later), uploaded("b.zip")).status_code == 302


@needs_root
def test_the_command_says_it_too(world: World, disk: Path, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.zip").write_bytes(BIG)
    before, taken = kept(disk), fill(disk, 100_000)
    with pytest.raises(CommandError, match="Files can't be kept"):
        call_command("publish_release", "acme", "Orbit", "9.9.9", folder, platforms=["linux"])
    taken.unlink()
    assert kept(disk) == before
    with inside(world.acme):
        assert not Release.objects.filter(version="9.9.9").exists()


def test_a_file_that_is_not_there_is_said(world: World) -> None:
    """As where a disk was not mounted."""
    with inside(world.acme):
        there = release(world.orbit, "3.0.0")
        path = local_path(file_of(there).key)
    assert path
    aside = path.with_name("aside")
    path.rename(aside)
    assert_said(signed_in(world.ada).get(download_path(there)))
    aside.rename(path)
    assert downloaded(world, there) == CONTENT


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), True),
        (PermissionError(errno.EACCES, "Permission denied"), True),
        (FileNotFoundError(errno.ENOENT, "No such file"), False),
        (ConnectionResetError(errno.ECONNRESET, "Connection reset"), False),
        (RuntimeError(), False),
    ],
)
def test_errors_of_disks_are_told_from_mistakes(error: Exception, expected: bool) -> None:
    assert is_out(error) is expected


# --- An object store that lies ------------------------------------------------------------------


class Liar(http.server.BaseHTTPRequestHandler):
    """Answers nothing, or 500, or hangs up, as its server is told."""

    def answer(self) -> None:
        self.server.asked += 1  # type: ignore[attr-defined]
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        if self.server.lie == "silent":  # type: ignore[attr-defined]
            self.server.over.wait(30)  # type: ignore[attr-defined]
        elif self.server.lie == "failing":  # type: ignore[attr-defined]
            self.send_response(500)
            self.send_header("Content-Length", "0")
            self.end_headers()
        self.close_connection = True

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer

    def log_message(self, *_args: Any) -> None: ...


@pytest.fixture
def liar(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Release files lie in a store that is not to be trusted, which is asked with little patience."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Liar) as server:
        server.asked, server.over = 0, threading.Event()  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        for name, value in (
            ("S3_BUCKET", "releases"),
            ("S3_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}"),
            ("S3_REGION", "us-east-1"),
            ("S3_ACCESS_KEY_ID", "id"),
            ("S3_SECRET_ACCESS_KEY", "secret"),
        ):
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(env, "STORE_ANSWERS_WITHIN", 0.5)
        entry = env.object_storage(django_settings.RELEASES_ROOT)
        settings.STORAGES = {**settings.STORAGES, "releases": entry}
        yield server
        server.over.set()  # type: ignore[attr-defined]
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("lie", ["failing", "silent", "hanging up"])
def test_a_store_that_fails_is_said_soon(world: World, liar: Any, lie: str) -> None:
    liar.lie = lie
    with inside(world.acme):
        later = draft(world)
    start = time.perf_counter_ns()
    assert_said(signed_in(world.acme_admin).post(files_path(later), uploaded("a.zip")))
    answer = put(world, later, "a.zip", BIG)
    assert (answer.status_code, answer.json()["code"]) == (503, "STORAGE_UNAVAILABLE")
    assert (time.perf_counter_ns() - start) / 1e9 < 30
    assert liar.asked <= 8  # twice for each question, of which deleting is one
    with inside(world.acme):
        assert not ReleaseFile.objects.filter(release=later).exists()
    assert incoming() == []


@pytest.fixture
def there(world: World) -> Release:
    with inside(world.acme):
        return release(world.orbit, "3.0.0")


def test_customers_do_not_wait_for_a_store_that_is_not_there(
    world: World, there: Release, liar: Any
) -> None:
    """They are given an address, for which the store is not asked."""
    liar.lie = "failing"
    ada = signed_in(world.ada)
    assert ada.get("/releases/").status_code == 200
    assert ada.get(download_path(there)).status_code == 302
    assert not liar.asked


def test_what_a_store_does_not_delete_is_left_to_the_clean_up(
    world: World, liar: Any, caplog: pytest.LogCaptureFixture
) -> None:
    liar.lie = "failing"
    try_to_delete(f"{world.acme.pk}/nobodys")
    assert liar.asked
    assert "A file is left to the daily clean-up" in caplog.text
