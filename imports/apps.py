"""Configuration of the app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ImportsConfig(AppConfig):
    name = "imports"
    verbose_name = _("Imports")

    def ready(self) -> None:
        """Customers can be imported from a file; every hour imports that stand still go on."""
        from imports import kinds  # noqa: PLC0415  models are not there before
        from imports.customers import CUSTOMERS  # noqa: PLC0415
        from imports.verbs import files  # noqa: PLC0415
        from jobs.chores import every_hour  # noqa: PLC0415

        kinds.register(CUSTOMERS)
        every_hour(files.go_on)
