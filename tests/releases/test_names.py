"""Names of release files: kept, served and saved as they are, or refused with the reason."""

import re
from html import unescape
from typing import Any
from unicodedata import normalize
from urllib.parse import quote, unquote

import pytest
from django.core.exceptions import ValidationError
from markupsafe import escape

from releases import errors
from releases.files.names import attachment, folded
from releases.models import Release
from releases.verbs import publishing
from tenancy.door import inside
from tests.releases.test_publishing import add, draft
from tests.releases.test_uploads import files_path, uploaded
from tests.world import CONTENT, Browser, World, signed_in

# Each is kept and saved as it is; what programs get that know nothing but ASCII stands behind it.
TAKEN = {
    "Orbit 4.2 (x64).zip": "Orbit 4.2 (x64).zip",
    "orbit-1.0+build.5~rc1@linux.tar.gz": "orbit-1.0+build.5~rc1@linux.tar.gz",
    "Überblick für Grüße.pdf": "Uberblick fur Gru_e.pdf",
    "Установка 4.2.exe": "_________ 4.2.exe",
    "軌道 4.2.dmg": "__ 4.2.dmg",
    "مدار.zip": "____.zip",
    "🚀 orbit.zip": "_ orbit.zip",
    "it's [final] {v2}, 50=50; a&b #1.zip": "it's [final] {v2}, 50=50; a&b #1.zip",
    "a~b~c": "a~b~c",
    "-orbit.zip": "-orbit.zip",
    "COM10.zip": "COM10.zip",
    "console.zip": "console.zip",
    "orbit": "orbit",
    "ö" * 110 + ".zip": "o" * 110 + ".zip",
}


@pytest.mark.parametrize("name", TAKEN)
def test_a_name_is_kept_and_downloaded_under_it(world: World, name: str) -> None:
    with inside(world.acme):
        release = draft(world)
        file = add(release, name)
        publishing.publish(release)
    assert file.name == name
    ada = signed_in(world.ada)
    page = ada.get(f"/releases/{release.pk}/").content.decode()
    [address] = re.findall(rf'href="(/releases/{release.pk}/[^"]+)"', page)
    assert escape(name) in page
    response = ada.get(unescape(address))
    assert response.getvalue() == CONTENT
    plain, _, extended = response["Content-Disposition"].partition("; filename*=UTF-8''")
    assert plain == f'attachment; filename="{TAKEN[name]}"'
    assert unquote(extended) == ("" if TAKEN[name] == name else name)
    assert response["Content-Disposition"].isascii()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a/b", "A file with / in its name"),
        ("..\\b", "A file with \\ in its name"),
        ("C:orbit.zip", "A file with : in its name"),
        ("orbit*.zip", "A file with * in its name"),
        ('"orbit".zip', 'A file with " in its name'),
        ("a|b", "A file with | in its name"),
        ("<orbit>", "A file with < in its name"),
        ("100%.zip", "A file with % in its name"),
        ("$HOME.zip", "A file with $ in its name"),
        ("`id`.zip", "A file with ` in its name"),
        ("CON", "Windows keeps the name CON for a device"),
        ("con.tar.gz", "Windows keeps the name con for a device"),
        ("Aux .txt", "Windows keeps the name Aux for a device"),
        ("lpt1.zip", "Windows keeps the name lpt1 for a device"),
        ("COM².zip", "Windows keeps the name COM² for a device"),
        ("orbit.", "no dot, blank or ~ at its beginning or end"),
        ("orbit ", "no dot, blank or ~ at its beginning or end"),
        (" orbit", "no dot, blank or ~ at its beginning or end"),
        ("\xa0orbit", "no dot, blank or ~ at its beginning or end"),
        ("~orbit", "no dot, blank or ~ at its beginning or end"),
        ("orbit.zip~", "no dot, blank or ~ at its beginning or end"),
        ("..", "no dot, blank or ~ at its beginning or end"),
        (".htaccess", "no dot, blank or ~ at its beginning or end"),
        ("a\x00b", "nobody sees, U+0000"),
        ("a\x1bb", "nobody sees, U+001B"),
        ("gpj.\u202eexe", "nobody sees, U+202E"),
        ("a\u200bb", "nobody sees, U+200B"),
        ("a\udcffb", "nobody sees, U+DCFF"),
        ("a\nb", "There is a line break in it"),
        ("ö" * 121, "it has 242 bytes in UTF-8"),
        ("軌" * 90, "it has 270 bytes in UTF-8"),
        ("a" * 201, "at most 200 characters"),
        ("", "cannot be blank"),
    ],
)
def test_what_not_every_system_can_save_is_refused(acme: World, name: str, text: str) -> None:
    release = draft(acme)
    with pytest.raises(ValidationError) as refused:
        add(release, name)
    assert text in " ".join(refused.value.messages)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Orbit.zip", "orbit.ZIP"),
        ("Überblick.pdf", "überblick.pdf"),
        (normalize("NFC", "Ärger.zip"), normalize("NFD", "ärger.zip")),
        ("ΟΔΟΣ.zip", "οδος.zip"),
    ],
)
def test_two_names_that_are_one_elsewhere(acme: World, first: str, second: str) -> None:
    release = draft(acme)
    add(release, first)
    with pytest.raises(errors.FileNameTaken) as refused:
        add(release, second)
    assert first in refused.value.sentence
    assert [each.name for each in release.files.all()] == [first]
    add(release, f"x{second}")


def test_a_name_is_composed_however_it_comes(world: World) -> None:
    composed, apart = (normalize(form, "Größe.zip") for form in ("NFC", "NFD"))
    with inside(world.acme):
        release = draft(world)
        assert add(release, apart).name == composed
        with pytest.raises(ValidationError, match="a file of this name already"):
            add(release, composed)
        publishing.publish(release)
    ada = signed_in(world.ada)
    for name in (composed, apart):
        assert ada.get(f"/releases/{release.pk}/{quote(name)}").getvalue() == CONTENT


def test_folded_names() -> None:
    assert folded("ÄB") == folded("a\u0308b") != folded("ab")


def test_what_the_answer_says_is_one_header() -> None:
    assert attachment("a'b (1).zip") == 'attachment; filename="a\'b (1).zip"'
    assert attachment("é;\u2013.zip") == (
        "attachment; filename=\"e;_.zip\"; filename*=UTF-8''%C3%A9%3B%E2%80%93.zip"
    )


def test_the_command_line_names_the_file(world: World) -> None:
    with inside(world.acme):
        release = draft(world)
        add(release, "Orbit 9 ü.zip")
        publishing.publish(release)
    page = signed_in(world.ada).get(f"/releases/{release.pk}/").content.decode()
    address = f"http://acme.portal.localhost:8000/releases/{release.pk}/Orbit%209%20%C3%BC.zip"
    assert "curl -L -C - -o &#34;Orbit 9 ü.zip&#34; -K -" in page
    assert f"url = &#34;{address}?key=" in page


@pytest.fixture
def admin(world: World) -> Browser:
    return signed_in(world.acme_admin)


@pytest.mark.parametrize("name", ["Orbit 9 (x64).zip", "Größe+~@.zip", "軌道.dmg"])
def test_an_uploaded_name_is_kept(world: World, admin: Browser, name: str) -> None:
    with inside(world.acme):
        release = draft(world)
    admin.post(files_path(release), uploaded(name))
    with inside(world.acme):
        assert [each.name for each in release.files.all()] == [name]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("aux.zip", "Windows keeps the name aux for a device"),
        ("orbit.", "no dot, blank or ~"),
        ("a:b", "A file with : in its name"),
    ],
)
def test_a_refused_upload_is_said(world: World, admin: Browser, name: str, text: str) -> None:
    with inside(world.acme):
        release = draft(world)
    page = admin.post(files_path(release), uploaded(name), follow=True).content.decode()
    assert text in page
    with inside(world.acme):
        assert not release.files.exists()


def test_a_twin_of_an_upload_is_said(world: World, admin: Browser) -> None:
    with inside(world.acme):
        release = draft(world)
    page = admin.post(files_path(release), uploaded("a.zip", "A.zip"), follow=True)
    assert "The release has the file a.zip, which Windows and macOS" in page.content.decode()
    form: dict[str, Any] = {"url": "https://cdn.example/a", "size": "5", "sha256": "0" * 64}
    admin.post(files_path(release), {**form, "name": "a.zip"})
    page = admin.post(files_path(release), {**form, "name": "A.zip"})
    assert "The release has the file a.zip, which Windows and macOS" in page.content.decode()
    with inside(world.acme):
        assert Release.objects.get(pk=release.pk).files.count() == 1
