"""Configuration of the app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BrandingConfig(AppConfig):
    name = "branding"
    verbose_name = _("Branding and domains")

    def ready(self) -> None:
        """E-mails about domains; what the settings page tells of look and address."""
        from branding import settled  # noqa: PLC0415  models are not there before ready()
        from branding.domains import emails  # noqa: PLC0415

        emails.register_all()
        settled.register_all()
