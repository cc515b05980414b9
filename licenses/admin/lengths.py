"""Lengths of time as people type them: "1 year", "30 days", "8 hours", or plain seconds."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

UNITS = {
    "year": 365 * 24 * 60 * 60,
    "week": 7 * 24 * 60 * 60,
    "day": 24 * 60 * 60,
    "hour": 60 * 60,
    "minute": 60,
    "second": 1,
}
TYPED = re.compile(r"([0-9]{1,10})\s*(?:(year|week|day|hour|minute|second)s?)?", re.IGNORECASE)


class LengthOfTimeField(forms.IntegerField):
    """Whole seconds, typed with a unit or without."""

    widget = forms.TextInput

    def to_python(self, value: Any) -> int | None:
        if value in self.empty_values:
            return None
        match = TYPED.fullmatch(str(value).strip())
        if match is None:
            raise ValidationError(
                _("Type a number and a unit, such as 1 year, 30 days or 8 hours."), code="length"
            )
        return int(match[1]) * UNITS[(match[2] or "second").lower()]

    def prepare_value(self, value: Any) -> Any:
        return in_unit(value) if isinstance(value, int) else value


def in_unit(seconds: int) -> str:
    """The length in the largest unit that divides it, in the words that can be typed."""
    if seconds == 0:
        return "0"
    name, size = next(
        each for each in UNITS.items() if seconds % each[1] == 0 and each[0] != "week"
    )
    number = seconds // size
    return f"{number} {name}" if number == 1 else f"{number} {name}s"


# For the admins whose only editable fields of these kinds are lengths of time.
LENGTHS: Any = {
    models.PositiveBigIntegerField: {"form_class": LengthOfTimeField},
    models.PositiveIntegerField: {"form_class": LengthOfTimeField},
}
