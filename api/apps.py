"""Configuration of the app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ApiConfig(AppConfig):
    name = "api"
    verbose_name = _("Web API")

    def ready(self) -> None:
        """Answers that were kept for a day."""
        from api import idempotency  # noqa: PLC0415  models are not there before ready()
        from jobs.chores import every_day  # noqa: PLC0415

        every_day("answers", _("Forget answers of the Web API"), idempotency.clean_up)
