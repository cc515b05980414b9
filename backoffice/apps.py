"""Configuration of the app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BackofficeConfig(AppConfig):
    name = "backoffice"
    verbose_name = _("Back office")

    def ready(self) -> None:
        """Every hour changes to many rows go on that stand still; every day what became of each row
        is forgotten."""
        from backoffice.bulk import verbs as bulk  # noqa: PLC0415  models are not there before
        from jobs.chores import every_day, every_hour  # noqa: PLC0415

        every_hour(bulk.go_on)
        every_day(bulk.clean_up)
