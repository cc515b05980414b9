"""An hour at half of what the portal can do: no call fails, and memory stays what it was.

First as many activations as get answered (capacity), then half of that by the clock for `--minutes`,
60 unless it is said, on PostgreSQL; licences are sold by e-mail and told of by a webhook meanwhile.
Memory is the largest of the web processes and the queue's worker, each third's largest.
"""

import os
import resource
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from bench import half_load, seats
from bench.drive import Failed, percentile
from bench.serve import memory
from drills.places import asking, environment, made, set_up
from drills.stage import Stage, stage, verified

HEADS = [
    "minutes",
    "capacity per s",
    "activations",
    "failed",
    "503, sent again",
    "p50 ms",
    "p99 ms",
    "e-mails",
    "web MiB by thirds",
    "worker MiB by thirds",
    "load",
]
MINUTES = 60.0
# What the last third may have more than the one before.
MORE = 1.15


def run(*, small: bool = False, minutes: float | None = None) -> Iterator[list[str]]:
    seconds = (minutes or (0.2 if small else MINUTES)) * 60
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="portal-drill-")))
        server = made(stack)
        set_up(folder, server.folder)
        env, ask = environment(folder, server.folder), asking(server.folder)
        with stage(folder, env, ask, programs=0, workers=1) as here:
            yield soaked(here, seconds)
            here.check_emails()
            here.check_events()
            verified(here)


def soaked(here: Stage, seconds: float) -> list[str]:
    id, key = here.ids["endless"]
    place = seats.Place(here.ids["product"], key, id, here.place.ask)
    try:
        half_load.by_turns(here.portal, place, 5)  # warm: all threads are connected
        capacity = half_load.by_turns(here.portal, place, 10)
        with Memory(here) as kept, here.telling():
            times, unavailable = half_load.by_the_clock(here.portal, place, capacity / 2, seconds)
    except Failed as error:
        raise AssertionError(str(error)) from error
    web, worker = kept.thirds(0), kept.thirds(1)
    for each in (web, worker):
        assert each[2] <= each[1] * MORE, f"Memory grew: {each}"
    log = (here.folder / "portal.log").read_text()
    assert "Traceback" not in log, log[-3000:]
    here.wait_until_settled()
    return [
        f"{seconds / 60:g}",
        f"{capacity:.0f}",
        f"{len(times):,}",
        "0",
        f"{unavailable:,}",
        f"{percentile(times, 50):.1f}",
        f"{percentile(times, 99):.1f}",
        f"{len(here.mail.accepted):,}",
        ", ".join(f"{each:.0f}" for each in web),
        ", ".join(f"{each:.0f}" for each in worker),
        f"{os.getloadavg()[0]:.1f}",
    ]


class Memory:
    """Looks at the memory of the processes while it is entered, in MiB."""

    def __init__(self, here: Stage) -> None:
        self.here = here
        self.seen: list[tuple[float, float]] = []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._look)

    def __enter__(self) -> "Memory":
        self.thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.over.set()
        self.thread.join()

    def _look(self) -> None:
        assert self.here.portal.process
        while not self.over.wait(0.5):
            web, [worker] = memory(self.here.portal.process.pid), self.here.workers
            pages = int(Path(f"/proc/{worker.pid}/statm").read_text().split()[1])
            self.seen.append((web, pages * resource.getpagesize() / 1024**2))

    def thirds(self, which: int) -> list[float]:
        third = len(self.seen) // 3
        parts = (self.seen[:third], self.seen[third : 2 * third], self.seen[2 * third :])
        return [max(each[which] for each in part) for part in parts]
