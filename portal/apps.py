"""Configuration of the building itself."""

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    name = "portal"
    default = True

    def ready(self) -> None:
        """Checks, and what is counted of all vendors together."""
        from jobs.chores import every_minute  # noqa: PLC0415  models are not there before ready()
        from portal import checks  # noqa: PLC0415  registers itself
        from portal.seeing import numbers  # noqa: PLC0415

        if settings.TELEMETRY_ENDPOINT and not checks.lacks_telemetry():
            from portal.seeing import telemetry  # noqa: PLC0415  no library where nobody asks

            telemetry.listen()
        every_minute("numbers", _("Count what is told to operators"), numbers.count)


class BackofficeAdminConfig(AdminConfig):
    """Django admin with the back office's own site in place of the stock one."""

    default_site = "portal.office.site.BackofficeSite"
    default = False
