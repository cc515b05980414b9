"""Configuration of the app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People")

    def ready(self) -> None:
        """Customers can be imported from a file."""
        from accounts import imports  # noqa: PLC0415  models are not there before ready()
        from accounts.import_customers import CUSTOMERS  # noqa: PLC0415

        imports.register(CUSTOMERS)
