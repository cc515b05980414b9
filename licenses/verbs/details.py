"""What hangs on a licence: metadata, and the people beside its owner who may use it."""

from collections.abc import Collection
from uuid import UUID

from django.db import transaction

from audit import rows
from licenses.models import LicenseMetadata, LicenseUser, LicenseWord
from licenses.verbs.locking import lock


@transaction.atomic
def add_metadata(entry: LicenseMetadata) -> LicenseMetadata:
    """Saves a new value of a licence."""
    _lock(entry.license_id)
    rows.create(entry)
    LicenseWord.objects.keep([entry.license_id])
    return entry


@transaction.atomic
def change_metadata(entry: LicenseMetadata, *, fields: Collection[str]) -> LicenseMetadata:
    """Saves the fields of a value that changed."""
    before = LicenseMetadata.objects.get(pk=entry.pk).license_id
    _lock(before, entry.license_id)
    rows.change(entry, fields=fields)
    LicenseWord.objects.keep({before, entry.license_id})
    return entry


@transaction.atomic
def remove_metadata(entry: LicenseMetadata) -> None:
    """Deletes a value of a licence."""
    _lock(entry.license_id)
    rows.delete(entry)
    LicenseWord.objects.keep([entry.license_id])


def _lock(*ids: UUID) -> None:
    """Who writes a licence's words holds its lock."""
    for license_id in sorted(set(ids)):
        lock(license_id)


def share(holder: LicenseUser) -> LicenseUser:
    """Lets one more person use a licence: see it, hand in files, download."""
    return rows.create(holder)


def share_with_another(holder: LicenseUser, *, fields: Collection[str]) -> LicenseUser:
    """Puts another person in the place of one."""
    return rows.change(holder, fields=fields)


def unshare(holder: LicenseUser) -> None:
    """Takes the licence from a person beside its owner; machines stay active."""
    rows.delete(holder)
