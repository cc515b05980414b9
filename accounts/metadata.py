"""Metadata kept as JSON: a list of named values, each visible to the customer or not."""

from collections.abc import Iterable, Iterator, Mapping
from re import Pattern
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from tenancy.texts import validate_line, validate_prose
from tenancy.unseen import LINE, PROSE

MOST_ENTRIES = 50
LONGEST = 256
SPARE = 3  # rows of a form that nothing stands in yet


def validate_metadata(value: Any) -> None:
    """Raises ValidationError unless the value is a list of {key, value, visible?}, keys unique."""
    if not isinstance(value, list) or len(value) > MOST_ENTRIES:
        raise ValidationError(_("Use a list of at most 50 entries."))
    if not all(_is_entry(entry) for entry in value):
        raise ValidationError(
            _("Each entry needs a key and a value, of at most 256 characters that can be seen.")
        )
    if len({entry["key"] for entry in value}) != len(value):
        raise ValidationError(_("Each key can be there once."))


def _is_entry(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and entry.keys() <= {"key", "value", "visible"}
        and isinstance(entry.get("visible", False), bool)
        and _is_text(entry.get("key"), shortest=1, refused=LINE)
        and _is_text(entry.get("value"), shortest=0, refused=PROSE)
    )


def _is_text(text: Any, *, shortest: int, refused: Pattern[str]) -> bool:
    """JSON can name what nobody sees, and half a character and NUL, which no database keeps."""
    return isinstance(text, str) and shortest <= len(text) <= LONGEST and not refused.search(text)


class MetadataRows(forms.Widget):
    """A row for each entry, and some to spare, so that nobody needs a script to add one: name,
    value, and whether the customer sees it. Who empties a row takes the entry away."""

    def __init__(self, attrs: Any = None) -> None:
        super().__init__(attrs)
        self.problems: dict[int, list[str]] = {}  # by row, after a clean that found some

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """What stands in the rows, also in those that nothing was typed into."""
        return [
            {
                "key": data.get(f"{name}-{n}-key", "").strip(),
                "value": data.get(f"{name}-{n}-value", "").strip(),
                "visible": f"{name}-{n}-visible" in data,
            }
            for n in range(MOST_ENTRIES + SPARE)
            if f"{name}-{n}-key" in data or f"{name}-{n}-value" in data
        ]

    def format_value(self, value: Any) -> Any:
        """The entries themselves, which `render` shows in rows."""
        return value

    def put_in(self, data: QueryDict, name: str, value: Any) -> None:
        """Has the data say these entries, as a browser that shows them sends them."""
        for key in [each for each in data if each.startswith(f"{name}-")]:
            del data[key]
        for n, entry in enumerate(value or ()):
            data[f"{name}-{n}-key"], data[f"{name}-{n}-value"] = entry["key"], entry["value"]
            if entry.get("visible"):
                data[f"{name}-{n}-visible"] = "on"

    def in_words(self, value: Any) -> str:
        """The entries, one behind the other."""
        return "; ".join(in_words(value or ()).splitlines())

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return not self.value_from_datadict(data, files, name)

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        entries = [entry for entry in value or () if not _is_blank(entry)]
        # Rows keep their numbers while there is something to say about one.
        shown = list(value) if self.problems else entries
        rows = [*shown, *[{}] * min(SPARE, MOST_ENTRIES + SPARE - len(shown))]
        context = {
            "name": name,
            "id": (attrs or {}).get("id", f"id_{name}"),
            "rows": [(n, row, self.problems.get(n, ())) for n, row in enumerate(rows)],
            "longest": LONGEST,
        }
        return render_to_string("accounts/admin/metadata.html", context)

    def id_for_label(self, id_: str) -> str:
        return f"{id_}-0-key" if id_ else ""


def _is_blank(row: Mapping[str, Any]) -> bool:
    return not (row.get("key") or row.get("value"))


class MetadataField(forms.Field):
    """Metadata in a form, typed in rows; nothing is an empty list. What is wrong with a row stands
    beside it."""

    widget = MetadataRows

    def __init__(self, *, encoder: Any = None, decoder: Any = None, **options: Any) -> None:
        # Django would have what is there come back as one text beside the rows, and the model's
        # help says how it is kept.
        super().__init__(**options | {"show_hidden_initial": False, "help_text": ""})

    def clean(self, value: Any) -> list[dict[str, Any]]:
        """Raises ValidationError, and says in the widget which rows are wrong."""
        rows = {n: row for n, row in enumerate(value or ()) if not _is_blank(row)}
        problems = {n: list(_problems_of(n, rows)) for n in rows}
        found = {n: sentences for n, sentences in problems.items() if sentences}
        if len(rows) > MOST_ENTRIES:
            raise ValidationError(_("Use a list of at most 50 entries."))
        if found:
            self.widget.problems = found
            raise ValidationError(
                [
                    _("Row %(row)d: %(sentence)s") % {"row": n + 1, "sentence": sentence}
                    for n, sentences in found.items()
                    for sentence in sentences
                ]
            )
        return list(rows.values())

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether the entries differ; one that says nothing of it is not visible."""
        before, after = (
            [
                (row.get("key"), row.get("value"), row.get("visible", False))
                for row in rows or ()
                if not _is_blank(row)
            ]
            for rows in (initial, data)
        )
        return before != after


def _problems_of(number: int, rows: Mapping[int, Mapping[str, Any]]) -> Iterator[str]:
    row = rows[number]
    if not row["key"]:
        yield _("This value needs a name.")
    if any(other["key"] == row["key"] for n, other in rows.items() if n < number):
        yield _("This name is there already.")
    for name, validate in (("key", validate_line), ("value", validate_prose)):
        if len(row[name]) > LONGEST:
            yield _("This is longer than %(n)d characters.") % {"n": LONGEST}
        try:
            validate(row[name])
        except ValidationError as error:
            yield from error.messages


METADATA_FORM: Any = {models.JSONField: {"form_class": MetadataField}}


def in_words(entries: Iterable[Mapping[str, Any]]) -> str:
    """The entries as people read them, one a line."""
    return "\n".join(f"{entry['key']}: {entry.get('value') or '–'}" for entry in entries)


def visible_only(entries: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The entries that a customer and a token may see, as {key, value}."""
    return [
        {"key": entry["key"], "value": entry["value"]} for entry in entries if entry.get("visible")
    ]
