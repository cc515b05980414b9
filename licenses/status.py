"""The status of a licence and its reason: pure rules about moments."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

EXPIRING_SOON = timedelta(days=30)


class Status(StrEnum):
    """What a licence is, in the order in which the reasons outweigh each other."""

    REVOKED = "revoked"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    EXPIRING_SOON = "expiring-soon"
    NOT_STARTED = "not-started"
    ACTIVE = "active"


@dataclass(frozen=True, slots=True)
class Standing:
    """A licence's status at one moment, and since or until when where that is a date."""

    status: Status
    moment: datetime | None = None

    @property
    def usable(self) -> bool:
        """Whether a machine may be activated offline."""
        return self.status in {Status.ACTIVE, Status.EXPIRING_SOON, Status.NOT_STARTED}


def standing_of(
    *,
    now: datetime,
    revoked: bool,
    suspended: bool,
    expires_at: datetime | None,
    waits_for_first_activation: bool,
) -> Standing:
    """The standing of a licence; a licence expires in the very moment `expires_at`."""
    if revoked:
        return Standing(Status.REVOKED)
    if suspended:
        return Standing(Status.SUSPENDED)
    if waits_for_first_activation:
        return Standing(Status.NOT_STARTED)
    if expires_at is None:
        return Standing(Status.ACTIVE)
    if expires_at <= now:
        return Standing(Status.EXPIRED, expires_at)
    if expires_at <= now + EXPIRING_SOON:
        return Standing(Status.EXPIRING_SOON, expires_at)
    return Standing(Status.ACTIVE, expires_at)
