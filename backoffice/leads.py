"""By whom and by what entries of the audit trail are found: rooms below say how their rows are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from tenancy.finding import Place, Rows, by_key
from tenancy.spelling import Typed


@dataclass(frozen=True, slots=True)
class Lead:
    """Rows that have a word, and in which columns an entry has their ids: `ids` gives some of them
    and whether there are more, `has` the condition on the row that a column leads to."""

    columns: Sequence[str]
    ids: Callable[[Typed], tuple[list[UUID], bool]]
    has: Callable[[Typed, str], Q]


LEADS: list[Lead] = []


def register(lead: Lead) -> None:
    """Adds a lead; an app does so when it is ready."""
    LEADS.append(lead)


def places_by_leads(rows: Rows, word: Typed) -> list[Place]:
    """Where a word may stand that a row has to which an entry leads."""
    places = []
    for lead in LEADS:
        ids, many = lead.ids(word)
        places += [
            by_key(rows, column, ids, has=lead.has(word, column), many=many)
            for column in lead.columns
        ]
    return places
