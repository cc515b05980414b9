"""What rooms do that takes a while, told to who watches: the building's telemetry, or nobody."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

# What is raised through the watcher has failed, and so has what `Doing` says.
Watcher = Callable[["Doing"], AbstractContextManager[object]]
WATCHERS: list[Watcher] = []


class Doing:
    """Something that is being done: its kind, its name, and its vendor's id, if it is of one; and
    what another server said of it: the outcome in one word, and a status of HTTP's."""

    def __init__(self, kind: str, name: str, vendor: str = "") -> None:
        self.kind, self.name, self.vendor = kind, name, vendor
        self.failed = False
        self.outcome, self.status = "", 0


@contextmanager
def doing(kind: str, name: str, vendor: object = "") -> Iterator[Doing]:
    """Around what is done; who handles its failure says so by `failed`."""
    done = Doing(kind, name, str(vendor or ""))
    if not WATCHERS:
        yield done
        return
    [watcher] = WATCHERS
    with watcher(done):
        yield done
