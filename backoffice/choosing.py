"""A field that chooses one of many rows: what is searched instead of offered."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.forms import Media
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

MOST_LIKE_IT = 2  # rows that are looked at for what was typed
NO_ROW = UUID(int=0)


class SearchedSelect(AutocompleteSelect):
    """Has the chosen row alone in the page. `static/js/fields.js` searches the others at Django's
    address for it; without scripts the row's name is typed, and it is the only one that has it.
    """

    template_name = "admin/searched_select.html"
    typed = ""  # of a form that came back

    @property
    def media(self) -> Media:
        return Media()

    def build_attrs(self, base_attrs: Any, extra_attrs: Any = None) -> dict[str, Any]:
        return {**base_attrs, **(extra_attrs or {})}

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        opts = self.field.model._meta
        asked = {
            "app_label": opts.app_label,
            "model_name": opts.model_name,
            "field_name": self.field.name,
        }
        context["widget"] |= {
            "url": reverse("admin:autocomplete", query=asked),
            "label": capfirst(self.field.verbose_name),
            "typed": self.typed,
        }
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """The chosen row's id, or that of the only row that has what was typed; where there is none
        or there are several, an id that no row has."""
        self.typed = str(data.get(f"{name}-typed", "")).strip()
        if not self.typed:
            return super().value_from_datadict(data, files, name)
        return self._called(self.typed)

    def _called(self, typed: str) -> str:
        model_admin: Any = admin.site.get_model_admin(self.field.remote_field.model)
        found, _part = model_admin.found(self.choices.queryset, typed)
        rows = found.values_list("pk", flat=True)[:MOST_LIKE_IT]
        return str(rows[0] if len(rows) == 1 else NO_ROW)


NOT_ONE = _("Select a valid choice: nothing has that, or several have it.")


def search_in(field: Any, db_field: Any) -> None:
    """Has a form's field search its choices, instead of offering them all."""
    field.widget = SearchedSelect(db_field, admin.site)
    field.widget.is_required = field.required
    field.widget.choices = field.choices
    field.error_messages["invalid_choice"] = NOT_ONE
