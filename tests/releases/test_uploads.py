"""Uploading release files in the back office, as a browser or a broken line would."""

import hashlib
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from releases import errors
from releases.models import Release, ReleaseFile
from releases.verbs import publishing
from tenancy.door import inside
from tests.releases.test_publishing import draft, files_on_disk, stored_bytes
from tests.world import PARENT, Browser, World, signed_in

BIG = b"0123456789abcdef" * 20_000  # beyond what the portal's own upload handler keeps


@pytest.fixture
def release(world: World) -> Release:
    with inside(world.acme):
        return draft(world)


@pytest.fixture
def admin(world: World) -> Browser:
    return signed_in(world.acme_admin)


def files_path(release: Release) -> str:
    return f"/releases/release/{release.pk}/files/"


def uploaded(*names: str, content: bytes = BIG, **fields: Any) -> dict[str, Any]:
    files = [SimpleUploadedFile(name, content) for name in names]
    return {"files": files, "complete": "yes", **fields}


def incoming() -> list[Path]:
    return list(Path(django_settings.FILE_UPLOAD_TEMP_DIR).iterdir())


def test_files_are_kept_as_they_were_sent(world: World, admin: Browser, release: Release) -> None:
    assert admin.get(files_path(release)).status_code == 200
    response = admin.post(files_path(release), uploaded("a.zip", "b.zip"))
    assert response.status_code == 302
    with inside(world.acme):
        for file in ReleaseFile.objects.filter(release=release):
            assert stored_bytes(file) == BIG
            assert (file.size, file.sha256) == (len(BIG), hashlib.sha256(BIG).hexdigest())
            assert file.content_type == "application/zip"
    page = admin.get(files_path(release)).content.decode()
    assert "2 files are added." in page
    assert hashlib.sha256(BIG).hexdigest() in page
    assert incoming() == []


def test_a_script_is_told_where_to_go(world: World, admin: Browser, release: Release) -> None:
    response = admin.post(
        files_path(release), uploaded("a.zip"), headers={"x-requested-with": "XMLHttpRequest"}
    )
    assert response.json() == {"location": files_path(release)}


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (uploaded("a.zip", complete=""), "The upload broke off before the end"),
        (uploaded("a:b.zip"), "A file with : in its name"),
        (uploaded("a.zip", "a.zip"), "The release has a file of this name already."),
    ],
)
def test_what_is_refused_leaves_nothing(
    world: World, admin: Browser, release: Release, form: dict[str, Any], text: str
) -> None:
    before = files_on_disk(world)
    page = admin.post(files_path(release), form, follow=True).content.decode()
    assert text in page
    with inside(world.acme):
        assert not ReleaseFile.objects.filter(release=release).exists()
    assert files_on_disk(world) == before
    assert incoming() == []


def body_of(files: dict[str, bytes], token: str, boundary: str = "frontier") -> bytes:
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n'
        f"{token}\r\n".encode()
    ]
    for name, data in files.items():
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="{name}"'
        parts.append(f"{head}\r\n\r\n".encode() + data + b"\r\n")
    end = f'--{boundary}\r\nContent-Disposition: form-data; name="complete"\r\n\r\nyes\r\n'
    return b"".join([*parts, f"{end}--{boundary}--\r\n".encode()])


def test_a_connection_that_breaks_anywhere_leaves_nothing(
    world: World, admin: Browser, release: Release
) -> None:
    before, body = files_on_disk(world), body_of({"a.zip": BIG}, "unchecked")
    ends_with = len(b"yes\r\n--frontier--\r\n")
    for cut in (10, 200, 1000, len(body) // 2, len(body) - 200, len(body) - ends_with):
        admin.post(
            files_path(release), body[:cut], content_type="multipart/form-data; boundary=frontier"
        )
        with inside(world.acme):
            assert not ReleaseFile.objects.filter(release=release).exists(), cut
    assert files_on_disk(world) == before
    assert incoming() == []
    admin.post(files_path(release), body, content_type="multipart/form-data; boundary=frontier")
    with inside(world.acme):
        assert ReleaseFile.objects.filter(release=release).count() == 1


def test_an_upload_needs_its_csrf_token(world: World, release: Release) -> None:
    from django.middleware.csrf import _get_new_csrf_string

    browser = Client(enforce_csrf_checks=True, HTTP_HOST=f"app.{PARENT}")
    browser.cookies = signed_in(world.acme_admin).cookies
    token = _get_new_csrf_string()
    browser.cookies[django_settings.CSRF_COOKIE_NAME] = token
    before = files_on_disk(world)
    kind = "multipart/form-data; boundary=frontier"
    for sent, code in (("", 403), ("x" * 32, 403), (token, 302)):
        body = body_of({"a.zip": BIG}, sent)
        assert browser.post(files_path(release), body, content_type=kind).status_code == code
        assert incoming() == []
        if code == 403:
            assert files_on_disk(world) == before


@pytest.mark.parametrize("visitor", ["anonymous", "acme_support", "operator"])
def test_nobody_else_can_fill_the_disk(
    world: World, release: Release, visitor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from releases.files import uploads

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("A file was received.")

    browser = Browser("app") if visitor == "anonymous" else signed_in(getattr(world, visitor))
    monkeypatch.setattr(uploads.ReleaseUploadHandler, "new_file", refuse)
    code = 302 if visitor == "anonymous" else 403
    assert browser.post(files_path(release), uploaded("a.zip")).status_code == code


def test_another_vendors_release_takes_nothing(world: World, release: Release) -> None:
    foreign = signed_in(world.globex_admin)
    assert foreign.post(files_path(release), uploaded("a.zip")).status_code == 404
    assert foreign.post(f"/releases/release/{release.pk}/do/publish/").status_code == 404
    assert incoming() == []


def release_form(world: World, **changes: str) -> dict[str, str]:
    return {
        "product": str(world.orbit.pk),
        "name": "Orbit",
        "version": "4.2.1",
        "channel": "stable",
        "platforms": "windows, linux",
        "notes": "*New*",
        **changes,
    }


def test_from_a_form_to_customers_in_three_steps(world: World, admin: Browser) -> None:
    response = admin.post("/releases/release/add/", release_form(world))
    with inside(world.acme):
        release = Release.objects.get(version="4.2.1")
    assert response["Location"] == files_path(release)
    admin.post(files_path(release), uploaded("orbit.zip"))
    page = admin.post(f"/releases/release/{release.pk}/do/publish/", follow=True).content.decode()
    assert "Orbit 4.2.1 is published." in page
    assert 'name="version"' not in page  # frozen
    assert "4.2.1" in signed_in(world.ada).get("/releases/?platform=linux").content.decode()
    for verb, text in (
        ("archive", "is archived"),
        ("unarchive", "is back"),
        ("make-private", "don't see"),
        ("make-public", "Customers see"),
        ("publish", "is published"),
    ):
        page = admin.post(f"/releases/release/{release.pk}/do/{verb}/", follow=True)
        assert text in page.content.decode().replace("&#x27;", "'")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"version": "1.2.0", "platforms": "linux"}, "There is a release of this version already"),
        ({"version": "four"}, "Use two to four numbers with dots between"),
        ({"version": "1.0.0rc1"}, "for a pre-release a hyphen and what it is"),
        ({"version": "v1.2-", "platforms": "macos"}, "for a pre-release a hyphen"),
        ({"platforms": ""}, "This field is required"),
        ({"platforms": "a/b"}, "Use small letters, digits"),
        ({"channel": "Not good"}, "Use small letters, digits"),
    ],
)
def test_a_bad_form_is_said(
    world: World, admin: Browser, changes: dict[str, str], text: str
) -> None:
    response = admin.post("/releases/release/add/", release_form(world, **changes))
    assert response.status_code == 200
    assert text in response.content.decode()


def test_a_release_without_a_name_has_the_products(world: World, admin: Browser) -> None:
    page = admin.get("/releases/release/add/").content.decode()
    assert "Save, then add files" in page
    assert "Save and add another" not in page
    done = admin.post("/releases/release/add/", release_form(world, name=""))
    with inside(world.acme):
        release = Release.objects.get(version="4.2.1")
        assert release.name == "Orbit"
        publishing.add_external_file(
            release, name="a.zip", url="https://cdn.example/a.zip", size=5, sha256="0" * 64
        )
        publishing.publish(release)
    assert done["Location"] == f"/releases/release/{release.pk}/files/"
    path = f"/releases/release/{release.pk}/change/"
    admin.post(path, {"name": "", "platforms": "windows, linux", "notes": "*Better*"})
    with inside(world.acme):
        corrected = Release.objects.get(pk=release.pk)
    assert (corrected.name, corrected.notes) == ("Orbit", "*Better*")
    page = admin.post("/releases/release/add/", release_form(world, name="", product=""))
    assert page.status_code == 200


def test_a_platform_of_ones_own_is_asked_about(world: World, admin: Browser) -> None:
    path, form = "/releases/release/add/", release_form(world, platforms="Win64, Solaris")
    box = '<input type="checkbox" name="own_platforms"'
    assert box not in admin.get(path).content.decode()
    page = admin.post(path, form).content.decode()
    assert "The portal doesn&#x27;t know the platform solaris." in page
    assert box in page
    with inside(world.acme):
        assert not Release.objects.filter(version="4.2.1").exists()
    wrong = admin.post(path, {**form, "own_platforms": "on", "version": ""}).content.decode()
    assert "The portal doesn" not in wrong
    assert f"{box} " in wrong
    assert admin.post(path, {**form, "own_platforms": "on"}).status_code == 302
    with inside(world.acme):
        assert Release.objects.get(version="4.2.1").platforms == ["solaris", "win64"]
    # What the vendor has once meant is asked about no more; whatever another one has is.
    assert admin.post(path, {**form, "version": "4.2.2"}).status_code == 302
    other = release_form(world, platforms="solaris", product=str(world.quill.pk))
    page = signed_in(world.globex_admin).post(path, other).content.decode()
    assert "The portal doesn&#x27;t know the platform solaris." in page


def test_the_verb_wants_an_answer(acme: World) -> None:
    release = Release(
        vendor=acme.acme, product=acme.orbit, name="Orbit", version="9.0", platforms=["beos"]
    )
    with pytest.raises(errors.PlatformUnknown, match="platform beos"):
        publishing.save_draft(release)
    assert publishing.save_draft(release, own_platforms=True).platforms == ["beos"]


def test_another_vendors_product_is_refused(world: World, admin: Browser) -> None:
    form = release_form(world, product=str(world.quill.pk))
    assert "Select a valid choice" in admin.post("/releases/release/add/", form).content.decode()


def test_a_draft_is_changed_and_deleted_what_is_published_is_not(
    world: World, admin: Browser, release: Release
) -> None:
    path = f"/releases/release/{release.pk}/"
    assert admin.post(f"{path}change/", release_form(world, version="9.1")).status_code == 302
    with inside(world.acme):
        assert Release.objects.get(pk=release.pk).version == "9.1"
    frozen = f"/releases/release/{world.orbit_release.pk}/"
    assert admin.post(f"{frozen}change/", release_form(world, version="9.2")).status_code == 302
    with inside(world.acme):
        assert Release.objects.get(pk=world.orbit_release.pk).version == "1.2.0"
    assert admin.post(f"{frozen}delete/", {"post": "yes"}).status_code == 403
    assert admin.post(f"{path}delete/", {"post": "yes"}).status_code == 302
    with inside(world.acme):
        assert not Release.objects.filter(pk=release.pk).exists()


def test_an_address_elsewhere_is_added_and_a_file_removed(
    world: World, admin: Browser, release: Release
) -> None:
    form = {"name": "a.zip", "url": "https://cdn.example/a.zip", "size": "5", "sha256": "0" * 64}
    bad = admin.post(files_path(release), form | {"url": "http://cdn.example/a.zip"})
    assert "Enter a valid URL" in bad.content.decode()
    empty = admin.post(files_path(release), form | {"url": ""})
    assert "This field is required" in empty.content.decode()
    assert admin.post(files_path(release), form).status_code == 302
    with inside(world.acme):
        file = ReleaseFile.objects.get(release=release)
        assert file.content_type == "application/zip"
    again = admin.post(files_path(release), form).content.decode()
    assert "The release has a file of this name already." in again
    assert 'value="https://cdn.example/a.zip"' in again
    assert admin.post(f"{files_path(release)}{file.pk}/remove/").status_code == 302
    with inside(world.acme):
        assert not ReleaseFile.objects.filter(release=release).exists()


def test_the_lists_cost_the_same_for_one_row_and_for_three(
    world: World, admin: Browser, release: Release
) -> None:
    from tests.licenses.test_pages import queries
    from tests.world import release as published

    paths = ("/releases/release/", "/releases/download/")
    signed_in(world.ada).get(f"/releases/{world.orbit_release.pk}/orbit-1.2.0.bin").getvalue()
    admin.get(paths[0])
    one = [queries(admin, path) for path in paths]
    with inside(world.acme):
        for number in range(2):
            published(world.orbit, f"3.{number}")
    for _ in range(2):
        path = f"/releases/{world.orbit_release.pk}/orbit-1.2.0.bin"
        signed_in(world.ada).get(path).getvalue()
        signed_in(world.grace).get(path).getvalue()
    assert [queries(admin, path) for path in paths] == one


@pytest.mark.parametrize("ending", ["b" * 240, "é" * 130, "zip" * 100])
def test_a_long_ending_is_refused_and_leaves_nothing(
    world: World, admin: Browser, release: Release, ending: str
) -> None:
    before = files_on_disk(world)
    response = admin.post(files_path(release), uploaded(f"a.{ending}"))
    assert response.status_code == 302
    with inside(world.acme):
        assert not ReleaseFile.objects.filter(release=release).exists()
    assert (files_on_disk(world), incoming()) == (before, [])


def test_a_search_does_not_multiply_the_downloads(world: World, admin: Browser) -> None:
    with inside(world.acme):
        ReleaseFile.objects.filter(release=world.orbit_release).update(download_count=4)
        for number in range(3):
            copy = ReleaseFile.objects.get(release=world.orbit_release, name="orbit-1.2.0.bin")
            copy.pk, copy.name, copy.key = None, f"orbit-{number}", f"key-{number}"
            copy._state.adding, copy.id = True, uuid4()
            copy.save()
    for query in ("", "?q=orbit"):
        page = admin.get(f"/releases/release/{query}").content.decode()
        shown = dict(re.findall(r'<td data-label="(\w+)">(\d+)</td>', page))
        assert (shown["Downloads"], shown["Files"]) == ("16", "4"), query


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/releases/release/add/?product=x", 200),
        ("/licenses/license/add/?product=x&user=y", 200),
        ("/releases/release/?channel=%00", 400),
        ("/releases/release/?q=%00", 400),
        ("/autocomplete/?app_label=releases&model_name=release&field_name=product&term=%00", 400),
    ],
)
def test_odd_queries_are_no_error(world: World, admin: Browser, path: str, code: int) -> None:
    assert admin.get(path).status_code == code


def test_a_draft_that_is_gone_meanwhile_is_said(
    world: World, admin: Browser, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*args: Any) -> None:
        raise errors.ReleaseNotFound

    monkeypatch.setattr(publishing, "delete_draft", gone)
    path = f"/releases/release/{release.pk}/delete/"
    page = admin.post(path, {"post": "yes"}, follow=True).content.decode()
    assert "This release has been deleted meanwhile." in page


def test_a_name_stands_in_the_list_where_it_is_not_the_products(
    world: World, admin: Browser
) -> None:
    with inside(world.acme):
        draft(world, name="Orbit for labs", version="5.0")
    page = admin.get("/releases/release/").content.decode()
    assert ">Orbit</a>" in page
    assert '>Orbit <span class="quiet">Orbit for labs</span></a>' in page
    assert "field-product" not in page
