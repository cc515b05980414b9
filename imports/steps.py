"""What a file becomes, as steps: each is short, and done once or, while it can be, undone.

A job that has read the whole file writes all of its steps down (imports/models.py, ImportStep);
imports/verbs/writing.py does them.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.core import serializers
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model

Content = list[Any]
Step = tuple[str, Content]  # the name of an act, and what it is done with
STEP = 10  # rows of a file
LETTERS = "letters"  # the act that writes to whom the file has brought


@dataclass(frozen=True, slots=True)
class Act:
    """What a step of this name does in the caller's transaction, and what undoes it.

    `undo` says how many of the rows it has left, because somebody uses them. An act without it
    comes after all that have one: by then nothing can come in between any more. `counts` where
    what is done are rows of the file.
    """

    do: Callable[[Content], object]
    undo: Callable[[Content], int] | None = None
    counts: bool = False


def nothing(_content: Content) -> int:
    """What undoes an act that changes nothing."""
    return 0


def parts_of(rows: Sequence[Any], size: int = STEP) -> Iterator[Sequence[Any]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def packed(rows: Sequence[Model]) -> Content:
    """Rows that are not saved, to be kept in a step."""
    content: Content = serializers.serialize("python", rows)
    return content


def in_json(content: Content) -> str:
    return json.dumps(content, cls=DjangoJSONEncoder)


def from_json(text: str) -> Content:
    content: Content = json.loads(text)
    return content


def unpacked(content: Content) -> list[Any]:
    """The rows of a step, not saved."""
    return [each.object for each in serializers.deserialize("python", content)]
