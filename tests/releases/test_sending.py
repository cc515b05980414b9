"""The answer to a download, header by header: alone, and behind a proxy."""

import base64
import hashlib
from typing import Any

import pytest

from releases.models import Download, ReleaseFile
from tenancy.door import inside
from tests.world import CONTENT, Browser, World, download_path, file_of, signed_in
from web import places
from web.places import Places

SIZE = len(CONTENT)
DIGEST = hashlib.sha256(CONTENT)
ETAG = f'"{DIGEST.hexdigest()}"'
PUBLISHED = "Tue, 24 Nov 2026 12:00:00 GMT"


@pytest.fixture
def ada(world: World) -> Browser:
    return signed_in(world.ada)


def asked(ada: Browser, world: World, method: str = "get", **headers: str) -> Any:
    """The answer, read to its end, which closes it."""
    response = getattr(ada, method)(download_path(world.orbit_release), headers=headers)
    response.body = response.getvalue()
    return response


def test_the_whole_file(ada: Browser, world: World) -> None:
    response = asked(ada, world)
    assert response.status_code == 200
    assert response.body == CONTENT
    expected = {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache, no-transform",
        "Content-Disposition": 'attachment; filename="orbit-1.2.0.bin"',
        "Content-Length": str(SIZE),
        "Content-Type": "application/octet-stream",
        "ETag": ETAG,
        "Last-Modified": PUBLISHED,
        "Repr-Digest": f"sha-256=:{base64.b64encode(DIGEST.digest()).decode()}:",
        "X-Content-Type-Options": "nosniff",
    }
    assert {name: response[name] for name in expected} == expected
    assert "Content-Range" not in response
    assert response.streaming


def test_head_tells_the_same_and_sends_nothing(ada: Browser, world: World) -> None:
    whole, head = asked(ada, world), asked(ada, world, "head")
    assert head.status_code == 200
    assert head.body == b""
    for name in (
        "Content-Length",
        "ETag",
        "Repr-Digest",
        "Accept-Ranges",
        "Last-Modified",
        "Content-Disposition",
        "Content-Type",
    ):
        assert head[name] == whole[name], name
    assert asked(ada, world, "head", range="bytes=0-9").status_code == 200


RANGES = [
    ("bytes=0-9", 206, slice(0, 10)),
    ("bytes=10-", 206, slice(10, None)),
    ("bytes=-5", 206, slice(SIZE - 5, None)),
    ("bytes=0-0", 206, slice(0, 1)),
    (f"bytes=0-{SIZE * 9}", 206, slice(0, SIZE)),
    ("bytes=0-1,3-4", 200, slice(0, SIZE)),
    ("items=0-1", 200, slice(0, SIZE)),
    (f"bytes={SIZE}-", 416, None),
    ("bytes=-0", 416, None),
    ("bytes=9-1", 416, None),
]


@pytest.mark.parametrize(("header", "status", "part"), RANGES)
def test_ranges(ada: Browser, world: World, header: str, status: int, part: Any) -> None:
    response = asked(ada, world, range=header)
    assert response.status_code == status
    if part is None:
        assert response["Content-Range"] == f"bytes */{SIZE}"
        assert response.body == b""
        return
    assert response.body == CONTENT[part]
    assert response["Content-Length"] == str(len(CONTENT[part]))
    first, stop, _step = part.indices(SIZE)
    content_range = f"bytes {first}-{stop - 1}/{SIZE}" if status == 206 else None
    assert response.get("Content-Range") == content_range
    assert response["ETag"] == ETAG


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        (ETAG, 206),
        (PUBLISHED, 206),
        (f"W/{ETAG}", 200),
        ('"other"', 200),
        ("nonsense", 200),
        ("Tue, 24 Nov 2026 12:00:01 GMT", 200),
    ],
)
def test_if_range(ada: Browser, world: World, condition: str, status: int) -> None:
    response = asked(ada, world, range="bytes=5-9", if_range=condition)
    assert response.status_code == status
    assert response.body == (CONTENT[5:10] if status == 206 else CONTENT)
    beyond = asked(ada, world, range=f"bytes={SIZE}-", if_range=condition)
    assert beyond.status_code == (416 if status == 206 else 200)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"if_none_match": ETAG}, 304),
        ({"if_none_match": f"W/{ETAG}"}, 304),
        ({"if_none_match": "*"}, 304),
        ({"if_none_match": f'"a", {ETAG}'}, 304),
        ({"if_none_match": '"other"'}, 200),
        ({"if_modified_since": PUBLISHED}, 304),
        ({"if_modified_since": "Tue, 24 Nov 2026 11:59:59 GMT"}, 200),
        ({"if_none_match": '"other"', "if_modified_since": PUBLISHED}, 200),
        ({"if_match": ETAG}, 200),
        ({"if_match": "*"}, 200),
        ({"if_match": f'"a", {ETAG}'}, 200),
        ({"if_match": f"W/{ETAG}"}, 412),
        ({"if_match": '"other"'}, 412),
        ({"if_match": ETAG, "if_none_match": ETAG}, 304),
        # Where the first one holds the second one counts no more (RFC 9110, 13.2.2).
        ({"if_match": ETAG, "if_unmodified_since": "Tue, 24 Nov 2026 11:59:59 GMT"}, 200),
        ({"if_unmodified_since": PUBLISHED}, 200),
        ({"if_unmodified_since": "Tue, 24 Nov 2026 11:59:59 GMT"}, 412),
    ],
)
def test_conditions(ada: Browser, world: World, headers: dict[str, str], status: int) -> None:
    response = asked(ada, world, **headers)
    assert response.status_code == status
    assert response.body == (CONTENT if status == 200 else b"")
    assert response["ETag"] == ETAG


def test_nothing_is_recorded_of_what_sends_nothing(ada: Browser, world: World) -> None:
    asked(ada, world, "head")
    asked(ada, world, if_none_match=ETAG)
    asked(ada, world, if_match='"other"')
    asked(ada, world, range=f"bytes={SIZE}-")
    with inside(world.acme):
        assert Download.objects.count() == 0


# --- Behind a proxy ----------------------------------------------------------------------------


@pytest.fixture
def _proxied(settings: Any) -> None:
    settings.ACCEL_REDIRECT_PREFIX = "/protected/"


@pytest.mark.usefixtures("_proxied")
@pytest.mark.parametrize("method", ["get", "head"])
def test_the_proxy_gets_an_address_and_the_headers(ada: Browser, world: World, method: str) -> None:
    response = asked(ada, world, method)
    with inside(world.acme):
        key = file_of(world.orbit_release).key
    assert response["X-Accel-Redirect"] == f"/protected/{key}"
    assert response.body == b""
    assert response["ETag"] == ETAG
    assert response["Repr-Digest"].startswith("sha-256=:")
    assert response["Content-Disposition"] == 'attachment; filename="orbit-1.2.0.bin"'
    with inside(world.acme):
        assert Download.objects.count() == (1 if method == "get" else 0)


@pytest.mark.usefixtures("_proxied")
@pytest.mark.parametrize(
    "headers",
    [
        {"if_match": ETAG},
        {"if_match": "*", "range": "bytes=0-9"},
        {"if_unmodified_since": PUBLISHED},
        {"if_range": '"other"', "range": "bytes=0-9"},
    ],
)
def test_no_condition_has_the_portal_send_the_bytes(
    ada: Browser, world: World, headers: dict[str, str]
) -> None:
    response = asked(ada, world, **headers)
    assert "X-Accel-Redirect" in response
    assert response.body == b""
    with inside(world.acme):
        assert Download.objects.count() == 1


@pytest.mark.usefixtures("_proxied")
def test_what_the_proxy_resolves_is_recorded_as_it_was_asked(ada: Browser, world: World) -> None:
    assert "X-Accel-Redirect" in asked(ada, world, range="bytes=10-19")
    with inside(world.acme):
        download = Download.objects.get()
    assert (download.first_byte, download.bytes_asked, download.complete) == (10, 10, False)
    assert "X-Accel-Redirect" not in asked(ada, world, if_none_match=ETAG)
    assert "X-Accel-Redirect" not in asked(ada, world, range=f"bytes={SIZE}-")


# --- Alone -------------------------------------------------------------------------------------


def test_only_so_many_are_sent_at_a_time_and_places_come_back(
    ada: Browser, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "slow", Places(4))  # two of them for one licence
    path = download_path(world.orbit_release)
    first, second = ada.get(path), ada.get(path)
    third = ada.get(path)
    assert third.status_code == 503
    assert third["Retry-After"] == "30"
    assert "Many files are under way" in third.content.decode()
    program = Browser().get(f"{path}?key={world.ada_license.key}")
    assert (program.status_code, program.json()["code"]) == (503, "DOWNLOADS_BUSY")
    assert program["Retry-After"] == "30"
    assert ada.get("/licenses/").status_code == 200
    grace = signed_in(world.grace)
    assert grace.get(path).getvalue() == CONTENT
    first.getvalue()
    fourth = ada.get(path)
    assert fourth.status_code == 200
    assert ada.get(path).status_code == 503
    for response in (second, fourth):
        response.getvalue()
    with inside(world.acme):
        assert Download.objects.count() == 4
        key = file_of(world.orbit_release).key
        ReleaseFile.objects.update(key="gone")
    for _ in range(3):
        assert ada.get(path).status_code == 503
    with inside(world.acme):
        ReleaseFile.objects.update(key=key)
    asked(ada, world)


def test_a_file_that_lies_elsewhere_is_a_redirect_that_counts(ada: Browser, world: World) -> None:
    address = "https://cdn.example/orbit.bin"
    with inside(world.acme):
        ReleaseFile.objects.update(key="", url=address)
    for method, counted in (("head", 0), ("get", 1)):
        response = asked(ada, world, method)
        assert (response.status_code, response["Location"]) == (302, address)
        assert response["Referrer-Policy"] == "no-referrer"
        with inside(world.acme):
            assert file_of(world.orbit_release).download_count == counted
    asked(ada, world, range="bytes=10-")
    asked(ada, world, range=f"bytes={SIZE}-")
    with inside(world.acme):
        assert file_of(world.orbit_release).download_count == 1
        assert Download.objects.count() == 2
