"""What all entities have on the wire; each looks as the module `wire` of its room says."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

Wire = dict[str, Any]
HOW = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS


def dumps(body: Any) -> bytes:
    """JSON of what has been made of rows; times end in Z."""
    return orjson.dumps(body, default=str, option=HOW)


def valued(members: Mapping[str, Any]) -> Wire:
    """The members that have a value: what has none is left out."""
    return {name: value for name, value in members.items() if value is not None}


def stamps(row: Any) -> Wire:
    """What every entity begins with."""
    return {"id": row.pk, "createdAt": row.created_at, "updatedAt": row.updated_at}


def metadata(row: Any, entries: Iterable[Mapping[str, Any]]) -> list[Wire]:
    """Metadata that is kept as JSON. It has no rows: an entry's id is made of its owner's and its
    key, and its times are the owner's."""
    return [
        {
            **stamps(row),
            "id": f"{row.pk}:{entry['key']}",
            "key": entry["key"],
            "value": entry["value"],
            "visible": bool(entry.get("visible")),
        }
        for entry in entries
    ]
