"""Fields of the back office in which lengths of time (licenses/lengths.py) and numbers without a
limit are typed in words."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from licenses.intervals import Interval, parse
from licenses.lengths import LengthError, in_words, typed
from licenses.models.terms import UNLIMITED, IntervalField, seconds_in_words


class _AsTyped(str):
    """What somebody typed into a field that comes back."""


class ValidityField(forms.CharField):
    """An interval by the calendar, typed in words; its value is what ISO 8601 writes, which is
    empty for perpetual. Where nothing has to be typed, nothing is None."""

    @staticmethod
    def told(value: str) -> str:
        """What people read of a value."""
        return in_words(parse(value))

    def clean(self, value: Any) -> str | None:
        text = str(value or "").strip()
        if not text and not self.required:
            return None
        return str(_typed(text))

    def to_python(self, value: Any) -> str:
        """For what Django compares with the value of before; raises ValidationError."""
        return self.clean(value) or ""

    def bound_data(self, data: Any, initial: Any) -> Any:
        return _AsTyped(data or "")

    def prepare_value(self, value: Any) -> Any:
        """What the field begins with."""
        is_interval = isinstance(value, str) and not isinstance(value, _AsTyped)
        return self.told(value) if is_interval else value


# What a number without a unit may be of, where seconds are kept.
OF_SECONDS = ("seconds", "minutes", "hours", "days")


class LengthOfTimeField(forms.IntegerField):
    """Whole seconds, typed in words; a nought needs no unit."""

    widget = forms.TextInput

    @staticmethod
    def told(value: int) -> str:
        """What people read of a value."""
        return seconds_in_words(value)

    def to_python(self, value: Any) -> int | None:
        if value in self.empty_values:
            return None
        text = str(value).strip()
        return 0 if text == "0" else _typed(text, *OF_SECONDS).nominal

    def prepare_value(self, value: Any) -> Any:
        return self.told(value) if isinstance(value, int) else value


class CountField(forms.IntegerField):
    """A number that may have no limit, which is −1, and is shown and typed as a word; the sign may
    be a minus or a hyphen."""

    widget = forms.TextInput

    @staticmethod
    def told(value: int) -> str:
        """What people read of a value."""
        return _("unlimited") if value == UNLIMITED else str(value)

    def to_python(self, value: Any) -> int | None:
        is_word = str(value).strip().casefold() == _("unlimited").casefold()
        if is_word:
            return UNLIMITED
        return super().to_python(value.replace("−", "-") if isinstance(value, str) else value)

    def prepare_value(self, value: Any) -> Any:
        return self.told(value) if isinstance(value, int) else value


def _typed(text: str, *units: str) -> Interval:
    try:
        return typed(text, units) if units else typed(text)
    except LengthError as error:
        raise ValidationError(str(error), code="length") from error


# For the admins whose only editable fields of these kinds are lengths of time, and numbers that may
# have no limit.
LENGTHS: Any = {
    IntervalField: {"form_class": ValidityField, "required": True},
    models.PositiveBigIntegerField: {"form_class": LengthOfTimeField},
    models.PositiveIntegerField: {"form_class": LengthOfTimeField},
    # Django's admin has a widget of its own for these, in which nobody can type a word.
    models.IntegerField: {"form_class": CountField, "widget": forms.TextInput},
}
