"""What a vendor's administrators decide about their portal."""

from typing import TypedDict, Unpack

from django.db import transaction

from accounts import days
from audit import trail
from tenancy.models import Vendor


class Settings(TypedDict, total=False):
    """The settings by field; what is left out stays."""

    send_expiry_reminders: bool
    show_support_views: bool
    allowed_own_releases: int
    language: str
    time_zone: str
    settled_steps: list[str]


@transaction.atomic
def change_settings(*, vendor: Vendor, **chosen: Unpack[Settings]) -> Vendor:
    """Saves what was chosen and records what that changed; the vendor as it is saved then.

    With another time zone whatever has a day keeps it, and the day's end moves. Raises
    ValidationError when a value is refused.
    """
    saved = Vendor.objects.select_for_update(of=("self",)).get(pk=vendor.pk)
    before = Vendor.objects.get(pk=vendor.pk)
    for name, value in chosen.items():
        setattr(saved, name, value)
    changes = trail.changes_between(before, saved)
    if not changes:
        return saved
    saved.clean_fields(exclude={each.name for each in saved._meta.fields} - set(chosen))
    saved.save(update_fields=[*chosen, "updated_at"])
    moves = saved.zone != before.zone
    details = {"days": days.move(saved.zone)} if moves else {}
    trail.record("changed", saved, changes=changes, details=details)
    return saved


@transaction.atomic
def settle_step(*, vendor: Vendor, name: str) -> Vendor:
    """Notes that one of the first steps is put aside, or done."""
    locked = Vendor.objects.select_for_update(of=("self",)).get(pk=vendor.pk)
    settled = [*dict.fromkeys([*locked.settled_steps, name])]
    return change_settings(vendor=locked, settled_steps=settled)
