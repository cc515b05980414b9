"""Metadata in requests and answers, for all that has some."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection
from django.db.models import Q
from pydantic import Field

from api.bodies import Answer, Body, Moment


class MetadataBody(Body):
    key: str
    value: str = ""
    visible: bool = False
    view_permissions: list[str] = Field(default_factory=list)

    @property
    def entry(self) -> dict[str, Any]:
        """What was supplied: by `viewPermissions`, whoever may view it, its customer sees it."""
        told = self.given
        viewers = told.pop("view_permissions", None)
        return told if viewers is None else {"visible": bool(viewers)} | told


class MetadataAnswer(Answer):
    id: str
    created_at: Moment
    updated_at: Moment
    key: str
    value: str
    visible: bool


Metadata = list[MetadataBody]
NEW: Mapping[str, Any] = {"key": "", "value": "", "visible": False}  # in the order of `has_entry`
NO_METADATA: Any = Field(default_factory=list)


def merged(
    before: Iterable[Mapping[str, Any]], entries: Iterable[MetadataBody]
) -> list[dict[str, Any]]:
    """The entries of before, changed and added to by the ones that were sent, by their keys."""
    kept = {entry["key"]: dict(entry) for entry in before}
    kept |= {entry.key: {**NEW, **entry.entry} for entry in entries}
    return list(kept.values())


def has_entry(key: str, value: str) -> Q:
    """Rows whose `metadata`, which is kept as JSON, has an entry of this key, of this value, or of
    both; an empty one is not asked for."""
    wanted = {name: text for name, text in (("key", key), ("value", value)) if text}
    if connection.vendor == "postgresql":
        return Q(metadata__contains=[wanted])
    written = json.dumps(wanted).removeprefix("{").removesuffix("}")
    return Q(metadata__icontains=written)
