"""Metadata kept as JSON: a list of named values, each visible to the customer or not."""

import json
from collections.abc import Iterable, Mapping
from re import Pattern
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.forms.fields import InvalidJSONInput
from django.utils.translation import gettext as _

from tenancy.unseen import LINE, PROSE

MOST_ENTRIES = 50
LONGEST = 256


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


class MetadataField(forms.JSONField):
    """Metadata in a form: nothing is an empty list, and what Python can't read is no metadata."""

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value) or []
        except (ValueError, RecursionError) as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error

    def bound_data(self, data: Any, initial: Any) -> Any:
        """What was typed, as it is shown again: as it stands where it can't be read or stored."""
        try:
            read = super().bound_data(data, initial)
            json.dumps(read, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            return InvalidJSONInput(data)
        return read


METADATA_FORM: Any = {models.JSONField: {"form_class": MetadataField}}


def visible_only(entries: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The entries that a customer and a token may see, as {key, value}."""
    return [
        {"key": entry["key"], "value": entry["value"]} for entry in entries if entry.get("visible")
    ]
