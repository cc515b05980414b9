"""Forms of a vendor's rows: they know whose these are, overwrite nothing unseen, and tell at its
field what is there already."""

from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any, Protocol, runtime_checkable

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.forms import BoundField, ChoiceField, FileField, ModelChoiceField, ModelForm
from django.http import QueryDict
from django.utils.text import Truncator
from django.utils.translation import gettext, gettext_noop

DIGEST = 3  # characters that say what a field began with
BEGAN = "began"  # the field that says what a form began with
LONGEST_TOLD = 300  # characters of what a field is by now
OTHER_FIELDS = gettext_noop(
    "Somebody has changed this meanwhile, and there are other fields by now. Look at it, and save "
    "again."
)


@runtime_checkable
class InParts(Protocol):
    """A widget whose value a browser sends in parts of other names."""

    def put_in(self, data: QueryDict, name: str, value: Any) -> None:
        """Has the data say this value, and nothing else of the name."""

    def in_words(self, value: Any) -> str:
        """The value as a sentence tells it."""


def _digest(text: str) -> str:
    """Eighteen bits: enough to see a change, and little for a page to bring along."""
    return urlsafe_b64encode(sha256(text.encode()).digest())[:DIGEST].decode()


def _digests_in(text: str) -> list[str]:
    return [text[place : place + DIGEST] for place in range(0, len(text), DIGEST)]


def _plain(value: Any) -> str:
    """A value as text, the same whether a browser has sent it or a page shows it."""
    if isinstance(value, bool) or value is None:
        return "on" if value else ""
    if isinstance(value, dict):
        return "\n".join(f"{name}={_plain(each)}" for name, each in sorted(value.items()) if each)
    if isinstance(value, list | tuple | set):
        return "\n".join(sorted(filter(None, map(_plain, value))))
    return "\n".join(str(value).strip().splitlines())


def _now(field: BoundField) -> Any:
    """What the field shows to whoever opens the page now; of a file its name."""
    if isinstance(field.field, FileField):
        return str(field.initial or "")
    value = field.field.prepare_value(field.initial)
    return value if isinstance(value, bool) else field.field.widget.format_value(value)


def _label_of(field: BoundField) -> str:
    """What stands in the field now, as its page says it, or its beginning; nothing of a file, and
    where it takes a query."""
    now = _now(field)
    if isinstance(field.field, FileField):
        return ""
    if isinstance(field.field.widget, InParts):
        now = field.field.widget.in_words(now)
    if isinstance(field.field, ChoiceField):
        choices: Any = () if isinstance(field.field, ModelChoiceField) else field.field.choices
        chosen = {str(value): label for value, label in choices}
        return ", ".join(str(chosen[each]) for each in now or () if each in chosen)
    return Truncator(now).chars(LONGEST_TOLD) if isinstance(now, str) else ""


def _meanwhile(field: BoundField, *, is_touched: bool) -> str:
    """That a field is not as it was; and what it is, where somebody has typed something else."""
    if not is_touched:
        return gettext("Somebody has changed this meanwhile. Here is what it is now: save again.")
    now = _label_of(field)
    if not now:
        return gettext("Somebody has changed this meanwhile. Save again what is to stand here.")
    text = gettext(
        "Somebody has changed this meanwhile, to “%(now)s”. Save again what is to stand here."
    )
    return text % {"now": now}


class OverwritesNothingUnseen(ModelForm[Any]):
    """A form whose page brings along what its fields began with (`began`, a hidden field). What
    somebody else has changed since is said at its field: where nothing else was typed the field
    shows what it is now, and what was typed stands when it is sent again. Where it has other
    fields by now, each that differs says what it is."""

    @property
    def began(self) -> str:
        """A short digest of each field."""
        return "".join(_digest(_plain(_now(self[name]))) for name in self.fields)

    def clean(self) -> Any:
        cleaned = super().clean()
        if self.prefix or BEGAN not in self.data:
            return cleaned
        seen, now = _digests_in(self.data[BEGAN]), _digests_in(self.began)
        if len(seen) != len(now):
            self.add_error(None, gettext(OTHER_FIELDS))
            seen = [""] * len(now)  # What they began with can't be known.
        for name, before, after in zip(tuple(self.fields), seen, now, strict=True):
            if before != after and name in self.changed_data:
                is_touched = _digest(_plain(self[name].data)) != before
                self.add_error(name, _meanwhile(self[name], is_touched=is_touched))
                if not is_touched:
                    self._show_now(name)
        return cleaned

    def _show_now(self, name: str) -> None:
        """Has the page show what the field is by now, in the place of what was sent."""
        data, now = QueryDict(mutable=True), _now(self[name])
        data.update(self.data)
        widget = self.fields[name].widget
        if isinstance(widget, InParts):
            widget.put_in(data, name, now)
        else:
            if isinstance(now, bool):
                now = "on" if now else None
            data.setlist(name, [] if now is None else now if isinstance(now, list) else [now])
        self.data = data


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

    class OwnedForm(OverwritesNothingUnseen, form_class):  # type: ignore[valid-type, misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            if self.instance._state.adding:
                self.instance.vendor = vendor

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
