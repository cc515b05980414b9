"""`publish_release` from a folder, and `clean_up` of what crashes leave."""

import hashlib
import io
import os
import time
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command

from releases.files.shelf import local_path
from releases.models import Release
from tenancy.door import inside
from tests.releases.test_publishing import files_on_disk, stored_bytes
from tests.world import World, file_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "dist"
    made.mkdir()
    (made / "orbit.tar.gz").write_bytes(b"for linux")
    (made / "orbit.zip").write_bytes(b"for windows")
    (made / ".DS_Store").write_bytes(b"left alone")
    (made / "more").mkdir()
    return made


def publish(folder: Path, *more: str, version: str = "4.2.1", **options: Any) -> str:
    out = io.StringIO()
    call_command(
        "publish_release",
        "acme",
        "Orbit",
        version,
        str(folder),
        "--platform",
        "linux",
        "--platform",
        "windows",
        *more,
        stdout=out,
        **options,
    )
    return out.getvalue()


def test_a_folder_becomes_a_release(world: World, folder: Path, capfd: Any) -> None:
    (folder.parent / "notes.md").write_text("# New")
    said = publish(folder, "--notes", str(folder.parent / "notes.md"), "--channel", "beta")
    with inside(world.acme):
        release = Release.objects.get(version="4.2.1")
        files = list(release.files.all())
        assert [file.name for file in files] == ["orbit.tar.gz", "orbit.zip"]
        assert [stored_bytes(file) for file in files] == [b"for linux", b"for windows"]
    assert (release.published, release.channel, release.notes) == (True, "beta", "# New")
    assert release.platforms == ["linux", "windows"]
    assert f"{hashlib.sha256(b'for linux').hexdigest()}  orbit.tar.gz" in said
    assert str(release.pk) in said
    assert "orbit.zip: 100%" in capfd.readouterr().err


def test_a_draft_and_a_private_one(world: World, folder: Path) -> None:
    assert "saved as a draft" in publish(folder, "--draft")
    publish(folder, "--private", version="4.2.2")
    with inside(world.acme):
        assert Release.objects.get(version="4.2.1").published is False
        assert Release.objects.get(version="4.2.2").private is True


@pytest.mark.parametrize(
    ("change", "options", "text"),
    [
        (None, {"version": "1.2.0"}, "There is a release of this version already"),
        (None, {"version": "nonsense"}, "Use two to four numbers"),
        (lambda f: (f / "a:b.zip").touch(), {}, "'a:b.zip': A file with : in its name"),
        (lambda f: (f / "aux.zip").touch(), {}, "keeps the name aux for a device"),
        (lambda f: (f / "ORBIT.zip").touch(), {}, "Windows and macOS would take for the same"),
        (lambda f: [p.unlink() for p in f.glob("orbit*")], {}, "has no files"),
        (lambda f: f.rename(f.parent / "away"), {}, "is no folder"),
    ],
)
def test_what_is_refused_leaves_nothing(
    world: World, folder: Path, change: Any, options: dict[str, str], text: str
) -> None:
    if change:
        change(folder)
    before = files_on_disk(world)
    with pytest.raises(CommandError, match=text):
        publish(folder, **options)
    assert files_on_disk(world) == before
    with inside(world.acme):
        assert Release.objects.count() == 1


def test_an_own_platform_has_to_be_meant(world: World, folder: Path) -> None:
    with pytest.raises(CommandError, match=r"platform solaris\..*Say it with --own-platforms\."):
        publish(folder, "--platform", "Solaris", "--platform", "WIN64")
    publish(folder, "--platform", "Solaris", "--platform", "WIN64", "--own-platforms")
    publish(folder, "--platform", "solaris", version="v4.2.2-rc.1")  # is known from now on
    with inside(world.acme):
        made = {each.version: each.platforms for each in Release.objects.exclude(version="1.2.0")}
    assert made == {
        "4.2.1": ["linux", "solaris", "win64", "windows"],
        "4.2.2-rc.1": ["linux", "solaris", "windows"],
    }


def test_a_link_is_not_followed(world: World, folder: Path) -> None:
    (folder / "hosts.txt").symlink_to("/etc/hosts")
    with pytest.raises(CommandError, match="is a link"):
        publish(folder)


def test_notes_that_cannot_be_read(world: World, folder: Path) -> None:
    with pytest.raises(CommandError, match="notes can't be read"):
        publish(folder, "--notes", str(folder / "missing.md"))


@pytest.mark.parametrize(("company", "product"), [("nobody", "Orbit"), ("acme", "Quill")])
def test_unknown_names(world: World, folder: Path, company: str, product: str) -> None:
    with pytest.raises(CommandError, match=r"no vendor|no product"):
        call_command("publish_release", company, product, "1.0", str(folder), "--platform", "x")


def test_clean_up_deletes_left_overs_of_yesterday_alone(world: World, settings: Any) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    with inside(world.acme):
        kept = local_path(file_of(world.orbit_release).key)
    assert kept
    old, young = kept.parent / "left-over", kept.parent / "just-now"
    incoming = Path(django_settings.FILE_UPLOAD_TEMP_DIR)
    broken, arriving = incoming / "tmpa.upload.zip", incoming / "tmpb.upload.zip"
    for path in (old, young, broken, arriving):
        path.write_bytes(b"x")
    yesterday = time.time() - 86401
    for path in (kept, old, broken):
        os.utime(path, (yesterday, yesterday))
    for path in (young, arriving):
        os.utime(path, (time.time(), time.time()))
    out = io.StringIO()
    call_command("clean_up", stdout=out)
    assert "Deleted 2 files that uploads had left behind." in out.getvalue()
    assert [path.exists() for path in (kept, old, young, broken, arriving)] == [
        True,
        False,
        True,
        False,
        True,
    ]
    young.unlink()
    arriving.unlink()
