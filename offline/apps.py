"""Configuration of the app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from web.navigation import Section


class OfflineConfig(AppConfig):
    name = "offline"
    verbose_name = _("Offline files")
    section = Section("offline", _("Offline"), icon="file", route="offline", place=2)

    def ready(self) -> None:
        """A chapter of a customer's story."""
        from offline import chapters  # noqa: PLC0415  models are not there before ready()

        chapters.register_all()
