"""Activations at half of what a portal can do: how long they take when they come by the clock.

First sixteen programs activate one machine after the other: so many in a second is the capacity.
Then machines come at half of that rate, each at its time, whether those before have been answered
or not; an answer's time runs from when its machine was to come.
"""

import queue
import statistics
import threading
import time
from dataclasses import dataclass

from bench.drive import CONNECTIONS, Failed, percentile
from bench.seats import Place, Program, many
from bench.seats import Portal as Served

SENDERS = 64


@dataclass(frozen=True, slots=True)
class Load:
    """Activations per second of a portal that has as many as it can do, and at half of that the
    percentiles of their times in milliseconds."""

    capacity: float
    p50: float
    p99: float
    number: int
    # How often a call was answered 503 and sent again: on SQLite, where nobody queues for the lock.
    unavailable: int

    @property
    def ratio(self) -> float:
        return self.p99 / self.p50


def measure(portal: Served, place: Place, seconds: float) -> Load:
    """For so many seconds of each. Raises Failed."""
    by_turns(portal, place, min(3.0, seconds))  # warm: all threads are connected
    # Three rounds, since one may meet something else that the machine does.
    capacity = statistics.median(by_turns(portal, place, seconds / 3) for _ in range(3))
    times, unavailable = by_the_clock(portal, place, capacity / 2, seconds)
    slow = percentile(times, 99)
    return Load(capacity, percentile(times, 50), slow, len(times), unavailable)


def by_turns(portal: Served, place: Place, seconds: float) -> float:
    """Activations per second."""
    start = time.monotonic()
    with many(CONNECTIONS, portal, place) as everybody:

        def visit(program: Program) -> None:
            program.run(lambda _acts: time.monotonic() < start + seconds, program.take_one)

        run_all([threading.Thread(target=visit, args=(each,)) for each in everybody])
        return checked(everybody) / (time.monotonic() - start)


def by_the_clock(
    portal: Served, place: Place, rate: float, seconds: float
) -> tuple[list[float], int]:
    """Seconds that each of the activations took from its time on, and how many answers were 503."""
    times: list[float] = []
    due: queue.SimpleQueue[float | None] = queue.SimpleQueue()
    with many(SENDERS, portal, place) as everybody:

        def visit(program: Program) -> None:
            while (moment := due.get()) is not None:
                program.run(lambda acts: acts < 1, program.take_one)
                times.append(time.perf_counter() - moment)

        def come() -> None:
            start = time.perf_counter()
            for number in range(int(rate * seconds)):
                moment = start + number / rate
                time.sleep(max(0.0, moment - time.perf_counter()))
                due.put(moment)
            for _ in everybody:
                due.put(None)

        threads = [threading.Thread(target=visit, args=(each,)) for each in everybody]
        run_all([*threads, threading.Thread(target=come)])
        checked(everybody)
    return times, sum(each.told["unavailable"] for each in everybody)


def run_all(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def checked(everybody: list[Program]) -> int:
    """How many activations there were. Raises Failed for what was refused or not answered."""
    wrong = [text for each in everybody for text in each.wrong]
    wrong += [f"lost: {each.told['lost']}" for each in everybody if each.told["lost"]]
    if wrong:
        raise Failed("; ".join(wrong[:10]))
    return sum(each.told["taken"] for each in everybody)
