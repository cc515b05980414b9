"""Configuration of the app."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People")

    def ready(self) -> None:
        """Has every app register the e-mails it writes, what it does every hour, and what it tells
        of a customer."""
        autodiscover_modules("emails", "chores", "sections")
