"""Using up links that were e-mailed (accounts/links.py). Runs in the person's scope, or among
operators."""

import secrets
from typing import Any

from django.utils import timezone

from accounts.links import LinkRefused
from accounts.models import User


def use(user: User, **changes: Any) -> None:
    """Changes the person of a link that was read, whom every link of before is void for then.

    One conditional UPDATE decides, so that of many who come at once with one link, or with several
    of the same person, one gets through. Raises LinkRefused, also when the account was switched
    off, or changed in another way, since the link was read.
    """
    as_read = {name: getattr(user, name) for name in ("password", "email", "link_mark")}
    changes |= {"link_mark": _new_mark(), "updated_at": timezone.now()}
    if not User.people.filter(pk=user.pk, is_active=True, **as_read).update(**changes):
        raise LinkRefused
    for name, value in changes.items():
        setattr(user, name, value)


def end_all(user: User) -> None:
    """Voids every link that was made for the person, for good."""
    User.people.filter(pk=user.pk).update(link_mark=_new_mark())


def _new_mark() -> str:
    return secrets.token_hex(16)
