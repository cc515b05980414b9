"""Programs without a token: looking for updates, the latest release, and its files."""

from typing import Any

import pytest

from releases.models import Download
from releases.verbs import publishing
from tenancy.door import inside
from tenancy.models import Vendor
from tests.api.program import Program, program_of
from tests.world import CONTENT, World, download_path, release, set_vendor


def update(world: World, version: str, **query: str) -> Any:
    asked = {
        "productId": str(world.orbit.pk),
        "platform": "linux",
        "version": version,
        "key": world.ada_license.key,
    }
    return Program().get("/v3/releases/update", asked | query)


@pytest.mark.parametrize(
    ("published", "version", "found"),
    [
        ("1.2.3.5", "1.2.3.4", True),
        ("1.2.3.4", "1.2.3", False),
        ("1.2.3.4", "1.2", False),
        ("1.3.0", "1.2", True),
        ("1.10.0", "1.9.0", True),
        ("1.9.0", "1.10.0", False),
        ("1.9.0", "v1.8.9", True),
        ("1.9.0", "1.9.0-rc.1", True),
        ("1.9.0", "1.9.0", False),
        ("1.9.0-rc.1", "1.2.0", False),
    ],
)
def test_an_update_is_what_is_newer_in_the_parts_that_are_given(
    world: World, published: str, version: str, found: bool
) -> None:
    with inside(world.acme):
        newest = release(world.orbit, published)
    response = update(world, version)
    assert response.status_code == (200 if found else 204), response.content
    if found:
        assert response.json()["id"] == str(newest.pk)
        assert response.json()["totalFiles"] == 1


def test_channel_platform_and_licence_decide(world: World) -> None:
    with inside(world.acme):
        release(world.orbit, "1.3.0")
        release(world.orbit, "1.4.0", platforms=["win64"])
        release(world.orbit, "1.5.0-rc.1", channel="beta")
        publishing.make_private(release(world.orbit, "1.6.0"))
        publishing.archive(release(world.orbit, "1.7.0"))
        license = world.grace_license
        license.max_allowed_release_version = "1.2"
        license.save(update_fields=["max_allowed_release_version"])
    assert update(world, "1.2.0").json()["version"] == "1.3.0"
    assert update(world, "1.2.0", platform="Linux 64 bit").json()["version"] == "1.3.0"
    assert update(world, "1.2.0", platform="Windows").json()["version"] == "1.4.0"
    assert update(world, "1.2.0", channel="beta").json()["version"] == "1.5.0-rc.1"
    assert update(world, "1.2.0", channel="nightly").status_code == 204
    assert update(world, "1.2.0", platform="macos").status_code == 204
    assert update(world, "1.1.0", key=license.key).json()["version"] == "1.2.0"
    assert update(world, "1.2.0", key=license.key).status_code == 204
    typed = world.ada_license.key.lower().replace("-", " ")
    assert update(world, "1.2.0", key=typed).status_code == 200


def test_the_latest_release_is_told_or_why_there_is_none(world: World) -> None:
    query = {
        "productId": str(world.orbit.pk),
        "platform": "linux",
        "key": world.ada_license.key,
    }
    newest = Program().get("/v3/releases/latest", query)
    assert newest.json()["version"] == "1.2.0"
    none = Program().get("/v3/releases/latest", query | {"channel": "beta"})
    assert (none.status_code, none.json()["code"]) == (404, "RELEASE_NOT_FOUND")
    with inside(world.acme):
        world.ada_license.suspended = True
        world.ada_license.save(update_fields=["suspended"])
    refused = Program().get("/v3/releases/latest", query)
    assert (refused.status_code, refused.json()["code"]) == (403, "SUSPENDED_LICENSE")
    assert update(world, "1.0.0").status_code == 204


def test_what_proves_nothing_is_refused(world: World) -> None:
    for query, code in (
        ({"productId": str(world.quill.pk)}, "INVALID_LICENSE_KEY"),
        ({"productId": str(world.spectra.pk)}, "INVALID_LICENSE_KEY"),
        ({"productId": "nobody"}, "INVALID_PRODUCT_ID"),
        ({"key": ""}, "INVALID_LICENSE_KEY"),
        ({"key": "\x00"}, "INVALID_LICENSE_KEY"),
        ({"key": world.bob_license.key}, "INVALID_LICENSE_KEY"),
        ({"platform": ""}, "INVALID_REQUEST"),
        ({"channel": "\x00"}, "INVALID_REQUEST"),
        ({"version": "new"}, "INVALID_REQUEST"),
    ):
        refused = update(world, **{"version": "1.0", **query})
        assert (refused.status_code, refused.json()["code"]) == (400, code), query
    set_vendor(world.acme, status=Vendor.Status.INACTIVE)
    assert update(world, "1.0").json()["code"] == "VENDOR_INACTIVE"


def test_a_file_is_downloaded_by_key_or_token_and_recorded(world: World) -> None:
    url = update(world, "1.0").json()["files"][0]["url"]
    path = url.partition("/v3/")[2].join(("/v3/", ""))
    name = download_path(world.orbit_release).rpartition("/")[2]
    assert path == f"/v3/{world.orbit_release.pk}/{name}"
    by_key = Program().get(path, {"key": world.ada_license.key})
    assert b"".join(by_key) == CONTENT
    assert b"".join(program_of(world.grace, ["release:read"]).get(path)) == CONTENT
    part = Program().get(path, headers={"License-Key": world.ada_license.key, "Range": "bytes=1-2"})
    assert (part.status_code, b"".join(part)) == (206, CONTENT[1:3])
    head = Program().generic("HEAD", f"{path}?key={world.ada_license.key}")
    assert (head.status_code, head["Content-Length"]) == (200, str(len(CONTENT)))
    with inside(world.acme):
        told = set(Download.objects.values_list("license__key", flat=True))
        assert told == {world.ada_license.key, world.grace_license.key}
        world.ada_license.revoked = True
        world.ada_license.save(update_fields=["revoked"])
    refused = Program().get(path, {"key": world.ada_license.key})
    assert (refused.status_code, refused.json()["code"]) == (403, "REVOKED_LICENSE")


def test_whoever_holds_no_licence_gets_no_file(world: World) -> None:
    name = download_path(world.orbit_release).rpartition("/")[2]
    path = f"/v3/{world.orbit_release.pk}/{name}"
    assert Program().get(path).status_code == 401
    assert Program().get(f"{path}?key=").status_code == 401
    assert program_of(world.ada, ["license:read"]).get(path).json()["code"] == "OUT_OF_SCOPE"
    for who in (world.acme_admin, world.bob, world.ada_of_globex):
        assert program_of(who).get(path).status_code == 404
    for key in (world.bob_license.key, "nonsense"):
        assert Program().get(path, {"key": key}).status_code == 404
    own = {"key": world.ada_license.key}
    assert Program().get(f"{path}2", own).status_code == 404
    assert Program().get(f"/v3/{world.quill_release.pk}/{name}", own).status_code == 404
    with inside(world.acme):
        publishing.make_private(world.orbit_release)
    assert Program().get(path, own).status_code == 404
