"""What hangs on a licence: metadata, and the people beside its owner who may use it."""

from collections.abc import Collection

from audit import rows
from licenses.models import LicenseMetadata, LicenseUser


def add_metadata(entry: LicenseMetadata) -> LicenseMetadata:
    """Saves a new value of a licence."""
    return rows.create(entry)


def change_metadata(entry: LicenseMetadata, *, fields: Collection[str]) -> LicenseMetadata:
    """Saves the fields of a value that changed."""
    return rows.change(entry, fields=fields)


def remove_metadata(entry: LicenseMetadata) -> None:
    """Deletes a value of a licence."""
    rows.delete(entry)


def share(holder: LicenseUser) -> LicenseUser:
    """Lets one more person use a licence: see it, hand in files, download."""
    return rows.create(holder)


def share_with_another(holder: LicenseUser, *, fields: Collection[str]) -> LicenseUser:
    """Puts another person in the place of one."""
    return rows.change(holder, fields=fields)


def unshare(holder: LicenseUser) -> None:
    """Takes the licence from a person beside its owner; machines stay active."""
    rows.delete(holder)
