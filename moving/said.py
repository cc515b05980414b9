"""What a source says of one row, read kindly: members that are not known are passed over, null is
nothing said, numbers may be texts, and times without a zone are UTC. Pure."""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

# What no database keeps: NUL, and halves of characters.
UNKEPT = re.compile("[\x00\ud800-\udfff]")
# A moment and the days around it are there in every zone.
YEARS = range(1970, 9999)


class Unreadable(Exception):
    """A row can't be taken; `sentence` says why. What is said of many rows in the same words is
    `common`: a report counts those."""

    def __init__(self, sentence: str, *, common: bool = False) -> None:
        super().__init__(sentence)
        self.sentence, self.common = sentence, common


class Needless(Exception):
    """A row says what is so here by itself: there is nothing to take."""


class Said:
    """One row of a source. Each method raises Unreadable for what is of another kind."""

    def __init__(self, row: Any) -> None:
        if not isinstance(row, dict):
            raise Unreadable(_("The source says something that is no object."))
        self._row: Mapping[str, Any] = row

    def __contains__(self, name: str) -> bool:
        return self._row.get(name) is not None

    def text(self, name: str, default: str = "") -> str:
        value = self._row.get(name)
        if value is None:
            return default
        return self._text(name, value)

    def number(self, name: str, default: int = 0) -> int:
        value = self._row.get(name)
        if value is None or value == "":
            return default
        try:
            return int(value)
        except (TypeError, ValueError, OverflowError) as error:
            raise self._unreadable(name) from error

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self._row.get(name)
        if value is None:
            return default
        if isinstance(value, bool):
            return value
        if str(value).lower() in {"true", "false"}:
            return str(value).lower() == "true"
        raise self._unreadable(name)

    def moment(self, name: str) -> datetime | None:
        value = self._row.get(name)
        if value is None or value == "":
            return None
        try:
            moment = parse_datetime(str(value))
            if moment is None or moment.year not in YEARS:
                raise self._unreadable(name)
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError) as error:
            raise self._unreadable(name) from error

    def id(self, name: str = "id") -> UUID | None:
        value = self._row.get(name)
        if value is None or value == "":
            return None
        try:
            return UUID(str(value))
        except ValueError as error:
            raise self._unreadable(name) from error

    def own_id(self) -> UUID:
        found = self.id()
        if found is None:
            raise self._unreadable("id")
        return found

    def texts(self, name: str) -> list[str]:
        return [self._text(name, each) for each in self._list(name) if each is not None]

    def rows(self, name: str) -> list["Said"]:
        return [Said(each) for each in self._list(name)]

    def row(self, name: str) -> "Said | None":
        value = self._row.get(name)
        return None if value is None else Said(value)

    def _list(self, name: str) -> list[Any]:
        value = self._row.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self._unreadable(name)
        return value

    def _text(self, name: str, value: Any) -> str:
        if isinstance(value, dict | list) or UNKEPT.search(text := str(value)):
            raise self._unreadable(name)
        return text

    @staticmethod
    def _unreadable(name: str) -> Unreadable:
        return Unreadable(
            _("What the source says of “%(name)s” can't be understood.") % {"name": name}
        )


def digest(values: Any) -> str:
    """SHA-256, in hex, of values as JSON in one form."""
    text = json.dumps(values, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
