"""What a vendor's administrators decide about their portal."""

from typing import TypedDict, Unpack

from django.db import transaction
from django.utils import timezone

from accounts import days
from audit import trail
from tenancy.models import Vendor

ASKED = ("staff_asked_since", "customers_asked_since")


class Settings(TypedDict, total=False):
    """The settings by field; what is left out stays."""

    email_sender: str
    email_reply_to: str
    send_expiry_reminders: bool
    send_new_licenses: bool
    show_support_views: bool
    allowed_own_releases: int
    sign_in_by_link: bool
    keys_by_email: bool
    registration: str
    registration_domains: str
    second_factor_for: str
    second_factor_grace: int
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
    saved.clean_fields(exclude={each.name for each in saved._meta.fields} - set(chosen))
    changes = trail.changes_between(before, saved)
    if not changes:
        return saved
    _note_asked(saved)
    saved.save(update_fields=[*chosen, *ASKED, "updated_at"])
    moves = saved.zone != before.zone
    details = {"days": days.move(saved.zone)} if moves else {}
    trail.record("changed", saved, changes=changes, details=details)
    return saved


def _note_asked(vendor: Vendor) -> None:
    """Since when a second factor is asked of staff and of customers; what goes on goes on."""
    everyone, staff = Vendor.SecondFactorFor.EVERYONE, Vendor.SecondFactorFor.STAFF
    chosen, now = vendor.second_factor_for, timezone.now()
    of_staff, of_customers = chosen in {everyone, staff}, chosen == everyone
    vendor.staff_asked_since = (vendor.staff_asked_since or now) if of_staff else None
    vendor.customers_asked_since = (vendor.customers_asked_since or now) if of_customers else None


@transaction.atomic
def settle_step(*, vendor: Vendor, name: str) -> Vendor:
    """Notes that one of the first steps is put aside, or done."""
    locked = Vendor.objects.select_for_update(of=("self",)).get(pk=vendor.pk)
    settled = [*dict.fromkeys([*locked.settled_steps, name])]
    return change_settings(vendor=locked, settled_steps=settled)
