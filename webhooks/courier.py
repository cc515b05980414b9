"""Carrying events to their receivers: beside a worker's jobs, so that neither waits for the other.

One thread, which alone uses the database, takes what is due and notes what came of it; each request
is made by a thread of its own, LANES at most. Webhooks take turns, one request each, so that a
vendor with very many events does not keep the others waiting; and those whose receivers are slow
or don't answer have half of the lanes at most, and one each.
"""

from collections import Counter
from queue import Empty, Queue
from threading import Event, Thread
from time import monotonic
from uuid import UUID

from django.conf import settings

from web.fetching import NotFetched, hand_over
from web.watched import doing
from webhooks.verbs.delivering import Due, Outcome, Request, claim, due, settle

LANES = 16
OF_THE_SLOW = LANES // 2
OF_ONE = 4  # lanes for one webhook
SLOW = 2000  # milliseconds
LOOKED_AT = 50  # events that are due, at a time
PAUSE = 1.0  # seconds between two looks
AT_THE_END = 3.0  # seconds that requests still have once the worker is told to stop


def carry(ended: Event) -> None:
    """Carries until `ended` is set."""
    Courier().carry(ended)


def carry_all() -> None:
    """Carries what is due now, until nothing is."""
    Courier().carry_all()


def attempt(request: Request) -> Outcome:
    """Makes the request; needs no database, and raises nothing."""
    with doing("webhook", request.event, request.due.vendor_id) as done:
        outcome = _made(request)
        done.outcome, done.status = outcome.reason or "ARRIVED", outcome.status or 0
        done.failed = not outcome.arrived
    return outcome


def _made(request: Request) -> Outcome:
    try:
        said = hand_over(
            request.url, request.body, request.headers, allowed=settings.PRIVATE_RECEIVERS
        )
    except NotFetched as error:
        return Outcome(status=error.status or None, fault=error.fault)
    return Outcome(said.status, said.beginning, said.took)


class Courier:
    """What is on its way now, and whose receivers are slow."""

    def __init__(self) -> None:
        self._back: Queue[tuple[Request, Outcome]] = Queue()
        self._under_way: Counter[UUID] = Counter()
        self._slow: set[UUID] = set()
        # Whose turn it has been, since it was anybody's anew.
        self._had: set[UUID] = set()

    def carry(self, ended: Event) -> None:
        """Goes on until it is told to stop; then nothing new is sent, and what is under way has a
        little while. What has not come back by then is sent again by the next worker."""
        while not ended.is_set():
            self._send_what_is_due()
            self._take_back(PAUSE)
        deadline = monotonic() + AT_THE_END
        while self._is_busy() and monotonic() < deadline:
            self._take_back(0.1)

    def carry_all(self) -> None:
        """Goes on until nothing is due any more."""
        self._send_what_is_due()
        while self._is_busy():
            self._take_back(PAUSE)
            self._send_what_is_due()

    def _is_busy(self) -> bool:
        return self._under_way.total() > 0

    def _send_what_is_due(self) -> None:
        """Fills the free lanes, turn by turn."""
        while self._under_way.total() < LANES:
            found = due(self._had | self._full(), LOOKED_AT)
            if not found and not self._had:
                return
            if not found:
                self._had.clear()
                continue
            if not self._send_first_of_each(found):
                return

    def _send_first_of_each(self, found: list[Due]) -> bool:
        """Sends one of each webhook, as far as there are lanes; whether it could send any."""
        sent = False
        for each in found:
            hook = each.webhook_id
            if hook in self._had or hook in self._full() or self._under_way.total() >= LANES:
                continue
            self._had.add(hook)
            request = claim(each)
            sent = True
            if request is not None:
                self._under_way[hook] += 1
                Thread(target=self._run, args=[request], daemon=True, name="webhook").start()
        return sent

    def _full(self) -> set[UUID]:
        """The webhooks that have all the lanes that they may have."""
        slow = {hook for hook in self._slow if self._under_way[hook]}
        taken = sum(self._under_way[hook] for hook in slow)
        full = {hook for hook, n in self._under_way.items() if n >= OF_ONE}
        return full | (self._slow if taken >= OF_THE_SLOW else slow)

    def _run(self, request: Request) -> None:
        self._back.put((request, attempt(request)))

    def _take_back(self, seconds: float) -> None:
        """Notes what has come back; waits so long for the first, if nothing has."""
        try:
            self._settle(*self._back.get(timeout=seconds))
            while True:
                self._settle(*self._back.get_nowait())
        except Empty:
            return

    def _settle(self, request: Request, outcome: Outcome) -> None:
        hook = request.due.webhook_id
        self._under_way[hook] -= 1
        if not self._under_way[hook]:
            del self._under_way[hook]
        if outcome.took is None or outcome.took > SLOW:
            self._slow.add(hook)
        else:
            self._slow.discard(hook)
        settle(request, outcome)
