"""Configuration of the app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from portal.navigation import Section


class LicensesConfig(AppConfig):
    name = "licenses"
    verbose_name = _("Licences")
    section = Section("licenses", _("Licences"), icon="key", route="licenses", place=1)

    def ready(self) -> None:
        """Licences can be imported from a file."""
        from accounts import imports  # noqa: PLC0415  models are not there before ready()
        from licenses.imports import LICENSES  # noqa: PLC0415

        imports.register(LICENSES)
