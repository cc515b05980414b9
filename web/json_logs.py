"""Lines of JSON for whoever collects logs: what is logged, in which request, at which vendor and by
whom, by ids alone. What opens something, and addresses of people, are taken out (web/secrecy.py).
"""

import json
import logging
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from web.secrecy import without_secrets

# What a request is known by, with what is found out about it while it is answered.
about: ContextVar[Any] = ContextVar("the request that is being answered", default=None)


class Lines(logging.Formatter):
    """A line for each record; a record's `access` adds fields of its own."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **told_of(about.get()),
            **getattr(record, "access", {}),
        }
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        if record.exc_text:
            entry["exception"] = record.exc_text
        safe = {name: _safe(value) for name, value in entry.items()}
        return json.dumps(safe, ensure_ascii=False)


def _safe(value: Any) -> Any:
    # Records of before the settings were read are none of ours.
    return without_secrets(value) if isinstance(value, str) else value


def told_of(request: Any) -> Mapping[str, str]:
    """Which request it is, at which vendor, and whose, as far as that is known by now."""
    if request is None:
        return {}
    user, vendor = getattr(request, "user", None), getattr(request, "vendor", None)
    view = getattr(request, "view_as", None)
    found = {
        "request": getattr(request, "id", None),
        "vendor": getattr(vendor, "pk", None) or getattr(user, "vendor_id", None),
        "user": getattr(user, "pk", None),
        "view": getattr(view, "pk", None),
    }
    return {name: str(value) for name, value in found.items() if value}
