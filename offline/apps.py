"""Configuration of the app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from portal.navigation import Section


class OfflineConfig(AppConfig):
    name = "offline"
    verbose_name = _("Offline files")
    section = Section("offline", _("Offline"), icon="file", route="offline", place=2)
