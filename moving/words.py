"""What the page of a move says, in words."""

from collections.abc import Iterator
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from moving.models import MOST_IDS, Move, Remark
from moving.nouns import BY_NAME, NOUNS


def sentence_of(row: Move) -> str:
    """How far the move is, or what came of it."""
    if row.state == Move.State.DONE:
        return _("Everything that can be taken is here. The report has what could not, and why.")
    if row.state == Move.State.STOPPED:
        kept = _("What was taken stays, and it can go on from there.")
        return f"{row.why} {kept}".strip()
    if row.tries:
        again = _("It is tried again by itself.")
        return f"{row.why} {again}".strip()
    return _("The source is being read. You can leave this page and come back.")


LABELS = {
    "read": _lazy("Read"),
    "new": _lazy("New"),
    "changed": _lazy("Changed"),
    "same": _lazy("Unchanged"),
    "refused": _lazy("Refused"),
}


def lines_of(row: Move) -> Iterator[tuple[str, list[tuple[str, int]], bool]]:
    """Each noun that there is something of, with its counts by their labels, and whether it is
    being read just now."""
    for noun in NOUNS:
        counts: dict[str, Any] = row.counts.get(noun.name, {})
        is_next = row.is_running and noun.name == row.noun
        if counts or is_next:
            told = [(str(label), counts.get(name, 0)) for name, label in LABELS.items()]
            yield capfirst(str(noun.label)), told, is_next


def noun_of(line: Remark) -> str:
    """Of what a line of the report tells."""
    return capfirst(str(BY_NAME[line.noun].label)) if line.noun in BY_NAME else line.noun


def name_of(line: Remark) -> str:
    """What a line tells of: its name or id; of many, how many there are and the first ids."""
    if line.number <= 1:
        return line.label or line.source_id
    told = ", ".join(each for each in (line.source_id, line.further_ids) if each)
    if not told:
        return _("%(number)d of them") % {"number": line.number}
    return _("%(number)d of them: %(ids)s") % {
        "number": line.number,
        "ids": told if line.number <= MOST_IDS + 1 else f"{told} …",
    }


def progress_of(row: Move) -> int:
    """How many nouns are done."""
    return next((at for at, noun in enumerate(NOUNS) if noun.name == row.noun), 0)
