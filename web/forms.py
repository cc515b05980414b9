"""Forms as they are shown: the token that each has, and the widgets of customers' pages (`field` in
pages/portal/_parts.html shows one)."""

import secrets
from typing import Any

from django.forms import BoundField
from django.utils.html import format_html
from django.utils.safestring import SafeString

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
