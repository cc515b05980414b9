"""Places for downloads that this process sends itself: so many at a time, shared out fairly."""

import threading
from collections import Counter
from dataclasses import dataclass, field

from releases.errors import AllPlacesTaken

SHARE = 2  # One holder gets half, so that nobody's stalled downloads keep all others out.


class Places:
    """At most `number` places, of which one holder has at most half, and one at least."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.each = max(1, number // SHARE)
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
