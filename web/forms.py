"""Forms as they are shown: the token that each has, which fields may be left empty, and the widgets
of customers' pages (`field` in pages/portal/_parts.html shows one)."""

import secrets
from typing import Any

from django.forms import BoundField, CheckboxInput, Field, TextInput
from django.forms.renderers import TemplatesSetting
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

ONCE = "once"


def token() -> SafeString:
    """The field by which a form counts once, however often it is sent (web/once.py)."""
    return format_html(
        '<input type="hidden" name="{}" value="{}">', ONCE, secrets.token_urlsafe(16)
    )


def widget_of(field: BoundField) -> dict[str, Any]:
    """What Django's template of the field's widget would be given (`BoundField.as_widget`)."""
    widget = field.field.widget
    attributes: dict[str, Any] = field.build_widget_attrs({}, widget)
    if "id" not in widget.attrs:
        attributes["id"] = field.auto_id
    shown: dict[str, Any] = widget.get_context(field.html_name, field.value(), attributes)["widget"]
    return shown


class ShownNever(TextInput):
    """A secret of elsewhere as it is typed: no page shows it again, and no browser keeps it, not
    even on the way over the sign-in page (static/js/forms.js)."""

    def __init__(self) -> None:
        super().__init__({"autocomplete": "off", "spellcheck": "false", "data-secret": ""})

    def format_value(self, value: Any) -> str | None:
        return None


class MarkedField(BoundField):
    """A form's field that says whether it may be left empty."""

    @property
    def mark(self) -> str:
        """The word beside the label. Of a form's fields the fewer have one: those that have to be
        filled in, or those that need not be; a box to tick is neither."""
        if not _is_filled_in(self.field):
            return ""
        required = [each.required for each in self.form.fields.values() if _is_filled_in(each)]
        marks_required = required.count(True) < required.count(False)
        if self.field.required is not marks_required or len(set(required)) == 1:
            return ""
        return _("required") if marks_required else _("optional")


def _is_filled_in(field: Field) -> bool:
    return not (field.widget.is_hidden or isinstance(field.widget, CheckboxInput))


class Renderer(TemplatesSetting):
    """Django's, with fields that are marked."""

    bound_field_class = MarkedField
