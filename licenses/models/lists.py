"""Fields that have a list of texts, each in its one spelling."""

import re
from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from tenancy.texts import validate_line

MOST = 300  # more than there are countries
LONGEST = 256
A_LINE = re.compile(r"[\r\n]+")
APART = re.compile(r"[\s,;]+")


class TypedTexts(forms.Field):
    """A list of texts, typed one a line; with another `apart` also otherwise."""

    widget = forms.Textarea

    def __init__(self, *, apart: re.Pattern[str] = A_LINE, **options: Any) -> None:
        # Django would have a list that is there come back beside the one that is typed.
        super().__init__(**options | {"show_hidden_initial": False})
        self.apart = apart

    def to_python(self, value: Any) -> list[str]:
        parts = value if isinstance(value, list) else self.apart.split(value or "")
        return [text for part in parts if (text := part.strip())]

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {**super().widget_attrs(widget), "rows": 2}


class TextsField(models.JSONField):
    """A list of texts, each of which is there once. `spelled` makes one spelling of a text or
    raises ValueError, of which `refusal` then tells; `apart` is between two that are typed.

    To the database and to migrations it is Django's own field.
    """

    def __init__(
        self,
        *args: Any,
        spelled: Callable[[str], str] | None = None,
        refusal: Any = "",
        apart: re.Pattern[str] = A_LINE,
        **kwargs: Any,
    ) -> None:
        defaults: dict[str, Any] = {"default": list, "blank": True}
        super().__init__(*args, **defaults | kwargs)
        self.spelled, self.refusal, self.apart = spelled, refusal, apart

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.JSONField", args, kwargs

    def to_python(self, value: Any) -> list[str]:
        """Raises ValidationError."""
        if not isinstance(value, list) or len(value) > MOST:
            raise ValidationError(_("Use a list of at most %(n)d texts."), params={"n": MOST})
        return list(dict.fromkeys(self._one(each) for each in value))

    def _one(self, text: Any) -> str:
        if not isinstance(text, str) or not 0 < len(text.strip()) <= LONGEST:
            raise ValidationError(
                _("Use texts of 1 to %(n)d characters."), params={"n": LONGEST}, code="text"
            )
        validate_line(text)
        if self.spelled is None:
            return text.strip()
        try:
            return self.spelled(text.strip())
        except ValueError:
            raise ValidationError(self.refusal, params={"text": text[:100]}) from None

    def formfield(self, **kwargs: Any) -> Any:
        return models.Field.formfield(self, form_class=TypedTexts, apart=self.apart, **kwargs)
