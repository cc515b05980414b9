"""Configuration of the app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReleasesConfig(AppConfig):
    name = "releases"
    verbose_name = _("Releases")

    def ready(self) -> None:
        from licenses import boxes  # noqa: PLC0415  models are not there before ready()
        from releases.boxes import downloads_box  # noqa: PLC0415

        boxes.register(downloads_box)
