"""Configuration of the app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ImportsConfig(AppConfig):
    name = "imports"
    verbose_name = _("Imports")

    def ready(self) -> None:
        """Customers can be imported from a file; every hour imports that stand still go on."""
        from audit.verbs import erasing  # noqa: PLC0415  models are not there before
        from imports import kinds  # noqa: PLC0415
        from imports.customers import CUSTOMERS  # noqa: PLC0415
        from imports.verbs import erasing as leaving  # noqa: PLC0415
        from imports.verbs import files  # noqa: PLC0415
        from jobs.chores import every_hour  # noqa: PLC0415

        kinds.register(CUSTOMERS)
        every_hour("imports", _("Go on with imports that stand still"), files.go_on)
        erasing.also(leaving.forget, leaving.tell)
