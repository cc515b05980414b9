"""What webhooks refuse."""

from django.utils.translation import gettext_lazy as _

from web.errors import PortalError


class NotResendable(PortalError):
    """It is on its way, or what it said of somebody was erased."""

    code = "WEBHOOK_EVENT_NOT_RESENDABLE"
    text = _("This event is on its way already, or what it said is kept no more.")


class TooManyWebhooks(PortalError):
    """More than a vendor may have."""

    code = "TOO_MANY_WEBHOOKS"
    text = _("There are 100 webhooks already: delete one before another is added.")


class WebhookIsOff(PortalError):
    """Nothing is sent to a webhook that is off."""

    code = "WEBHOOK_IS_OFF"
    text = _("This webhook is off: switch it on before anything is sent to it.")
