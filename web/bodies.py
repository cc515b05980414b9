"""How large the body of a request may be; pure."""

from collections.abc import Mapping
from typing import Any

# Bytes that anybody may send. The server waits until they are there before a thread begins
# (portal/serving/), so a view that takes no files is never kept waiting. Who may send more, and
# how much, says the view (backoffice.base.receives_files).
LARGEST = 2 * 1024 * 1024


def announced(meta: Mapping[str, Any]) -> int:
    """How many bytes of a body a WSGI environment announces: as many as Django will read."""
    text = str(meta.get("CONTENT_LENGTH") or "0")
    return int(text) if text.isdecimal() else 0
