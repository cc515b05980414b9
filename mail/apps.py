"""Configuration of the app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MailConfig(AppConfig):
    name = "mail"
    verbose_name = _("E-mails")

    def ready(self) -> None:
        from jobs.chores import every_round  # noqa: PLC0415  models are not there before ready()
        from mail.delivery import put_back  # noqa: PLC0415

        every_round(put_back)
