"""Releases of the Web API and their files."""

import hashlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.test.utils import CaptureQueriesContext

from releases.models import OwnPlatform, Release, ReleaseFile
from releases.verbs import publishing
from releases.verbs.own_platforms import add_platform
from tenancy.door import inside
from tests.api.program import Program, program_of
from tests.world import World, file_of, release, signed_in

BYTES = bytes(range(256)) * 10
SHA256 = hashlib.sha256(BYTES).hexdigest()
ELSEWHERE = {"name": "orbit-2.zip", "url": "https://files.example/orbit-2.zip", "size": 12}


def form_of(field: str) -> tuple[bytes, str]:
    """A form with a file, and its content type."""
    data = {field: SimpleUploadedFile("other-name.bin", BYTES)}
    return encode_multipart(BOUNDARY, data), MULTIPART_CONTENT


def draft_of(program: Program, world: World, **members: Any) -> dict[str, Any]:
    body = {"version": "2.0.0", "platform": "linux", "productId": str(world.orbit.pk), **members}
    made = program.create("/v3/releases", body)
    assert made.status_code == 201, made.content
    return dict(made.json())


def put(program: Program, draft: dict[str, Any], name: str = "orbit-2.bin") -> Any:
    return program.generic("PUT", f"/v3/{draft['id']}/{name}", BYTES, "application/octet-stream")


def test_a_release_is_made_gets_a_file_and_is_published(world: World) -> None:
    program = program_of(world.acme_admin)
    draft = draft_of(program, world, version="v2.0.0", platform="Win64, Linux", channel=None)
    assert {"name": "Orbit", "version": "2.0.0", "channel": "stable"}.items() <= draft.items()
    assert draft["platform"] == "linux,win64"
    assert draft["published"] is False
    assert program.create(f"/v3/releases/{draft['id']}/publish").status_code == 409
    uploaded = put(program, draft)
    assert uploaded.status_code == 201, uploaded.content
    file = uploaded.json()
    assert (file["size"], file["checksum"], file["extension"]) == (len(BYTES), SHA256, ".bin")
    assert file["url"].startswith("http://api.portal.localhost")
    assert file["url"].endswith(f"/v3/{draft['id']}/orbit-2.bin")
    told_again = {"name": file["name"], "url": file["url"], "releaseId": draft["id"]}
    assert program.create("/v3/release-files", told_again).status_code == 201
    published = program.create(f"/v3/releases/{draft['id']}/publish")
    assert published.status_code == 200
    body = published.json()
    assert (body["published"], body["totalFiles"]) == (True, 1)
    assert body["files"] == [file]
    assert program.get(f"/v3/releases/{draft['id']}").json() == body
    assert program.get(f"/v3/release-files/{file['id']}").json() == file


def test_of_what_is_published_words_alone_are_changed(world: World) -> None:
    program = program_of(world.acme_admin)
    path = f"/v3/releases/{world.orbit_release.pk}"
    same = {"version": "1.2.0", "channel": "stable", "productId": str(world.orbit.pk)}
    words = {"name": "Orbit One", "notes": "New", "platform": "linux", "private": True}
    changed = program.change(path, {**same, **words})
    assert changed.status_code == 200, changed.content
    assert words.items() <= changed.json().items()
    for frozen in ({"version": "1.2.1"}, {"channel": "beta"}, {"productId": str(world.spectra.pk)}):
        refused = program.change(path, {"notes": "Other", **frozen})
        assert (refused.status_code, refused.json()["code"]) == (409, "RELEASE_PUBLISHED")
    assert program.get(path).json()["notes"] == "New"
    assert program.change(path, {"private": "false"}).json()["private"] is False
    assert program.change(path, {"archived": True}).json()["archived"] is True
    assert program.change(path, {"archived": False}).json()["archived"] is False
    file = program.get(f"/v3/release-files?releaseId={world.orbit_release.pk}").json()[0]
    for gone in (path, f"/v3/release-files/{file['id']}"):
        assert program.remove(gone).json()["code"] == "RELEASE_PUBLISHED"
    refused = put(program, {"id": world.orbit_release.pk})
    assert refused.json()["code"] == "RELEASE_PUBLISHED"


def test_a_draft_is_changed_and_deleted_with_its_files(world: World) -> None:
    program = program_of(world.acme_admin)
    draft = draft_of(program, world)
    path = f"/v3/releases/{draft['id']}"
    changed = program.change(path, {"version": "2.0.1", "productId": str(world.spectra.pk)})
    assert changed.json()["version"] == "2.0.1"
    assert changed.json()["productId"] == str(world.spectra.pk)
    elsewhere = {**ELSEWHERE, "checksum": SHA256.upper(), "secured": True, "releaseId": draft["id"]}
    with_file = program.create("/v3/release-files", elsewhere)
    assert with_file.status_code == 201, with_file.content
    [file] = with_file.json()["files"]
    assert (file["secured"], file["checksum"]) == (False, SHA256)
    put(program, draft)
    assert program.remove(f"/v3/release-files/{file['id']}").status_code == 204
    assert program.get(path).json()["totalFiles"] == 1
    assert program.remove(path).status_code == 204
    assert program.get(path).status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b"null", 404, "product"),
        ({"version": "2.0", "platform": "linux", "productId": "no"}, 404, "product"),
        ({"version": "2", "platform": "linux"}, 400, "version:"),
        ({"version": 2, "platform": "linux"}, 400, "version:"),
        ({"version": "2.0"}, 400, "platforms:"),
        ({"version": "2.0", "platform": "toaster"}, 400, "toaster"),
        ({"version": "2.0", "platform": "linux", "name": "x" * 101}, 400, "name:"),
        ({"version": "2.0", "platform": "linux", "channel": "Béta"}, 400, "channel:"),
        ({"version": "2.0", "platform": "linux", "private": "perhaps"}, 400, "private:"),
        ({"version": "2.0", "platform": ["linux"]}, 400, "platform:"),
        ({"version": "2.0", "platform": "linux", "notes": "a\x00b"}, 400, "notes:"),
        ({"version": "1.2.0", "platform": "linux"}, 409, "already"),
    ],
)
def test_what_is_no_release_is_refused(
    world: World, body: dict[str, Any] | bytes, status: int, says: str
) -> None:
    if isinstance(body, dict):
        body = {"productId": str(world.orbit.pk), **body}
    refused = program_of(world.acme_admin).create("/v3/releases", body)
    assert refused.status_code == status, refused.content
    assert says in refused.json()["message"]
    with inside(world.acme):
        assert Release.objects.count() == 1


def test_what_is_no_file_is_refused(world: World) -> None:
    program = program_of(world.acme_admin)
    draft = draft_of(program, world)
    good = {**ELSEWHERE, "checksum": SHA256, "releaseId": draft["id"]}
    for wrong, status in (
        ({"checksum": "abc"}, 400),
        ({"url": "http://files.example/a"}, 400),
        ({"url": ""}, 400),
        ({"name": "a/b"}, 400),
        ({"size": -1}, 400),
        ({"size": "much"}, 400),
        ({"size": 10**15}, 400),
        ({"releaseId": str(world.quill_release.pk)}, 404),
    ):
        refused = program.create("/v3/release-files", good | wrong)
        assert refused.status_code == status, (wrong, refused.content)
    for name, sent in (("orbit%3A2.bin", BYTES), ("orbit-2.bin", b"")):
        path = f"/v3/{draft['id']}/{name}"
        assert program.generic("PUT", path, sent, "application/x").status_code == 400
    assert put(program, draft).status_code == 201
    for name, status in (("orbit-2.bin", 409), ("ORBIT-2.bin", 409)):
        assert put(program, draft, name).status_code == status
    assert program.get(f"/v3/releases/{draft['id']}").json()["totalFiles"] == 1


def test_a_form_brings_a_file_too(world: World) -> None:
    program = program_of(world.acme_admin)
    draft = draft_of(program, world)
    path = f"/v3/{draft['id']}/orbit-2.bin"
    uploaded = program.generic("PUT", path, *form_of("file"))
    assert uploaded.json()["checksum"] == SHA256
    refused = program.generic("PUT", f"{path}2", *form_of("other"))
    assert refused.json()["code"] == "FILE_MISSING"


def test_what_broke_off_is_not_kept(world: World) -> None:
    program = program_of(world.acme_admin)
    draft = draft_of(program, world)
    path = f"/v3/{draft['id']}/orbit-2.bin"
    for sent, kind in ((BYTES, "application/x"), form_of("file")):
        longer = str(len(sent) + 10)
        cut = {"CONTENT_LENGTH": longer, "wsgi.input": BytesIO(sent)}
        broken = program.generic("PUT", path, sent, kind, **cut)
        assert broken.json()["code"] == "UPLOAD_INCOMPLETE"
    with inside(world.acme):
        assert not ReleaseFile.objects.filter(release_id=draft["id"]).exists()


@pytest.mark.parametrize(
    ("query", "versions"),
    [
        ("sort=version", ["1.2.0", "1.9.0-rc.1", "1.10.0"]),
        ("sort=-version", ["1.10.0", "1.9.0-rc.1", "1.2.0"]),
        ("version=1.10.0", ["1.10.0"]),
        ("channel=beta", ["1.9.0-rc.1"]),
        ("platform=Windows%2064%20bit", ["1.10.0"]),
        ("platform[ne]=win64&sort=version", ["1.2.0", "1.9.0-rc.1"]),
        ("platform[in][]=win64&platform[in][]=macos&sort=-version", ["1.10.0", "1.9.0-rc.1"]),
        ("private=true", []),
        ("query=1.9", ["1.9.0-rc.1"]),
        ("name[cn]=orb&limit=1&sort=-version", ["1.10.0"]),
    ],
)
def test_lists_are_narrowed(world: World, query: str, versions: list[str]) -> None:
    with inside(world.acme):
        release(world.orbit, "1.10.0", platforms=["win64"])
        release(world.orbit, "1.9.0-rc.1", platforms=["macos"], channel="beta")
    program = program_of(world.acme_admin)
    listed = program.get(f"/v3/releases?{query}&productId={world.orbit.pk}")
    assert [each["version"] for each in listed.json()] == versions, listed.content
    for unknown in ("platform[cn]=win", "color=red", "platform=%00", "query=%00"):
        assert program.get(f"/v3/releases?{unknown}").status_code == 400


def test_files_are_listed(world: World) -> None:
    program = program_of(world.acme_admin)
    draft = draft_of(program, world)
    put(program, draft)
    listed = program.get(f"/v3/release-files?releaseId={draft['id']}").json()
    assert [each["name"] for each in listed] == ["orbit-2.bin"]
    assert [each["name"] for each in program.get("/v3/release-files?query=1.2.0").json()] == [
        "orbit-1.2.0.bin"
    ]


def test_customers_see_what_their_licences_cover(world: World) -> None:
    with inside(world.acme):
        release(world.orbit, "1.3.0")
        publishing.make_private(release(world.orbit, "1.4.0"))
        release(world.spectra, "9.0.0")
        world.ada_license.max_allowed_release_version = "1.2"
        world.ada_license.save(update_fields=["max_allowed_release_version"])
    [own] = program_of(world.ada).get("/v3/me/releases").json()
    assert (own["version"], own["product"]) == ("1.2.0", {"displayName": "Orbit"})
    both = program_of(world.grace).get("/v3/me/releases?sort=-version").json()
    assert [each["version"] for each in both] == ["1.3.0", "1.2.0"]
    assert program_of(world.acme_admin).get("/v3/me/releases").json() == []


@pytest.mark.parametrize(
    ("path", "queries"),
    [("/v3/releases", 5), ("/v3/release-files", 4), ("/v3/me/releases", 9)],
)
def test_a_page_costs_as_many_queries_with_one_row_as_with_three(
    world: World, django_assert_num_queries: Callable[..., Any], path: str, queries: int
) -> None:
    with inside(world.acme):
        release(world.orbit, "1.3.0")
        release(world.orbit, "1.4.0")
        assert file_of(world.orbit_release)
    program = program_of(world.ada if "/me/" in path else world.acme_admin)
    program.get(path)
    for limit in (1, 3):
        with django_assert_num_queries(queries):
            assert len(program.get(f"{path}?limit={limit}").json()) == limit


def test_a_platform_of_ones_own_is_added_and_needs_no_question(world: World) -> None:
    staff, path = program_of(world.acme_admin), "/v3/release-platforms"
    body = {"version": "2.0.0", "platform": "Orbit-Box", "productId": str(world.orbit.pk)}
    refused = staff.create("/v3/releases", body)
    assert refused.status_code == 400
    assert refused.json()["code"] == "PLATFORM_UNKNOWN"

    made = staff.create(path, {"name": "Orbit-Box", "displayName": "The Orbit box"})
    assert made.status_code == 201
    assert made.json()["name"] == "orbit-box"
    assert made.json()["displayName"] == "The Orbit box"
    assert staff.get(path).json() == [made.json()]
    assert program_of(world.globex_admin).get(path).json() == []
    elsewhere = body | {"productId": str(world.quill.pk)}
    assert (
        program_of(world.globex_admin).create("/v3/releases", elsewhere).json()["code"]
        == "PLATFORM_UNKNOWN"
    )
    draft = draft_of(staff, world, platform="orbit-box,windows")
    assert put(staff, draft).status_code == 201
    assert staff.create(f"/v3/releases/{draft['id']}/publish").json()["platform"] == (
        "orbit-box,windows"
    )
    ada, admin = signed_in(world.ada), signed_in(world.acme_admin)
    product = f"/licenses/product/{world.orbit.pk}/change/"
    for browser, page in ((ada, f"/releases/{draft['id']}/"), (ada, "/releases/"),
                          (admin, product)):  # fmt: skip
        assert "The Orbit box, Windows" in browser.get(page).content.decode(), page
    assert 'value="orbit-box">The Orbit box</option>' in ada.get("/releases/").content.decode()

    # What releases name is known from then on.
    assert staff.remove(f"{path}/{made.json()['id']}").status_code == 204
    assert "orbit-box, Windows" in ada.get("/releases/").content.decode()
    draft_of(staff, world, version="2.0.1", platform="orbit-box")


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("windows", 409, "PLATFORM_KNOWN"),
        ("Win 10", 409, "PLATFORM_KNOWN"),
        ("x86_64-windows", 409, "PLATFORM_KNOWN"),
        ("Toaster", 409, "PLATFORM_KNOWN"),  # it is there
        ("", 400, "INVALID_REQUEST"),
        ("two words", 400, "INVALID_REQUEST"),
        ("x" * 33, 400, "INVALID_REQUEST"),
    ],
)
def test_what_is_no_platform_of_ones_own_is_refused(
    world: World, name: str, status: int, code: str
) -> None:
    staff, path = program_of(world.acme_admin), "/v3/release-platforms"
    shown = staff.create(path, {"name": "toaster"}).json()["displayName"]
    assert shown == "toaster"
    refused = staff.create(path, {"name": name, "displayName": "Something"})
    assert (refused.status_code, refused.json()["code"]) == (status, code), refused.content
    assert len(staff.get(path).json()) == 1


def test_names_of_own_platforms_are_looked_up_once(world: World) -> None:
    """Whatever number of releases and platforms of one's own a page has."""
    ada = signed_in(world.ada)
    ada.get("/releases/")
    with inside(world.acme):
        for number in range(3):
            words = [f"box-{number}-{each}" for each in range(number + 1)]
            for word in words:
                add_platform(OwnPlatform(vendor=world.acme, word=word))
            release(world.orbit, f"3.0.{number}", platforms=words)
    with CaptureQueriesContext(connection) as asked:
        assert "box-2-2" in ada.get("/releases/").content.decode()
    names = [each["sql"] for each in asked if '"releases_ownplatform"' in each["sql"]]
    assert len(names) == 1, names
