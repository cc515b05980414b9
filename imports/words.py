"""What the page of an import says, in words."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from imports.encodings import LETTERS
from imports.headings import key_of
from imports.models import DataImport
from imports.verbs import reading

State = DataImport.State


def sentence_of(row: DataImport) -> str:
    """How far the import is, or what came of it."""
    if row.state == State.READING:
        return _(
            "The file is being read. Nothing is imported yet; you can leave this page and come "
            "back."
        )
    if row.state == State.ASKING:
        return _("Nothing is imported yet. First it has to be said how the file is read.")
    if row.state == State.CHECKING:
        return _(
            "%(done)s of %(rows)s rows are checked. Nothing is imported yet; you can leave this "
            "page and come back."
        ) % _progress(row)
    if row.state == State.IMPORTING:
        return _importing(row)
    if row.state == State.UNDOING:
        return _("%(why)s What was written already is being taken back.") % {"why": _why(row)}
    if row.state == State.REFUSED:
        text = _("Nothing was imported. Correct the file and upload it again.")
        return " ".join(filter(None, (_why(row), text)))
    if row.state == State.READY:
        return _("Every row is right. Nothing is imported before you confirm it.")
    if row.state == State.DONE:
        return " ".join(filter(None, (_("Everything in the file is imported."), _why(row))))
    return f"{_why(row)} {_left(row.preview.get('kept', 0))}"


def _importing(row: DataImport) -> str:
    """What is done about a confirmed import, in the order in which it is done."""
    if row.steps is None:
        text = _("%(done)s of %(rows)s rows are read. You can leave this page and come back.")
    elif row.rows_done < row.rows:
        text = _(
            "%(done)s of %(rows)s rows are written. If one of them can't be, all are taken back; "
            "you can leave this page and come back."
        )
    else:
        text = _("All %(rows)s rows are written. E-mails are being made, if they were wanted.")
    return text % _progress(row)


def _why(row: DataImport) -> str:
    why: str = row.preview.get("failure", "")
    return why


def _left(n: int) -> str:
    """What there is of an import that failed."""
    if not n:
        return _("Nothing was imported.")
    return ngettext(
        "Nothing was imported but %(n)s row that somebody uses already.",
        "Nothing was imported but %(n)s rows that somebody uses already.",
        n,
    ) % {"n": f"{n:,}"}


def problems_in(row: DataImport) -> str:
    """How many problems there are, and whether all of them are shown."""
    n, shown = row.error_count, len(row.errors)
    if n > shown:
        return _("The first %(shown)s of %(n)s problems") % {"shown": f"{shown:,}", "n": f"{n:,}"}
    return ngettext("%(n)s problem", "%(n)s problems", n) % {"n": f"{n:,}"}


def first_rows(row: DataImport) -> str:
    """How many rows of the preview there are."""
    n = len(row.preview.get("rows", []))
    return ngettext("The first row", "The first %(n)s rows", n) % {"n": n}


def counted(row: DataImport) -> list[str]:
    """How many of what the file brings."""
    counts = row.preview.get("counts", {})
    return [WORDS[name](n) % {"n": f"{n:,}"} for name, n in counts.items() if n]


def read_as(row: DataImport) -> list[str]:
    """How the file was read, as far as that isn't a matter of course."""
    layout = row.layout
    return [*_letters(layout), *_sheets(layout), *_above(layout), *_columns(row)]


def _letters(layout: Mapping[str, Any]) -> Iterator[str]:
    if layout.get("letters"):
        yield _("Line %(line)s is not in UTF-8. The file was read as %(letters)s.") % {
            "line": f"{layout['line']:,}",
            "letters": LETTERS[layout["letters"]],
        }


def _sheets(layout: Mapping[str, Any]) -> Iterator[str]:
    if layout.get("sheet"):
        yield _("The sheet “%(name)s” was read.") % {"name": layout["sheet"]}
    others = [f"“{name}”" for name in layout.get("sheets", ()) if name != layout["sheet"]]
    if others:
        yield _("Not read: %(names)s.") % {"names": ", ".join(others)}


def _above(layout: Mapping[str, Any]) -> Iterator[str]:
    n = layout.get("above", 0)
    if n:
        yield ngettext(
            "%(n)s row above the headings was left out.",
            "%(n)s rows above the headings were left out.",
            n,
        ) % {"n": n}


def _columns(row: DataImport) -> Iterator[str]:
    for column in reading.columns_of(row):
        if column.means and key_of(column.heading) != key_of(column.means):
            yield _("“%(heading)s” is %(column)s.") % {
                "heading": column.heading,
                "column": column.means,
            }
        elif column.means == "" and column.heading:
            yield _("“%(heading)s” is left out.") % {"heading": column.heading}


def _progress(row: DataImport) -> dict[str, str]:
    return {"done": f"{row.rows_done:,}", "rows": f"{row.rows:,}"}


def _licenses(n: int) -> str:
    return ngettext("%(n)s new licence", "%(n)s new licences", n)


def _new_customers(n: int) -> str:
    return ngettext("%(n)s new customer", "%(n)s new customers", n)


def _known_customers(n: int) -> str:
    return ngettext("%(n)s known customer", "%(n)s known customers", n)


WORDS: dict[str, Callable[[int], str]] = {
    "licenses": _licenses,
    "new_customers": _new_customers,
    "known_customers": _known_customers,
}
