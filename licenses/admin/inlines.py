"""Tables of rows below a row's form."""

from typing import Any

from django import forms
from django.contrib import admin
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from backoffice.lists import WithChoices
from backoffice.owned import owned
from tenancy.door import current_vendor


class OwnedInline(WithChoices, admin.TabularInline[Any, Any]):
    """Rows below a row; they belong to the scope's vendor like that one. One is
    empty, so that rows can be added without scripts, too."""

    extra = 1

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A field in a table says by itself what it is, too."""
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field:
            field.widget.attrs["aria-label"] = capfirst(field.label)
        return field

    def get_formset(
        self, request: HttpRequest, obj: Any = None, **kwargs: Any
    ) -> type[BaseInlineFormSet[Any, Any, Any]]:
        formset = super().get_formset(request, obj, **kwargs)
        formset.form = owned(formset.form, current_vendor())
        # The table's heads label nothing for who hears the page.
        for field in formset.form.base_fields.values():
            field.widget.attrs["aria-label"] = capfirst(field.label)
        made: Any = formset
        made.deletion_widget = forms.CheckboxInput(attrs={"aria-label": _("Remove")})
        return formset
