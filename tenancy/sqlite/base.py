"""SQLite with a last step before each commit, and with locks that are waited for as long as
whoever asks may wait (tenancy/waiting.py)."""

from typing import Any

from django.db.backends.sqlite3 import base

from tenancy.transactions import OwnSteps
from tenancy.waiting import longest_wait


class DatabaseWrapper(OwnSteps, base.DatabaseWrapper):
    _waits: float | None = None

    def get_new_connection(self, conn_params: Any) -> Any:
        self._waits = None
        return super().get_new_connection(conn_params)

    def create_cursor(self, name: str | None = None) -> Any:
        wanted = longest_wait()
        if wanted != self._waits:
            seconds = self.settings_dict["OPTIONS"]["timeout"] if wanted is None else wanted
            self.connection.execute(f"PRAGMA busy_timeout = {round(seconds * 1000)}")
            self._waits = wanted
        return super().create_cursor(name)
