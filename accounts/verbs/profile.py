"""What people change about themselves."""

from django.db import transaction

from accounts.models import User, UserWord
from accounts.verbs.people import lock_person
from audit import rows, trail

FIELDS = ("first_name", "last_name", "company")


@transaction.atomic
def save_profile(user: User) -> None:
    """Saves the user's name and company, changed on the object by himself. Raises PersonIsGone."""
    before = lock_person(user)
    if rows.is_same(before, user, FIELDS):
        return
    user.save(update_fields=[*FIELDS, "updated_at"])
    UserWord.objects.keep([user.pk])
    trail.record_change(before, user, visible=True)


@transaction.atomic
def turn_reminders(user: User, *, on: bool) -> None:
    """Whether the customer wants to be reminded of licences that expire; safe to repeat. Runs in
    the vendor's scope. Raises PersonIsGone."""
    before = lock_person(user)
    user.reminders = on
    if before.reminders == on:
        return
    user.save(update_fields=["reminders", "updated_at"])
    action = "reminders-on" if on else "reminders-off"
    trail.record(action, user, changes={"reminders": [not on, on]}, visible=True)
