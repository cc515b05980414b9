"""Configuration of the app."""

from typing import Any

from django.apps import AppConfig
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class BackofficeConfig(AppConfig):
    name = "backoffice"
    verbose_name = gettext_lazy("Back office")

    def ready(self) -> None:
        from django.contrib.admin.templatetags import admin_list  # noqa: PLC0415  after the apps

        # Django has no setting for the pictures that it shows for yes and no.
        admin_list._boolean_icon = yes_or_no  # type: ignore[attr-defined]


def yes_or_no(value: Any) -> SafeString:
    """A truth as a word."""
    return format_html(
        '<span class="{}">{}</span>', "yes" if value else "no", _("Yes") if value else _("No")
    )
