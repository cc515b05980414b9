"""The verbs: a draft takes files, publishing freezes it, what fails leaves nothing behind."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from releases import errors
from releases.files.shelf import local_path, shelf_for
from releases.models import Release, ReleaseFile
from releases.verbs import publishing
from tenancy.door import inside
from tests import world as worlds
from tests.conftest import NOW
from tests.licenses.test_activation import run_at_once
from tests.world import CONTENT, World, file_of

pytestmark = pytest.mark.by_database


def draft(world: World, version: str = "9.0", **fields: Any) -> Release:
    described = {"name": "Orbit", "platforms": ["linux"], **fields}
    release = Release(vendor=world.acme, product=world.orbit, version=version, **described)
    return publishing.save_draft(release, own_platforms=True)


def add(release: Release, name: str = "a.zip", content: bytes = CONTENT) -> ReleaseFile:
    with shelf_for(release.vendor_id) as shelf:
        [file] = publishing.add_files(release, [(name, shelf.store(BytesIO(content)))])
    return file


def external(release: Release, **fields: Any) -> ReleaseFile:
    good = {"name": "a", "url": "https://x.example/a", "sha256": "0" * 64, "size": 5}
    return publishing.add_external_file(release, **{**good, **fields})


def stored_bytes(file: ReleaseFile) -> bytes:
    path = local_path(file.key)
    assert path
    return path.read_bytes()


def test_a_draft_gets_files_and_is_published(acme: World) -> None:
    release = draft(acme, platforms=["Windows", "linux", "linux "])
    assert release.platforms == ["linux", "windows"]
    with pytest.raises(errors.ReleaseHasNoFiles):
        publishing.publish(release)
    file = add(release, "orbit-9.0.tar.gz")
    assert stored_bytes(file) == CONTENT
    assert (file.size, file.content_type) == (1024, "application/gzip")
    assert len(file.sha256) == 64
    assert str(acme.acme.pk) in file.key
    published = publishing.publish(release)
    assert (published.published, published.published_at) == (True, NOW)


def test_publishing_again_changes_nothing(acme: World, frozen_time: Any) -> None:
    frozen_time.shift(60)
    assert publishing.publish(acme.orbit_release).published_at == NOW


def test_what_is_published_is_frozen(acme: World) -> None:
    release = acme.orbit_release
    acts: list[Callable[[], Any]] = [
        lambda: add(release),
        lambda: publishing.remove_file(file_of(release)),
        lambda: publishing.delete_draft(release),
        lambda: publishing.save_draft(release),
        lambda: external(release),
    ]
    for act in acts:
        with pytest.raises(errors.ReleaseIsPublished):
            act()
    assert stored_bytes(file_of(release)) == CONTENT


def test_a_draft_is_neither_archived_nor_hidden(acme: World) -> None:
    for verb in (
        publishing.archive,
        publishing.unarchive,
        publishing.make_private,
        publishing.make_public,
    ):
        with pytest.raises(errors.ReleaseNotPublished):
            verb(draft(acme, f"9.{len(verb.__name__)}"))
        verb(acme.orbit_release)


@pytest.mark.parametrize(
    ("fields", "taken"),
    [
        ({"version": "1.2.0"}, True),
        ({"version": "1.2"}, True),  # numerically the same
        ({"version": "1.2.0.0", "platforms": ["linux", "windows"]}, True),
        ({"version": "1.2.0", "platforms": ["windows"]}, False),
        ({"version": "1.2.0", "channel": "beta"}, False),
        ({"version": "1.2.1"}, False),
    ],
)
def test_a_version_is_there_once(acme: World, fields: dict[str, Any], taken: bool) -> None:
    if not taken:
        draft(acme, **fields)
        return
    with pytest.raises(errors.VersionExists, match="linux"):
        draft(acme, **fields)


@pytest.mark.django_db(transaction=True)
def test_the_same_version_at_once_is_made_once() -> None:
    world = worlds.build()

    def act(n: int) -> str:
        with inside(world.acme):
            try:
                draft(world, "7.7", platforms=["linux", f"p{n}"])
            except errors.ReleaseError as error:
                return error.code
        return "done"

    results = run_at_once(8, act)
    assert (results.count("done"), results.count("VERSION_EXISTS")) == (1, 7)


@pytest.mark.parametrize(
    "fields",
    [
        {"version": "one"},
        {"version": "1"},
        {"version": ""},
        {"platforms": []},
        {"platforms": ["two words"]},
        {"platforms": "linux"},
        {"platforms": ["a"] * 3 + [""]},
        {"platforms": [f"p{n}" for n in range(21)]},
        {"channel": "Beta!"},
        {"name": ""},
        {"notes": "n" * 50_001},
        {"notes": "a\x00b"},
        {"notes": "\x1b[0m"},
        {"name": "a\x0cb"},
        {"notes": "\ufffe"},
    ],
)
def test_bad_fields_are_refused(acme: World, fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        draft(acme, **fields)


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", ".hidden", "a/b", "../a", "a\\b", "a\n", "a" * 201, "a?b", "CON", "nul.txt"],
)
def test_bad_file_names_are_refused_and_leave_nothing(acme: World, name: str) -> None:
    release, before = draft(acme), files_on_disk(acme)
    with pytest.raises(ValidationError):
        add(release, name)
    assert files_on_disk(acme) == before


def files_on_disk(world: World) -> set[str]:
    path = local_path(f"{world.acme.pk}/x")
    assert path
    return {each.name for each in path.parent.iterdir()}


def test_all_files_or_none(acme: World) -> None:
    release, before = draft(acme), files_on_disk(acme)
    with pytest.raises(ValidationError), shelf_for(acme.acme.pk) as shelf:
        files = [(name, shelf.store(BytesIO(b"x"))) for name in ("a", "b", "a")]
        assert len(files_on_disk(acme)) == len(before) + 3
        publishing.add_files(release, files)
    assert files_on_disk(acme) == before
    assert not release.files.exists()


def test_a_file_that_breaks_off_while_it_is_stored_leaves_nothing(acme: World) -> None:
    class Broken(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(100)
            if not data:
                raise OSError("The disk is gone.")
            return data

    before = files_on_disk(acme)
    with pytest.raises(OSError, match="disk is gone"), shelf_for(acme.acme.pk) as shelf:
        shelf.store(Broken(CONTENT))
    assert files_on_disk(acme) == before


@pytest.mark.django_db(transaction=True)
def test_a_removed_file_and_a_deleted_draft_take_their_bytes_along() -> None:
    world = worlds.build()
    with inside(world.acme):
        before = files_on_disk(world)
        release = draft(world)
        one, _two = add(release, "one"), add(release, "two")
        publishing.remove_file(one)
        assert len(files_on_disk(world)) == len(before) + 1
        publishing.delete_draft(release)
        assert files_on_disk(world) == before


def test_the_database_refuses_files_of_two_vendors_and_of_two_places(world: World) -> None:
    def make(**fields: Any) -> None:
        with transaction.atomic():
            ReleaseFile.objects.create(
                **{
                    "vendor": world.acme,
                    "release": world.orbit_release,
                    "name": "x",
                    "size": 1,
                    "sha256": "0" * 64,
                    "key": "k",
                    **fields,
                }
            )
            connection.check_constraints()

    with inside(world.acme):
        for fields in (
            {"release": world.quill_release},
            {"url": "https://x.example"},
            {"key": ""},
        ):
            with pytest.raises(IntegrityError):
                make(**fields)
        make()


@pytest.mark.parametrize(
    "fields",
    [
        {"url": "http://x.example/a"},
        {"url": "ftp://x.example/a"},
        {"url": "https://x.example/ü"},
        {"url": "https://exämple.de/a"},
        {"url": "https://u:p@x.example/a"},
        {"size": 2**63 - 1},
        {"sha256": "abc"},
        {"sha256": "G" * 64},
        {"size": -1},
    ],
)
def test_external_files_need_a_safe_address_and_a_checksum(
    acme: World, fields: dict[str, Any]
) -> None:
    release = draft(acme)
    with pytest.raises(ValidationError):
        external(release, **fields)
    assert not release.files.exists()
    external(release)


def test_an_external_file_is_what_the_verb_says_of_it(acme: World) -> None:
    release = draft(acme)
    with pytest.raises(errors.AddressMissing):
        external(release, url="")
    file = external(release, name="orbit.tar.gz")
    file.refresh_from_db()
    assert (file.content_type, file.key, file.vendor) == ("application/gzip", "", acme.acme)
    with pytest.raises(ValidationError, match="a file of this name already"):
        external(release, name="orbit.tar.gz")
    with pytest.raises(ValidationError, match="no dot, blank or ~"):
        external(release, name=".hidden")


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"published": True, "published_at": NOW}, errors.ReleaseIsPublished),
        ({"archived": True}, errors.ReleaseNotPublished),
    ],
)
def test_a_draft_is_not_out_by_being_saved(
    acme: World, fields: dict[str, Any], error: type[errors.ReleaseError]
) -> None:
    with pytest.raises(error):
        draft(acme, **fields)
    release = draft(acme)
    for name, value in fields.items():
        setattr(release, name, value)
    with pytest.raises(error):
        publishing.save_draft(release)
    saved = Release.objects.get(pk=release.pk)
    assert (saved.published, saved.archived) == (False, False)


def test_a_changed_draft_keeps_to_the_versions_that_are_there(acme: World) -> None:
    release = draft(acme)
    publishing.save_draft(release)  # is not in its own way
    release.version = "1.2"
    with pytest.raises(errors.VersionExists, match="linux"):
        publishing.save_draft(release)
    assert Release.objects.get(pk=release.pk).version == "9.0"


def test_what_is_gone_says_so(acme: World) -> None:
    release = draft(acme)
    publishing.delete_draft(release)
    for act in (publishing.publish, publishing.archive, publishing.delete_draft, add):
        with pytest.raises(errors.ReleaseNotFound):
            act(release)


@pytest.mark.django_db(transaction=True)
def test_an_exception_after_the_commit_keeps_the_bytes() -> None:
    world = worlds.build()
    with inside(world.acme):
        release = draft(world)
        with pytest.raises(KeyboardInterrupt), shelf_for(world.acme.pk) as shelf:
            files = [("a", shelf.store(BytesIO(b"x"))), ("b", shelf.store(BytesIO(b"y")))]
            publishing.add_files(release, files[:1])
            raise KeyboardInterrupt
        [kept] = release.files.all()
        assert stored_bytes(kept) == b"x"
        assert files[1][1].key.rpartition("/")[2] not in files_on_disk(world)
