"""Configuration of the app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from portal.navigation import Section


class ReleasesConfig(AppConfig):
    name = "releases"
    verbose_name = _("Releases")
    section = Section("releases", _("Downloads"), icon="download", route="releases", place=3)

    def ready(self) -> None:
        from licenses import boxes  # noqa: PLC0415  models are not there before ready()
        from releases.boxes import downloads_box  # noqa: PLC0415

        boxes.register(downloads_box)
