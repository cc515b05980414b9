"""Configuration of the app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BrandingConfig(AppConfig):
    name = "branding"
    verbose_name = _("Branding and domains")

    def ready(self) -> None:
        """E-mails about domains, and their checks; what the settings page tells of look and
        address."""
        from branding import settled  # noqa: PLC0415  models are not there before ready()
        from branding.domains import certificates, checking, emails  # noqa: PLC0415
        from jobs.chores import every_five_minutes  # noqa: PLC0415

        emails.register_all()
        settled.register_all()
        every_five_minutes("domains", _("Check custom domains"), checking.check_due)
        every_five_minutes("certificates", _("Look at certificates"), certificates.look_all)
