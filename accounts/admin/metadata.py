"""Metadata in the back office: rows to type, and lines to read for who may only look."""

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.metadata import METADATA_FORM, in_words
from backoffice.base import VendorAdmin

FIELD, SHOWN = "metadata", "metadata_shown"


class WithMetadata(VendorAdmin):
    """An admin of rows that have metadata."""

    formfield_overrides = METADATA_FORM

    @admin.display(description=_("metadata"))
    def metadata_shown(self, obj: Any) -> str:
        return in_words(obj.metadata)

    def get_readonly_fields(self, request: Any, obj: Any = None) -> Any:
        return (*super().get_readonly_fields(request, obj), SHOWN)

    def get_fields(self, request: Any, obj: Any = None) -> Any:
        names = super().get_fields(request, obj)
        may_write = obj is None or self.has_change_permission(request, obj)
        return names if may_write else [SHOWN if name == FIELD else name for name in names]
