"""A vendor's tags, and who has which. Runs in the vendor's scope."""

from collections.abc import Collection, Sequence
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Tag, User
from accounts.models.tags import MOST_TAGS, UserTag
from accounts.verbs.people import lock_person
from audit import rows, trail
from tenancy.door import current_vendor
from web.errors import PortalError


class TooManyTags(PortalError):
    """More than anything may have."""

    code = "TOO_MANY_TAGS"
    status = 400
    text = _("At most 50 tags can be on one row.")


def create_tag(tag: Tag) -> Tag:
    """Saves a tag that was filled in elsewhere. Raises ValidationError."""
    tag.full_clean()
    return rows.create(tag)


def change_tag(tag: Tag, *, fields: Collection[str]) -> Tag:
    """Saves the fields that changed. Raises ValidationError."""
    tag.full_clean()
    return rows.change(tag, fields=fields)


def delete_tag(tag: Tag) -> None:
    """Deletes the tag, and takes it off whatever has it."""
    rows.delete(tag)


@transaction.atomic
def tag_person(person: User, *, names: Sequence[str]) -> None:
    """Has the person have these tags and no others; one that the vendor does not know is made.

    Raises TooManyTags, PersonIsGone, and ValidationError for a name that none can have.
    """
    lock_person(person)
    put_on(person, UserTag, "user", names)


def put_on(row: models.Model, kind: Any, field: str, names: Sequence[str]) -> None:
    """Has a row, which is locked, have these tags and no others, as rows of `kind` whose `field`
    leads to it; and records what differs. Raises TooManyTags and ValidationError."""
    wanted = list(dict.fromkeys(name.strip() for name in names))
    if len(wanted) > MOST_TAGS:
        raise TooManyTags
    theirs = kind.objects.filter(**{field: row})
    before = set(theirs.values_list("tag__name", flat=True))
    if before == set(wanted):
        return
    theirs.exclude(tag__name__in=wanted).delete()
    for name in wanted:
        if name not in before:
            kind(vendor=current_vendor(), tag=_named(name), **{field: row}).save(force_insert=True)
    trail.record("changed", row, changes={"tags": [sorted(before), sorted(wanted)]}, visible=False)


def _named(name: str) -> Tag:
    return Tag.objects.filter(name=name).first() or create_tag(
        Tag(vendor=current_vendor(), name=name)
    )
