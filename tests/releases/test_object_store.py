"""Release files in an S3-compatible store, against moto's server over HTTP."""

import hashlib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any

import boto3
import pytest
from django.core.files.storage import storages

from portal import env
from releases.files.shelf import opened, put_back, remove_left_overs, shelf_for, storage
from releases.models import Download, Release, ReleaseFile
from releases.verbs import publishing
from tenancy.door import inside
from tests.releases.test_publishing import draft
from tests.world import CONTENT, World, download_path, file_of, release, signed_in

BUCKET = "portal-releases"
START_TIMEOUT = 30.0  # seconds


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """The address of an S3 API with an empty bucket."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            try:
                urllib.request.urlopen(f"{address}/moto-api/", timeout=2).close()
                break
            except (urllib.error.URLError, OSError):
                assert server.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.1)
        client(address).create_bucket(Bucket=BUCKET)
        yield address
    finally:
        server.terminate()
        server.wait(10)


def client(endpoint: str) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id="id",
        aws_secret_access_key="secret",
        region_name="us-east-1",
    )


@pytest.fixture
def store(endpoint: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Settings as the environment would give them, and the store's own client to look with."""
    for name, value in (
        ("S3_BUCKET", BUCKET),
        ("S3_ENDPOINT_URL", endpoint),
        ("S3_REGION", "us-east-1"),
        ("S3_ACCESS_KEY_ID", "id"),
        ("S3_SECRET_ACCESS_KEY", "secret"),
    ):
        monkeypatch.setenv(name, value)
    entry = env.object_storage(settings.RELEASES_ROOT)
    settings.STORAGES = {**settings.STORAGES, "releases": entry}
    return client(endpoint)


@pytest.fixture
def stored(store: Any, world: World) -> Release:
    """A published release of acme whose file lies in the store."""
    with inside(world.acme):
        return release(world.orbit, "3.0.0")


def keys(store: Any) -> set[str]:
    return {each["Key"] for each in store.list_objects_v2(Bucket=BUCKET).get("Contents", [])}


def get(address: str, **headers: str) -> tuple[int, bytes, Any]:
    request = urllib.request.Request(address, headers=headers)
    with urllib.request.urlopen(request, timeout=10) as response:
        return response.status, response.read(), response.headers


def test_a_download_is_a_short_lived_signed_address(world: World, stored: Release) -> None:
    response = signed_in(world.ada).get(download_path(stored))
    assert response.status_code == 302
    with inside(world.acme):
        assert f"/{BUCKET}/{file_of(stored).key}?" in response["Location"]
        assert Download.objects.get().complete is True
    assert "X-Amz-Expires=60" in response["Location"]
    status, body, headers = get(response["Location"])
    assert (status, body) == (200, CONTENT)
    assert headers["Content-Disposition"] == 'attachment; filename="orbit-3.0.0.bin"'
    assert headers["Content-Type"] == "application/octet-stream"
    rest = signed_in(world.ada).get(download_path(stored), headers={"range": "bytes=1000-"})
    status, body, headers = get(rest["Location"], Range="bytes=1000-")
    assert (status, body) == (206, CONTENT[1000:])
    with inside(world.acme):
        assert file_of(stored).download_count == 1


def test_head_has_an_address_of_its_own(world: World, stored: Release) -> None:
    response = signed_in(world.ada).head(download_path(stored))
    request = urllib.request.Request(response["Location"], method="HEAD")
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.headers["Content-Length"] == str(len(CONTENT))


def test_a_refused_customer_gets_no_address(world: World, stored: Release) -> None:
    assert signed_in(world.bob).get(download_path(stored)).status_code == 404


def test_a_large_file_goes_up_in_parts(world: World, store: Any) -> None:
    content = b"0123456789abcdef" * 1_250_000  # 20 MB: three parts
    with inside(world.acme):
        made = draft(world)
        with shelf_for(world.acme.pk) as shelf:
            [file] = publishing.add_files(made, [("big.bin", shelf.store(BytesIO(content)))])
    assert (file.size, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    body = store.get_object(Bucket=BUCKET, Key=file.key)
    assert body["ETag"].endswith('-3"')
    assert body["Body"].read() == content


def test_an_upload_that_breaks_off_leaves_nothing(world: World, store: Any) -> None:
    class Broken(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 10_000_000:
                raise OSError("The line is cut.")
            return super().read(size)

    before = keys(store)
    with (
        inside(world.acme),
        pytest.raises(OSError, match="line is cut"),
        shelf_for(world.acme.pk) as shelf,
    ):
        shelf.store(Broken(b"x" * 20_000_000))
    assert keys(store) == before
    assert store.list_multipart_uploads(Bucket=BUCKET).get("Uploads", []) == []


def test_an_upload_in_the_back_office_ends_in_the_store(world: World, store: Any) -> None:
    from tests.releases.test_uploads import BIG, files_path, incoming, uploaded

    with inside(world.acme):
        made = draft(world)
    signed_in(world.acme_admin).post(files_path(made), uploaded("a.zip"))
    with inside(world.acme):
        file = ReleaseFile.objects.get(release=made)
    assert store.get_object(Bucket=BUCKET, Key=file.key)["Body"].read() == BIG
    assert incoming() == []


def test_left_overs_are_found_in_the_store(
    world: World, stored: Release, store: Any, frozen_time: Any
) -> None:
    left_over = f"{world.acme.pk}/left-over"
    storage().save(left_over, BytesIO(b"x"))  # type: ignore[arg-type]
    with inside(world.acme):
        assert remove_left_overs(world.acme.pk) == 0
        kept = file_of(stored).key
        # The store has a clock of its own.
        frozen_time.move_to(storage().get_modified_time(left_over) + timedelta(days=3))
        assert remove_left_overs(world.acme.pk) >= 1
    assert left_over not in keys(store)
    assert kept in keys(store)
    assert storages["releases"].exists(kept)


def test_a_backup_reads_from_the_store_and_puts_back_what_is_gone(world: World, store: Any) -> None:
    with inside(world.acme):
        made = release(world.orbit, version="3.0.0")
        key = file_of(made).key
    with opened(key) as stored:
        kept = BytesIO(stored.read())
    assert kept.getvalue() == CONTENT
    store.delete_object(Bucket=BUCKET, Key=key)
    with pytest.raises(FileNotFoundError), opened(key):
        pass
    put_back(key, kept)
    assert store.get_object(Bucket=BUCKET, Key=key)["Body"].read() == CONTENT
    with pytest.raises(FileExistsError):
        put_back(key, kept)
