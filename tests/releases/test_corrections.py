"""What is published: its words are corrected, its files never; archived, its version may be free."""

import re
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from audit.models import AuditEntry
from releases import errors
from releases.files.ranges import ByteRange
from releases.models import Download, Release
from releases.verbs import downloads, publishing
from tenancy.door import inside
from tests.conftest import NOW
from tests.licenses.test_activation import run_at_once
from tests.releases.test_publishing import add, draft
from tests.world import CONTENT, Browser, World, build, download_path, file_of, release, signed_in


def corrected(world: World, **fields: Any) -> Release:
    changed = Release.objects.get(pk=world.orbit_release.pk)
    for name, value in fields.items():
        setattr(changed, name, value)
    return publishing.correct(changed)


def downloaded(world: World) -> Download:
    return downloads.record(
        file_of(world.orbit_release),
        user=world.ada,
        license=world.ada_license,
        ip="",
        granted=ByteRange(0, 1),
    )


# --- Correcting ---------------------------------------------------------------------------------


def test_words_are_corrected_and_nothing_else(acme: World, frozen_time: Any) -> None:
    frozen_time.shift(60)
    corrected(
        acme, name="Orbit Pro", notes="**Mended**", platforms=["Windows", "linux"],
        version="2.0", channel="beta", private=True, published=False,
    )  # fmt: skip
    saved = Release.objects.get(pk=acme.orbit_release.pk)
    assert (saved.name, saved.notes_html) == ("Orbit Pro", "<p><strong>Mended</strong></p>\n")
    assert saved.platforms == ["linux", "windows"]
    assert (saved.version, saved.channel, saved.private, saved.published) == (
        "1.2.0", "stable", False, True,
    )  # fmt: skip
    assert (saved.published_at, saved.corrected_at != NOW) == (NOW, True)
    entry = AuditEntry.objects.filter(action="changed", subject_id=saved.pk).latest("sequence")
    assert entry.changes["notes"] == ["Orbit of Acme only", "**Mended**"]
    assert entry.changes["platforms"] == [["linux"], ["linux", "windows"]]
    assert entry.changes["name"] == ["Orbit", "Orbit Pro"]


def test_what_changes_nothing_is_no_correction(acme: World) -> None:
    before = AuditEntry.objects.count()
    assert corrected(acme).corrected_at is None
    assert AuditEntry.objects.count() == before


def test_a_correction_keeps_to_the_rules(acme: World) -> None:
    release(acme.orbit, platforms=["windows"])
    refused: list[tuple[dict[str, Any], type[Exception]]] = [
        ({"platforms": ["linux", "windows"]}, errors.VersionExists),
        ({"platforms": ["amiga"]}, errors.PlatformUnknown),
        ({"platforms": []}, ValidationError),
        ({"name": ""}, ValidationError),
        ({"name": "Or\u202ebit"}, ValidationError),
        ({"notes": "x" * 50_001}, ValidationError),
    ]
    for fields, error in refused:
        with pytest.raises(error):
            corrected(acme, **fields)
    with pytest.raises(errors.ReleaseNotPublished):
        publishing.correct(draft(acme))


def test_feeds_and_pages_say_what_was_corrected(world: World, frozen_time: Any) -> None:
    path = f"/releases/feed/{world.orbit.pk}"
    key = f"key={world.ada_license.key}"
    first = Browser().get(f"{path}.atom?{key}")
    frozen_time.shift(3600)
    admin = signed_in(world.acme_admin)
    page = f"/releases/release/{world.orbit_release.pk}/change/"
    shown = admin.get(page).content.decode()
    assert 'name="notes"' in shown
    assert 'name="platforms"' in shown
    assert not re.search(r'name="(version|channel|product|private|files?)"', shown)
    typed = {"name": "Orbit", "notes": "**Mended**", "platforms": "linux, windows"}
    assert admin.post(page, typed).status_code == 302
    second = Browser().get(f"{path}.atom?{key}", headers={"if-none-match": first["ETag"]})
    assert second.status_code == 200
    assert "&lt;strong&gt;Mended&lt;/strong&gt;" in second.content.decode()
    assert "<updated>2026-11-24T13:00:00+00:00</updated>" in second.content.decode()
    [item] = Browser().get(f"{path}.json?{key}").json()["items"]
    assert (item["content_html"], item["date_modified"]) == (
        "<p><strong>Mended</strong></p>\n", "2026-11-24T13:00:00+00:00",
    )  # fmt: skip
    assert item["date_published"] == "2026-11-24T12:00:00+00:00"
    assert item["_release"]["platforms"] == ["linux", "windows"]
    ada = signed_in(world.ada)
    assert (
        "<strong>Mended</strong>"
        in ada.get(f"/releases/{world.orbit_release.pk}/").content.decode()
    )
    assert ada.get(download_path(world.orbit_release)).getvalue() == CONTENT


def test_what_is_wrong_is_said_beside_its_field(world: World) -> None:
    with inside(world.acme):
        release(world.orbit, platforms=["windows"])
    admin = signed_in(world.acme_admin)
    page = f"/releases/release/{world.orbit_release.pk}/change/"
    for platforms, said in (
        ("linux, windows", "There is a release of this version already for: windows."),
        ("linux, amiga", "amiga"),
        ("", "This field is required"),
    ):
        answer = admin.post(page, {"name": "Orbit", "notes": "", "platforms": platforms})
        assert answer.status_code == 200
        assert said in answer.content.decode()
    support = signed_in(world.acme_support)
    assert support.post(page, {"name": "X", "platforms": "linux"}).status_code == 403


# --- Archiving ----------------------------------------------------------------------------------


def test_archiving_frees_a_version_that_nobody_downloaded(world: World) -> None:
    admin = signed_in(world.acme_admin)
    path = f"/releases/release/{world.orbit_release.pk}"
    page = admin.post(f"{path}/do/archive/", follow=True).content.decode()
    assert "another release may have its version" in page
    with inside(world.acme):
        again = draft(world, "1.2")
        add(again)
        publishing.publish(again)
    page = admin.post(f"{path}/do/unarchive/", follow=True).content.decode()
    assert "There is a release of this version already for: linux." in page
    assert admin.post(f"/releases/release/{again.pk}/do/archive/").status_code == 302
    page = admin.post(f"{path}/do/unarchive/", follow=True).content.decode()
    assert "is back" in page
    with inside(world.acme):
        assert not Release.objects.get(pk=world.orbit_release.pk).version_freed
        with pytest.raises(errors.VersionExists):
            publishing.unarchive(again)


def test_what_was_downloaded_keeps_its_version(world: World) -> None:
    with inside(world.acme):
        downloaded(world)
    admin = signed_in(world.acme_admin)
    path = f"/releases/release/{world.orbit_release.pk}"
    page = admin.post(f"{path}/do/archive/", follow=True).content.decode()
    assert "It has been downloaded, so no other release may have its version." in page
    with inside(world.acme), pytest.raises(errors.VersionWasDownloaded, match="linux"):
        draft(world, "1.2")
    assert "is back" in admin.post(f"{path}/do/unarchive/", follow=True).content.decode()


def test_whose_version_was_freed_is_not_downloaded_any_more(acme: World) -> None:
    """Also by a request that was let in just before."""
    publishing.archive(acme.orbit_release)
    with pytest.raises(errors.ReleaseNotFound):
        downloaded(acme)
    assert not Download.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_archiving_and_downloading_at_once_either_is_first() -> None:
    world = build()

    def act(number: int) -> str:
        with inside(world.acme):
            try:
                _row = downloaded(world) if number else publishing.archive(world.orbit_release)
            except errors.ReleaseNotFound:
                return "refused"
        return "done"

    run_at_once(2, act)
    with inside(world.acme):
        freed = Release.objects.get(pk=world.orbit_release.pk).version_freed
        assert Download.objects.exists() is not freed
