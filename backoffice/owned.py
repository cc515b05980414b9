"""Forms of a vendor's rows: they know whose these are, overwrite nothing unseen, and tell at its
field what is there already."""

from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.forms import BoundField, ModelForm
from django.utils.translation import gettext

DIGEST = 3  # characters that say what a field began with
BEGAN = "began"  # the field that says what a form began with


def _digest(value: Any) -> str:
    """Eighteen bits: enough to see a change, and little for a page to bring along."""
    return urlsafe_b64encode(sha256(repr(value).encode()).digest())[:DIGEST].decode()


def _digests_in(text: str) -> list[str]:
    return [text[place : place + DIGEST] for place in range(0, len(text), DIGEST)]


def _meanwhile(field: BoundField) -> str:
    """That a field is not as it was, and what it is where that is a text or a number."""
    now = field.field.prepare_value(field.initial)
    if isinstance(now, bool) or not isinstance(now, str | int):
        return gettext("Somebody has changed this meanwhile. Save again what is to stand here.")
    text = gettext(
        "Somebody has changed this meanwhile, to “%(now)s”. Save again what is to stand here."
    )
    return text % {"now": now}


def _field_of(error: ValidationError, form: ModelForm[Any]) -> str | None:
    """The field that, beside the vendor, alone makes a row what there is once; of the constraint
    that says so in these words."""
    for constraint in form._meta.model._meta.constraints:
        others = {*getattr(constraint, "fields", ())} - {"vendor"}
        if len(others) == 1 and constraint.violation_error_message == error.message:
            [name] = others
            return name if name in form.fields else None
    return None


def owned(form_class: type[ModelForm[Any]], vendor: Any) -> type[ModelForm[Any]]:
    """The form class, made to fill in the vendor before validation, so that constraints see it, and
    to overwrite nothing unseen."""

    class OwnedForm(form_class):  # type: ignore[valid-type, misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            if self.instance._state.adding:
                self.instance.vendor = vendor

        @property
        def began(self) -> str:
            """What the fields began with, for the page to bring along: a short digest of each."""
            return "".join(_digest(self[name].initial) for name in self.fields)

        def clean(self) -> Any:
            """Says of what somebody else has changed since the page was loaded what it is by now;
            sent again, what is typed stands."""
            cleaned = super().clean()
            given = "" if self.prefix else self.data.get(BEGAN, "")
            if len(given) != DIGEST * len(self.fields):
                return cleaned
            seen, now = _digests_in(given), _digests_in(self.began)
            for name, before, after in zip(tuple(self.fields), seen, now, strict=True):
                if before != after and name in self.changed_data:
                    self.add_error(name, _meanwhile(self[name]))
            return cleaned

        def _update_errors(self, errors: ValidationError) -> None:
            """What somebody has at the vendor already is told at the field that says it."""
            if hasattr(errors, "error_dict"):
                for error in errors.error_dict.pop(NON_FIELD_ERRORS, []):
                    place = _field_of(error, self) or NON_FIELD_ERRORS
                    errors.error_dict.setdefault(place, []).append(error)
            super()._update_errors(errors)

        def _get_validation_exclusions(self) -> set[str]:
            # The form has no such field, but what is unique per vendor has to be checked.
            return super()._get_validation_exclusions() - {"vendor"}  # type: ignore[no-any-return]

    return OwnedForm
