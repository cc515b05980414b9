"""What hangs on a licence: metadata, and the people beside its owner who may use it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.metadata import MOST_ENTRIES
from accounts.models import User
from accounts.verbs.tags import put_on
from audit import rows
from licenses.models import License, LicenseMetadata, LicenseTag, LicenseUser, LicenseWord
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


@transaction.atomic
def set_metadata(license: License, entries: Sequence[Mapping[str, Any]]) -> None:
    """Changes the values of these keys as far as their entries say, and adds those that are not
    there; others stay. Raises ValidationError."""
    locked = lock(license.pk)
    known = {entry.key: entry for entry in locked.metadata.all()}
    # Before anything is written: each value looks at the words of all.
    if max(len(entries), len({*known, *(each["key"] for each in entries)})) > MOST_ENTRIES:
        raise ValidationError(_("At most %(n)d values can be on a licence.") % {"n": MOST_ENTRIES})
    for each in entries:
        entry = known.get(each["key"])
        if entry is None:
            entry = LicenseMetadata(vendor=locked.vendor, license=locked, **each)
            entry.full_clean()
            known[entry.key] = add_metadata(entry)
            continue
        entry.license = locked
        fields = [name for name in each if name != "key"]
        for name in fields:
            setattr(entry, name, each[name])
        entry.full_clean()
        change_metadata(entry, fields=fields)


@transaction.atomic
def share_with(license: License, people: Collection[User]) -> None:
    """Lets these customers use the licence beside its owner, and no others."""
    locked = lock(license.pk)
    wanted = {person.pk: person for person in people if person.pk != locked.user_id}
    for holder in locked.license_users.all():
        if wanted.pop(holder.user_id, None) is None:
            holder.license = locked
            unshare(holder)
    for person in wanted.values():
        share(LicenseUser(vendor=locked.vendor, license=locked, user=person))


@transaction.atomic
def tag_license(license: License, *, names: Sequence[str]) -> None:
    """Has the licence have these tags and no others; one that the vendor does not know is made.

    Raises accounts.verbs.tags.TooManyTags, and ValidationError for a name that none can have.
    """
    put_on(lock(license.pk), LicenseTag, "license", names)


def share(holder: LicenseUser) -> LicenseUser:
    """Lets one more person use a licence: see it, hand in files, download."""
    return rows.create(holder)


def share_with_another(holder: LicenseUser, *, fields: Collection[str]) -> LicenseUser:
    """Puts another person in the place of one."""
    return rows.change(holder, fields=fields)


def unshare(holder: LicenseUser) -> None:
    """Takes the licence from a person beside its owner; machines stay active."""
    rows.delete(holder)
