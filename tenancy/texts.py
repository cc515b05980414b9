"""Fields for what people call things and write about them, free of what nobody sees (unseen.py).

A field refuses it whatever the way in: forms and verbs are told by its validator, and whoever asks
none of them (`save`, `bulk_create`) is told as the row is written. To the database and to
migrations these are Django's own fields. Rows of before are read as they are.
"""

from re import Pattern
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator, validate_email
from django.db import models
from django.utils.translation import gettext as _

from tenancy.addresses import normalise_email, pasted
from tenancy.unseen import LINE, PROSE, number

LINE_BREAKS = "\n\r\u2028\u2029"


def validate_line(text: str) -> None:
    """Raises ValidationError unless everything in the line can be seen."""
    _validate(text, LINE)


def validate_prose(text: str) -> None:
    """The same for a text of several lines."""
    _validate(text, PROSE)


def _validate(text: str, refused: Pattern[str]) -> None:
    found = refused.search(text)
    if found and found[0] in LINE_BREAKS:
        raise ValidationError(_("There is a line break in it: write it in one line."), code="break")
    if found and found[0] == "\t":
        raise ValidationError(_("There is a tab in it: put a blank in its place."), code="tab")
    if found:
        raise ValidationError(
            _("There is a sign in it that nobody sees, %(sign)s: type it anew, without that."),
            code="unseen",
            params={"sign": number(found[0][0])},
        )


class _Seen:
    """Adds the check to a field of Django's, as which it is deconstructed."""

    validate_text: ClassVar[Any]

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        value = super().pre_save(model_instance, add)  # type: ignore[misc]
        if isinstance(value, str):
            try:
                type(self).validate_text(value)
            except ValidationError as error:
                raise ValidationError({self.name: error}) from error  # type: ignore[attr-defined]
        return value

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()  # type: ignore[misc]
        return name, f"django.db.models.{type(self).__bases__[1].__name__}", args, kwargs


class LineField(forms.CharField):
    """A line as people type or paste it: cells of a spreadsheet have tabs between them."""

    default_validators = [validate_line]

    def to_python(self, value: Any) -> Any:
        typed = super().to_python(value)
        return typed.replace("\t", " ") if isinstance(typed, str) else typed


class Line(_Seen, models.CharField[str, str]):
    """A name, or another text of one line."""

    default_validators = [validate_line]
    validate_text = staticmethod(validate_line)

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": LineField, **kwargs})


class Prose(_Seen, models.TextField[str, str]):
    """A text of several lines, in languages of both directions."""

    default_validators = [validate_prose]
    validate_text = staticmethod(validate_prose)


def validate_address(address: str) -> None:
    """Raises ValidationError unless this is an e-mail address in its one spelling. What stands
    before the @ is ASCII: Django's pattern lets letters through that only look like others."""
    validate_email(address)
    if not address.rpartition("@")[0].isascii():
        raise ValidationError(EmailValidator.message, code=EmailValidator.code)
    validate_line(address)


class AddressField(forms.CharField):
    """An e-mail address as people type or paste it; clean, it is alone and still in the spelling
    that was typed (tenancy/addresses.py). The browser's own field would refuse names beside it,
    and hand domains over in ASCII."""

    widget = forms.TextInput

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.widget.input_type = "text"  # whatever widget was chosen for e-mails

    def to_python(self, value: Any) -> str:
        return pasted(super().to_python(value) or "")

    def run_validators(self, value: str) -> None:
        super().run_validators(value)
        if value:
            validate_address(normalise_email(value))

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        typing = {"inputmode": "email", "autocapitalize": "none", "spellcheck": "false"}
        return {**super().widget_attrs(widget), **typing}


class EmailLine(_Seen, models.EmailField[str, str]):
    """An e-mail address, cleaned into its one spelling (tenancy/addresses.py)."""

    default_validators = [validate_address]
    validate_text = staticmethod(validate_line)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return normalise_email(text) if text else text

    def get_prep_value(self, value: Any) -> Any:
        """As it is: rows of before are found by their own spelling."""
        return models.Field.get_prep_value(self, value)

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": AddressField, **kwargs})


class UrlLine(_Seen, models.URLField[str, str]):
    """An address that is shown as it is."""

    default_validators = [*models.URLField.default_validators, validate_line]
    validate_text = staticmethod(validate_line)
