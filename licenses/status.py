"""The status of a licence and its reason: pure rules about moments."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from licenses.ends import End

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
    """A licence's status at one moment, and since or until when where there is an end."""

    status: Status
    end: End | None = None

    @property
    def usable(self) -> bool:
        """Whether a machine may be activated offline."""
        return self.status in {Status.ACTIVE, Status.EXPIRING_SOON, Status.NOT_STARTED}


def standing_of(
    *,
    now: datetime,
    revoked: bool,
    suspended: bool,
    end: End | None,
    waits_for_first_activation: bool,
) -> Standing:
    """The standing of a licence; a licence expires in the very moment of its end."""
    if revoked:
        return Standing(Status.REVOKED)
    if suspended:
        return Standing(Status.SUSPENDED)
    if waits_for_first_activation:
        return Standing(Status.NOT_STARTED)
    if end is None:
        return Standing(Status.ACTIVE)
    if end.at <= now:
        return Standing(Status.EXPIRED, end)
    if end.at <= now + EXPIRING_SOON:
        return Standing(Status.EXPIRING_SOON, end)
    return Standing(Status.ACTIVE, end)
