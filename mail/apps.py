"""Configuration of the app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MailConfig(AppConfig):
    name = "mail"
    verbose_name = _("E-mails")

    def ready(self) -> None:
        from audit.verbs import erasing  # noqa: PLC0415  models are not there before ready()
        from jobs.chores import every_day, every_round  # noqa: PLC0415
        from mail import emails  # noqa: PLC0415
        from mail.delivery import put_back  # noqa: PLC0415
        from mail.verbs import keeping  # noqa: PLC0415

        emails.register_all()
        every_round("emails", _("Queue e-mails that are due"), put_back)
        every_day("texts", _("Delete texts of old e-mails"), keeping.clean_up_all)
        erasing.also(keeping.forget_person, keeping.tell)
