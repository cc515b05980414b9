"""The e-mails about webhooks; to each of the vendor's administrators."""

from django.core.mail import EmailMultiAlternatives
from django.utils.translation import gettext_lazy as _

from accounts.emails import person_of
from mail.composing import compose
from mail.kinds import register
from mail.models import OutgoingEmail
from tenancy.hosts import backoffice_url
from webhooks import texts
from webhooks.models import Webhook
from webhooks.verbs.webhooks import SWITCHED_OFF


def switched_off(email: OutgoingEmail) -> EmailMultiAlternatives | None:
    """The webhook was switched off, and why. None, if somebody has seen to it meanwhile."""
    webhook = Webhook.objects.filter(pk=email.details["webhook"], active=False).first()
    if webhook is None or not webhook.switched_off:
        return None
    return compose(
        texts.SWITCHED_OFF,
        person_of(email),
        webhook=webhook.name,
        address=webhook.url,
        reason=webhook.get_switched_off_display(),
        link=backoffice_url("admin:webhooks_webhook_change", webhook.pk),
    )


def register_all() -> None:
    """The kinds of e-mails that this room writes, and their texts."""
    texts.register_all()
    register(SWITCHED_OFF, _("Notice of a webhook that was switched off"), switched_off)
