"""How long sessions last: by role, and by whether the person has chosen to stay signed in."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from accounts.models import User


@dataclass(frozen=True, slots=True)
class Lifetime:
    """A session ends when nobody has come for `idle`, and at last when it has `lasted`."""

    idle: timedelta
    lasts: timedelta

    def end(self, *, begun_at: datetime, seen_at: datetime) -> datetime:
        """When a session ends of which nobody hears any more."""
        return min(seen_at + self.idle, begun_at + self.lasts)


def lifetime_of(user: User, *, is_kept: bool) -> Lifetime:
    """That of the person's sessions. Where staying signed in was not chosen, that of short ones,
    unless the role's is shorter."""
    longest = _setting(_kind_of(user))
    if is_kept:
        return longest
    short = _setting("short")
    return Lifetime(min(longest.idle, short.idle), min(longest.lasts, short.lasts))


def _kind_of(user: User) -> str:
    if user.is_operator:
        return "operator"
    return "customer" if user.is_customer else "staff"


def _setting(kind: str) -> Lifetime:
    idle, lasts = settings.SESSION_LIFETIMES[kind]
    return Lifetime(timedelta(seconds=idle), timedelta(seconds=lasts))
