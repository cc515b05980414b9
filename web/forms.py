"""Forms on customers' pages: `field` in pages/portal/_parts.html shows one."""

from typing import Any

from django.forms import BoundField


def widget_of(field: BoundField) -> dict[str, Any]:
    """What Django's template of the field's widget would be given (`BoundField.as_widget`)."""
    widget = field.field.widget
    attributes: dict[str, Any] = field.build_widget_attrs({}, widget)
    if "id" not in widget.attrs:
        attributes["id"] = field.auto_id
    shown: dict[str, Any] = widget.get_context(field.html_name, field.value(), attributes)["widget"]
    return shown
