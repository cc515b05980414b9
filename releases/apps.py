"""Configuration of the app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from web.navigation import Section


class ReleasesConfig(AppConfig):
    name = "releases"
    verbose_name = _("Releases")
    section = Section("releases", _("Downloads"), icon="download", route="releases", place=3)

    def ready(self) -> None:
        """A box on a licence's page, a chapter of a customer's story, the end of broken uploads."""
        from audit.verbs import erasing  # noqa: PLC0415  models are not there before ready()
        from jobs.chores import every_day  # noqa: PLC0415
        from licenses.pages import boxes  # noqa: PLC0415
        from releases import chapters, own_data  # noqa: PLC0415
        from releases.files.shelf import clean_up  # noqa: PLC0415
        from releases.pages.boxes import downloads_box  # noqa: PLC0415
        from releases.verbs import erasing as leaving  # noqa: PLC0415

        boxes.register(downloads_box)
        chapters.register_all()
        every_day("uploads", _("Delete what broken uploads left"), clean_up)
        erasing.also(leaving.forget, leaving.tell)
        own_data.register_all()
