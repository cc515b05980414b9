"""Metadata in requests and answers, for all that has some."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import Field

from api.bodies import Answer, Body, Moment


class MetadataBody(Body):
    key: str
    value: str = ""
    visible: bool = False


class MetadataAnswer(Answer):
    id: str
    created_at: Moment
    updated_at: Moment
    key: str
    value: str
    visible: bool


Metadata = list[MetadataBody]
NO_METADATA: Any = Field(default_factory=list)


def merged(
    before: Iterable[Mapping[str, Any]], entries: Iterable[MetadataBody]
) -> list[dict[str, Any]]:
    """The entries of before, changed and added to by the ones that were sent, by their keys."""
    kept = {entry["key"]: dict(entry) for entry in before}
    kept |= {entry.key: entry.model_dump() for entry in entries}
    return list(kept.values())
