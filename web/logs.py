"""A log that strangers can't flood."""

import logging
import threading
import time

LINES, WINDOW = 20, 60.0  # so many lines in so many seconds


class Bounded(logging.Filter):
    """Lets through the first LINES a WINDOW of those that begin with `start`; the next one after
    that says how many were left out. Other lines pass."""

    def __init__(self, start: str = "") -> None:
        super().__init__()
        self.start = start
        self._lock = threading.Lock()
        self._window, self._passed, self._left_out = 0.0, 0, 0

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if not message.startswith(self.start):
            return True
        with self._lock:
            return self._is_told(record, message)

    def _is_told(self, record: logging.LogRecord, message: str) -> bool:
        now = time.monotonic()
        if now - self._window >= WINDOW:
            if self._left_out:
                record.msg = f"{message} ({self._left_out} more like it were left out before.)"
                record.args = ()
            self._window, self._passed, self._left_out = now, 0, 0
        self._passed += 1
        if self._passed <= LINES:
            return True
        self._left_out += 1
        return False
