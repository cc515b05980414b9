"""What people change about themselves."""

from django.db import transaction

from accounts.models import User, UserWord
from audit import trail

FIELDS = ("first_name", "last_name", "company")


@transaction.atomic
def save_profile(user: User) -> None:
    """Saves the user's name and company, changed on the object by himself."""
    before = User.objects.get(pk=user.pk)
    user.save(update_fields=[*FIELDS, "updated_at"])
    UserWord.objects.keep([user.pk])
    trail.record_change(before, user, visible=True)
