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
        """Every hour changes to many rows go on that stand still; every day what became of each row
        is forgotten."""
        from django.contrib.admin.templatetags import admin_list  # noqa: PLC0415  after the apps

        from audit.verbs import erasing  # noqa: PLC0415
        from backoffice.bulk import verbs as bulk  # noqa: PLC0415
        from backoffice.saved import verbs as saved  # noqa: PLC0415
        from jobs.chores import every_day, every_hour  # noqa: PLC0415

        # Django has no setting for the pictures that it shows for yes and no.
        admin_list._boolean_icon = yes_or_no  # type: ignore[attr-defined]
        every_hour("changes", gettext_lazy("Go on with changes to many"), bulk.go_on)
        every_day(
            "change-results", gettext_lazy("Delete results of changes to many"), bulk.clean_up
        )
        erasing.also(saved.forget)
        erasing.also(bulk.forget)


def yes_or_no(value: Any) -> SafeString:
    """A truth as a word."""
    return format_html(
        '<span class="{}">{}</span>', "yes" if value else "no", _("Yes") if value else _("No")
    )
