"""Configuration of the app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    name = "jobs"
    verbose_name = _("Jobs")

    def ready(self) -> None:
        from jobs.chores import every_day  # noqa: PLC0415  models are not there before ready()
        from jobs.upkeep import forget_old_jobs  # noqa: PLC0415
        from web import limits, once  # noqa: PLC0415

        every_day(forget_old_jobs)
        every_day(limits.clean_up)
        every_day(once.clean_up)
