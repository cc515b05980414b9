"""Configuration of the app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from web.navigation import Section


class OfflineConfig(AppConfig):
    name = "offline"
    verbose_name = _("Offline files")
    section = Section("offline", _("Offline"), icon="file", route="offline", place=2)

    def ready(self) -> None:
        """A chapter of a customer's story, what is forgotten with a person."""
        from audit.verbs import erasing  # noqa: PLC0415  models are not there before ready()
        from offline import chapters, own_data  # noqa: PLC0415
        from offline.verbs import erasing as leaving  # noqa: PLC0415

        chapters.register_all()
        erasing.also(leaving.forget, leaving.tell)
        own_data.register_all()
