"""Configuration of the app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    name = "jobs"
    verbose_name = _("Jobs")

    def ready(self) -> None:
        from jobs.chores import every_day, every_hour, every_round  # noqa: PLC0415  models are not there before
        from jobs.turns import forget_workers  # noqa: PLC0415
        from jobs.upkeep import forget_old_jobs, put_back_jobs  # noqa: PLC0415
        from tenancy.sqlite import statistics  # noqa: PLC0415
        from web import limits, once  # noqa: PLC0415

        every_round("jobs", _("Put back the jobs of killed workers"), put_back_jobs)
        every_day("old-jobs", _("Delete old jobs"), forget_old_jobs)
        every_day("workers", _("Forget killed workers"), forget_workers)
        every_day("limits", _("Delete limits that limit nothing"), limits.clean_up)
        every_hour("statistics", _("Tell SQLite how large tables are"), statistics.keep)
        every_day("forms", _("Delete what is kept of forms"), once.clean_up)
