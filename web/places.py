"""Places for files on their way to or from somebody slow, who holds a thread meanwhile: so many at
a time in a process, shared out fairly, so that pages always find a thread."""

import threading
from collections import Counter
from dataclasses import dataclass, field

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from web.errors import PortalError

SHARE = 2  # One holder gets half, so that nobody's stalled files keep all others out.


class AllPlacesTaken(PortalError):
    """As many files are under way as this process sends and receives at a time."""

    code = "DOWNLOADS_BUSY"
    status = 503
    text = _("Many files are under way at the moment. Try again in half a minute.")
    wait = 30  # seconds until another try makes sense


class Places:
    """At most `number` places, of which one holder has at most half, and `least` at least."""

    def __init__(self, number: int, *, least: int = 1) -> None:
        self.number = number
        self.each = max(least, number // SHARE)
        self._lock = threading.Lock()
        self._taken: Counter[str] = Counter()

    def take(self, holder: str) -> "Place":
        """A place for the holder; raises AllPlacesTaken."""
        with self._lock:
            if self._taken.total() >= self.number or self._taken[holder] >= self.each:
                raise AllPlacesTaken
            self._taken[holder] += 1
        return Place(self, holder)

    def _give_back(self, holder: str) -> None:
        with self._lock:
            self._taken[holder] -= 1
            if not self._taken[holder]:
                del self._taken[holder]


@dataclass(slots=True)
class Place:
    """A place that somebody has until it is given back; giving it back again does nothing."""

    places: Places
    holder: str
    _held: bool = field(default=True, init=False)

    def give_back(self) -> None:
        if self._held:
            self._held = False
            self.places._give_back(self.holder)

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        self.give_back()


# Downloads without a proxy that sends them, by licence, and large uploads, by vendor. However many
# are wanted, a thread is left for pages (portal.E010 tells of it).
slow = Places(max(1, min(settings.DIRECT_DOWNLOADS, settings.THREADS - 1)))
