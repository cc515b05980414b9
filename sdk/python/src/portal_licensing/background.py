"""A licence that is kept confirmed while the program runs."""

from __future__ import annotations

import atexit
import secrets
import threading
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from portal_licensing import locks
from portal_licensing.client import Check
from portal_licensing.errors import LicensingError, StorageUnavailable
from portal_licensing.online import OnlineClient
from portal_licensing.refusals import Refused

SHORTEST, LONGEST = 1.0, 7 * 86400.0  # seconds between two syncs
FIRST_RETRY, OFTEN = 15.0, 4  # seconds; how often it is tried again in an interval, at least
PATIENCE = 15.0  # seconds for what is under way as the program ends
USER = "user-{}.lock"


class Syncing:
    """Syncs in a thread of its own, as often as the licence wishes and a lease needs, until it is
    stopped or the program ends; then a leased seat is given back, by the last of the programs
    that share the folder.

    `on_check`, if it is given, is called in that thread after each sync, with what the licence is
    then, also where the server was not reached. `problem` is what the last sync has met, or None.

        with Syncing(client):
            ...
    """

    def __init__(
        self, client: OnlineClient, *, on_check: Callable[[Check], None] | None = None
    ) -> None:
        self.client = client
        self.on_check = on_check
        self.problem: LicensingError | None = None
        self._failures = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="licence", daemon=True)
        self._user: locks.Lock | None = None

    def __enter__(self) -> Syncing:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def start(self) -> None:
        """Begins; once. Raises StorageUnavailable."""
        storage = self.client.storage
        with storage.locked():
            try:
                self._user = locks.attempt(storage.folder / USER.format(uuid.uuid4()))
            except OSError as error:
                raise StorageUnavailable(str(error)) from error
        # A thread of Python's that is no daemon would keep the program from ending.
        atexit.register(self.stop)
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread, and gives a leased seat back; twice is fine. Never raises for a server
        that isn't there: the lease ends by itself."""
        atexit.unregister(self.stop)
        if self._stopped.is_set():
            return
        self._stopped.set()
        if self._thread is not threading.current_thread() and self._thread.is_alive():
            self._thread.join(PATIENCE)
        with suppress(LicensingError, OSError):
            if self._is_last() and self.client.check().claims.get("leat"):
                self.client.deactivate(attempts=1)

    def _run(self) -> None:
        wait = self._first_wait()
        while not self._stopped.wait(wait):
            wait = self._sync()

    def _first_wait(self) -> float:
        with suppress(LicensingError):
            claims = self.client.check().claims
            passed = self.client.clock() - float(claims.get("iat", 0))
            return min(max(0.0, interval(claims) - passed), interval(claims))
        return 0.0

    def _sync(self) -> float:
        """Syncs once; says in how many seconds the next time is."""
        self.problem, claims = None, {}
        try:
            self.client.sync(attempts=1)
        except LicensingError as error:
            self.problem = error
        self._failures = self._failures + 1 if self.problem else 0
        with suppress(LicensingError):
            check = self.client.check()
            claims = dict(check.claims)
            if self.on_check and not self._stopped.is_set():
                self.on_check(check)
        return self._next_wait(interval(claims))

    def _next_wait(self, usual: float) -> float:
        if not self.problem:
            return usual
        again = min(usual / OFTEN, FIRST_RETRY * 2.0 ** min(self._failures - 1, 20))
        again += again * secrets.randbelow(100) / 500  # so that not all come at once
        asked = self.problem.retry_after if isinstance(self.problem, Refused) else 0.0
        return max(SHORTEST, again, asked)

    def _is_last(self) -> bool:
        """Takes this program off the list of those that run; whether there are no others."""
        if self._user is None:
            return False
        storage = self.client.storage
        with storage.locked():
            self._user.close()
            self._user = None
            others = [path for path in storage.folder.glob(USER.format("*")) if not _is_gone(path)]
        return not others


def interval(claims: Mapping[str, Any]) -> float:
    """In how many seconds after the last sync the next one is due: what the licence says, and half
    the time of a lease at the latest."""
    wanted = [float(LONGEST)]
    if claims.get("ssi"):
        wanted.append(float(claims["ssi"]))
    if claims.get("leat"):
        wanted.append((claims["leat"] - claims["iat"]) / 2)
    return max(SHORTEST, min(wanted))


def _is_gone(path: Path) -> bool:
    """Whether the program that has the file has ended, however it did; then the file goes, too."""
    lock = locks.attempt(path)
    if lock is None:
        return False
    lock.close()
    with suppress(OSError):
        path.unlink(missing_ok=True)
    return True
