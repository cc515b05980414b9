"""The verbs by which a vendor makes releases. Each is atomic and runs in the vendor's scope.

A release begins as a draft, takes files, and is frozen by `publish`; after that its name, notes and
platforms can be corrected, and it can be archived or made private, and back.
"""

import mimetypes
from collections.abc import Iterable
from copy import copy
from typing import Any

from django.db import transaction
from django.utils import timezone

from audit import trail
from licenses.models import Product
from releases import errors
from releases.files.names import folded
from releases.files.shelf import Stored, try_to_delete
from releases.models import OwnPlatform, Release, ReleaseFile, platform_words
from releases.platforms import NAMES
from tenancy.transactions import in_steps


@transaction.atomic
def save_draft(release: Release, *, own_platforms: bool = False) -> Release:
    """Saves a new or changed draft, which stays a draft: only `publish` and the verbs after it say
    that a release is out. Its platforms get the portal's words.

    Raises ValidationError when a field is refused, PlatformUnknown for a platform that nobody
    knows unless `own_platforms` says that it is meant, VersionExists when the channel has this
    version of the product for one of the platforms, ReleaseIsPublished when it is frozen or says
    itself that it is out, and ReleaseNotPublished when it says that it is archived.
    """
    adding = release._state.adding
    before = release if adding else _lock_draft(release.pk)
    _hold_versions(release)
    check_draft(release, own_platforms=own_platforms)
    release.save(force_insert=adding)
    if adding:
        trail.record("created", release, changes=trail.values_of(release))
    else:
        trail.record_change(before, release)
    return release


def check_draft(release: Release, *, own_platforms: bool = False) -> None:
    """Raises what `save_draft` would, and saves nothing."""
    if release.published:
        raise errors.ReleaseIsPublished
    if release.archived:
        raise errors.ReleaseNotPublished
    _check_words(release, own_platforms=own_platforms)


def _check_words(release: Release, *, own_platforms: bool) -> None:
    """Gives the platforms the portal's words; raises what `save_draft` says of fields, platforms
    and versions."""
    if isinstance(release.platforms, list) and all(map(_is_text, release.platforms)):
        release.platforms = platform_words(release.platforms)
    release.full_clean(validate_constraints=False)
    if not own_platforms and (unknown := unknown_platforms(release.platforms)):
        raise errors.PlatformUnknown(", ".join(unknown))
    check_version_is_new(release)
    release.validate_constraints()


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def unknown_platforms(words: Iterable[str]) -> list[str]:
    """Those of the words that the portal does not know, the vendor has not added, and no release
    of the vendor has so far."""
    unknown = [word for word in words if word not in NAMES]
    if not unknown:
        return []
    added = set(OwnPlatform.objects.filter(word__in=unknown).values_list("word", flat=True))
    unknown = [word for word in unknown if word not in added]
    if not unknown:
        return []
    used = {word for each in Release.objects.values_list("platforms", flat=True) for word in each}
    return [word for word in unknown if word not in used]


def check_version_is_new(release: Release) -> None:
    """Raises VersionExists when the channel has this version for one of the same platforms, or had
    and it was downloaded (VersionWasDownloaded). One whose version was freed is not in the way."""
    if release.version_freed:
        return
    same_version = Release.objects.filter(
        product_id=release.product_id,
        channel=release.channel,
        version_key=release.version_key,
        version_freed=False,
    ).exclude(pk=release.pk)
    for archived, error in ((False, errors.VersionExists), (True, errors.VersionWasDownloaded)):
        there = (each.platforms for each in same_version if each.archived == archived)
        taken = set(platform_words(word for words in there for word in words))
        if taken := taken & set(release.platforms):
            raise error(", ".join(sorted(taken)))


def lock(release_id: Any) -> Release:
    """The release, locked until the transaction ends. Raises ReleaseNotFound."""
    locked = Release.objects.select_for_update(of=("self",)).select_related("product")
    release = locked.filter(pk=release_id).first()
    if release is None:
        raise errors.ReleaseNotFound
    return release


def _lock_draft(release_id: Any) -> Release:
    release = lock(release_id)
    if release.published:
        raise errors.ReleaseIsPublished
    return release


@transaction.atomic
def add_files(release: Release, files: Iterable[tuple[str, Stored]]) -> list[ReleaseFile]:
    """Adds stored bytes under their names to a draft, all or none; the name tells the type.

    Raises ValidationError (a bad or taken name), FileNameTaken (one that some systems take for the
    same) and ReleaseIsPublished; the caller's shelf then deletes the bytes.
    """
    draft = _lock_draft(release.pk)
    return [
        _add_file(draft, name, size=stored.size, sha256=stored.sha256, key=stored.key)
        for name, stored in files
    ]


@transaction.atomic
def add_external_file(
    release: Release, *, name: str, url: str, size: int, sha256: str
) -> ReleaseFile:
    """Adds a file that lies elsewhere, with its own size and checksum, to a draft; the name tells
    the type.

    Raises AddressMissing, ValidationError, FileNameTaken and ReleaseIsPublished.
    """
    draft = _lock_draft(release.pk)
    if not url:
        raise errors.AddressMissing
    return _add_file(draft, name, url=url, size=size, sha256=sha256)


def _add_file(draft: Release, name: str, **facts: Any) -> ReleaseFile:
    file = ReleaseFile(
        vendor_id=draft.vendor_id,
        release=draft,
        name=name,
        content_type=type_of(name),
        **facts,
    )
    file.full_clean()
    _check_name_is_new(draft, file.name)
    file.save(force_insert=True)
    trail.record("created", file, changes=trail.values_of(file))
    return file


def check_takes(release: Release, name: str) -> None:
    """Raises what `add_files` would say of the release and the name, before the bytes come."""
    if release.published:
        raise errors.ReleaseIsPublished
    ReleaseFile(vendor_id=release.vendor_id, release=release, name=name).clean_fields(
        exclude=("size", "sha256")
    )
    _check_name_is_new(release, name)


def _check_name_is_new(draft: Release, name: str) -> None:
    """The draft is locked, so that nobody adds the same name meanwhile."""
    for other in draft.files.values_list("name", flat=True):
        if folded(other) == folded(name):
            raise errors.FileNameTaken(other)


def type_of(name: str) -> str:
    """The content type that a file's name suggests; packed files stay packed."""
    guessed, packed = mimetypes.guess_type(name)
    types = {"gzip": "application/gzip", "bzip2": "application/x-bzip2", "xz": "application/x-xz"}
    return types.get(packed or "", guessed or "application/octet-stream")


@transaction.atomic
def remove_file(file: ReleaseFile) -> None:
    """Takes a file off a draft and deletes its bytes. Raises ReleaseIsPublished."""
    _lock_draft(file.release_id)
    _forget(file)


def delete_draft(release: Release) -> None:
    """Deletes the files of a draft one after the other, and then the draft. Raises
    ReleaseIsPublished: what is out gets archived."""
    in_steps(release.files.all(), remove_file)
    _delete_empty(release)


@transaction.atomic
def _delete_empty(release: Release) -> None:
    draft = _lock_draft(release.pk)
    for file in draft.files.all():
        _forget(file)  # somebody has added it meanwhile
    trail.record("deleted", draft, changes=trail.gone(draft))
    Release.objects.filter(pk=draft.pk).delete()


def _forget(file: ReleaseFile) -> None:
    key = file.key
    trail.record("deleted", file, changes=trail.gone(file))
    ReleaseFile.objects.filter(pk=file.pk).delete()
    if key:
        transaction.on_commit(lambda: try_to_delete(key))


@transaction.atomic
def publish(release: Release) -> Release:
    """Publishes a draft and freezes it; once published, nothing happens.

    Raises ReleaseHasNoFiles.
    """
    locked = lock(release.pk)
    if locked.published:
        return locked
    if not locked.files.exists():
        raise errors.ReleaseHasNoFiles
    locked.published, locked.published_at = True, timezone.now()
    locked.save(update_fields=["published", "published_at", "updated_at"])
    trail.record("published", locked)
    return locked


CORRECTED = ("name", "notes", "platforms")  # of what is published


@transaction.atomic
def correct(release: Release, *, own_platforms: bool = False) -> Release:
    """Saves what was corrected in the name, notes and platforms of a published release, and
    nothing else of it; the notes are rendered anew.

    Raises what `save_draft` says of fields, platforms and versions, and ReleaseNotPublished.
    """
    before = _lock_published(release.pk)
    corrected = copy(before)
    for name in CORRECTED:
        setattr(corrected, name, getattr(release, name))
    _hold_versions(before)
    _check_words(corrected, own_platforms=own_platforms)
    if not trail.changes_between(before, corrected):
        return before
    corrected.corrected_at = timezone.now()
    corrected.save(update_fields=[*CORRECTED, "notes_html", "corrected_at", "updated_at"])
    trail.record_change(before, corrected)
    return corrected


FROZEN = ("product_id", "version", "channel")  # of what is published


@transaction.atomic
def change(release: Release) -> Release:
    """Saves what was changed of a release, whether it is out or not; of what is out also that it
    is private or archived now, or no longer.

    Raises what `save_draft`, `correct` and `unarchive` do, and ReleaseIsPublished for a change of
    what is frozen.
    """
    before = lock(release.pk)
    if not before.published:
        return save_draft(release)
    if any(getattr(before, name) != getattr(release, name) for name in FROZEN):
        raise errors.ReleaseIsPublished
    saved = correct(release)
    if release.private != saved.private:
        saved = _save_switched(lock(release.pk), private=release.private)
    if release.archived != saved.archived:
        saved = archive(saved) if release.archived else unarchive(saved)
    return saved


def _hold_versions(release: Release) -> None:
    """Whoever adds a version of a product holds the product, so that two can't add the same one."""
    Product.objects.select_for_update(of=("self",)).get(pk=release.product_id)


@transaction.atomic
def archive(release: Release) -> Release:
    """Takes a published release off every page; if nobody has downloaded it, its version may be
    another one's from now on. Raises ReleaseNotPublished."""
    locked = _lock_published(release.pk)
    if locked.archived:
        return locked
    # Who is just recording a download holds its file (verbs/downloads.py).
    files = list(locked.files.select_for_update(of=("self",)).order_by("pk"))
    unused = not any(file.download_count for file in files)
    return _save_switched(locked, archived=True, version_freed=unused)


@transaction.atomic
def unarchive(release: Release) -> Release:
    """Puts an archived release back. Raises ReleaseNotPublished, and VersionExists when another
    one has its version by now."""
    locked = _lock_published(release.pk)
    if not locked.archived:
        return locked
    _hold_versions(locked)
    back = copy(locked)
    back.version_freed = False
    check_version_is_new(back)
    return _save_switched(locked, archived=False, version_freed=False)


def make_private(release: Release) -> Release:
    """Hides a release from customers. Raises ReleaseNotPublished."""
    return _switch(release, "private", True)


def make_public(release: Release) -> Release:
    """Shows a private release to the customers whose licences cover it."""
    return _switch(release, "private", False)


@transaction.atomic
def _switch(release: Release, field: str, value: bool) -> Release:
    return _save_switched(_lock_published(release.pk), **{field: value})


def _lock_published(release_id: Any) -> Release:
    release = lock(release_id)
    if not release.published:
        raise errors.ReleaseNotPublished
    return release


def _save_switched(locked: Release, **switched: bool) -> Release:
    """Saves and records what of these is another value; nothing happens if none is."""
    changed = {name: value for name, value in switched.items() if getattr(locked, name) != value}
    if not changed:
        return locked
    for name, value in changed.items():
        setattr(locked, name, value)
    locked.save(update_fields=[*changed, "updated_at"])
    trail.record("changed", locked, changes={n: [not value, value] for n, value in changed.items()})
    return locked
