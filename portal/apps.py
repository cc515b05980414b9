"""Configuration of the building itself."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class PortalConfig(AppConfig):
    name = "portal"
    default = True

    def ready(self) -> None:
        from portal import checks  # noqa: F401, PLC0415  registers itself


class BackofficeAdminConfig(AdminConfig):
    """Django admin with the back office's own site in place of the stock one."""

    default_site = "portal.office.site.BackofficeSite"
    default = False
