"""The texts of the e-mails about webhooks (mail/texts.py)."""

from django.utils.translation import gettext_lazy as _

from accounts.texts import SAMPLE_LINK
from mail.texts import Text, register

SWITCHED_OFF = Text(
    "webhook-switched-off",
    _("Notice of a webhook that was switched off"),
    "webhooks/email/switched_off",
    button=_("See the webhook"),
    says={
        "webhook": _("Shop"),
        "address": "https://shop.example/hooks",
        "reason": _("nothing has arrived for a day"),
        "link": SAMPLE_LINK,
    },
)


def register_all() -> None:
    """The texts that vendors may write anew."""
    register(SWITCHED_OFF)
