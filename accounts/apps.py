"""Configuration of the app."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _

from portal.navigation import Section


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People")
    section = Section("profile", _("Profile"), icon="person", route="profile", place=4)

    def ready(self) -> None:
        """Has every app register its e-mails, what it does every hour, and what it tells of
        a customer. Customers can be imported from a file."""
        from accounts import imports  # noqa: PLC0415  models are not there before ready()
        from accounts.import_customers import CUSTOMERS  # noqa: PLC0415

        imports.register(CUSTOMERS)
        autodiscover_modules("emails", "chores", "sections")
