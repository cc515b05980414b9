"""Locks of files between threads and programs; they end with whoever holds them, also if it is
killed."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

AGAIN = 0.02  # seconds
Lock = IO[bytes]


def wait_for(path: Path) -> Lock:
    """The lock of a file, which is made if it isn't there, as soon as nobody else has it. To close
    it gives it back."""
    while (lock := attempt(path)) is None:
        time.sleep(AGAIN)
    return lock


def attempt(path: Path) -> Lock | None:
    """The lock of a file, or None while somebody has it."""
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0)
    try:
        _lock(file.fileno())
    except BlockingIOError:
        file.close()
        return None
    except BaseException:
        file.close()
        raise
    return file


def _locking() -> Callable[[int], None]:
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415  exists on Windows alone

        def lock(descriptor: int) -> None:
            try:
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            except PermissionError as error:
                raise BlockingIOError(str(error)) from error

        return lock
    import fcntl  # noqa: PLC0415  exists on all others

    return lambda descriptor: fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


_lock = _locking()
