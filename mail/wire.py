"""What e-mails and their texts look like on the wire: for the Web API.

Names are those of the Web API v3, whose e-mail templates are the texts of the back office.
"""

from email.utils import parseaddr
from uuid import UUID, uuid5

from django.conf import settings

from mail.models import OutgoingEmail, OwnText, SentText
from mail.texts import TEXTS, Text
from tenancy.models import Vendor
from web.wire import Wire, stamps, valued


def id_of(text: Text, vendor: Vendor) -> UUID:
    """The template's id, which is the same whether the vendor has written it anew or not."""
    return uuid5(vendor.pk, f"e-mail {text.name}")


def settings_of(vendor: Vendor) -> Wire:
    """What all e-mails of the vendor have in common."""
    return {
        "fromName": vendor.sender_name,
        "fromEmail": parseaddr(settings.DEFAULT_FROM_EMAIL)[1],
        "replyTo": vendor.answers_to,
        "cc": "",
        "bcc": "",
        "custom": False,
        "domainVerified": False,
    }


def is_enabled(text: Text, vendor: Vendor) -> bool:
    return bool(getattr(vendor, text.switch)) if text.switch else True


def template(text: Text, own: OwnText, vendor: Vendor, sent: int) -> Wire:
    """A text with what it says, the vendor's own or the standard one; `sent` are the e-mails of its
    kind that went out."""
    changed = vendor if own._state.adding else own
    return {
        **stamps(changed),
        "id": id_of(text, vendor),
        "name": str(text.label),
        **settings_of(vendor),
        "subject": own.subject,
        "body": own.text,
        "event": text.occasion,
        "enabled": is_enabled(text, vendor),
        "sent": sent,
    }


def event_of(kind: str) -> str:
    """What programs call the event of which e-mails of this kind tell."""
    return next((each.occasion for each in TEXTS.values() if each.said_by == kind), kind)


def event_log(email: OutgoingEmail, kept: SentText | None = None) -> Wire:
    """An e-mail; with what was kept of it, what it said."""
    return valued(
        {
            **stamps(email),
            "event": event_of(email.kind),
            "to": email.recipient,
            "subject": email.subject,
            "status": email.state,
            "attempts": email.attempts,
            "sentAt": email.sent_at,
            "error": email.last_error or None,
            "userId": email.user_id,
            "licenseId": email.license_id,
            "body": kept.text if kept else None,
        }
    )
