"""How a licence holds when it and its maintenance end."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import models
from django.db.models import Q

from licenses.ends import End, Term


def end_at(moment: datetime | None, day: date | None) -> End | None:
    """The end that two fields hold; None for no end."""
    return End(moment, day) if moment else None


@dataclass(frozen=True, slots=True)
class Ending:
    """The fields of one end, whose names begin with a prefix: the moment and the day, and the
    anchor and the periods by which it is counted (licenses/ends.py)."""

    prefix: str

    @property
    def at(self) -> str:
        return f"{self.prefix}expires_at"

    @property
    def on(self) -> str:
        return f"{self.prefix}expires_on"

    @property
    def fields(self) -> tuple[str, str, str, str]:
        return self.at, self.on, f"{self.prefix}anchor", f"{self.prefix}periods"

    def end(self, row: Any) -> End | None:
        return end_at(getattr(row, self.at), getattr(row, self.on))

    def term(self, row: Any) -> Term | None:
        """The end with what it is counted from; an end without an anchor is counted from itself."""
        end = self.end(row)
        if end is None:
            return None
        anchor, periods = (getattr(row, name) for name in self.fields[2:])
        return Term(end, datetime.fromisoformat(anchor) if anchor else end.at, periods)

    def put(self, row: Any, term: Term | None) -> None:
        """Sets the fields of a row that is not saved by this."""
        values: tuple[Any, ...] = (None, None, "", 0)
        if term is not None:
            values = (term.end.at, term.end.on, term.anchor.isoformat(), term.periods)
        for name, value in zip(self.fields, values, strict=True):
            setattr(row, name, value)


VALIDITY, MAINTENANCE = Ending(""), Ending("maintenance_")


def day_has_moment(name: str, prefix: str = "") -> models.CheckConstraint:
    """An end that is a day has its moment beside it."""
    at, on = f"{prefix}expires_at", f"{prefix}expires_on"
    condition = Q(**{on: None}) | Q(**{f"{at}__isnull": False})
    return models.CheckConstraint(name=name, condition=condition)
