"""E-mails in a vendor's name, made from templates, or from texts that the vendor has written."""

from collections.abc import Mapping
from contextlib import nullcontext
from email.utils import formataddr, parseaddr
from typing import Any, Protocol

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from mail import texts
from mail.models import OwnText
from mail.texts import Text
from tenancy.addresses import email_in_ascii
from tenancy.door import inside
from tenancy.hosts import backoffice_url, vendor_url
from tenancy.models import Vendor


class Correspondent(Protocol):
    """What an e-mail needs to know of whom it is written to."""

    email: str

    @property
    def vendor(self) -> Vendor | None: ...

    @property
    def full_name(self) -> str: ...


# Nobody's machine is to answer (RFC 3834; the second is Exchange's). Only that an address is wrong
# is to be told.
AUTOMATIC = {
    "Auto-Submitted": "auto-generated",
    "X-Auto-Response-Suppress": "DR, RN, NRN, OOF, AutoReply",
}


def compose(
    text: Text,
    user: Correspondent,
    *,
    to: str = "",
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> EmailMultiAlternatives:
    """The e-mail from the text, in the name of the user's vendor, who may have written it anew; to
    the user's address, or to another one. The context has at least what the text `says`."""
    recipient = to or user.email
    context = {**text.given, **context, "recipient": recipient, "email": user.email}
    context["name"] = user.full_name
    # The vendor's brand is looked up by the templates, in the vendor's scope.
    with inside(user.vendor) if user.vendor else nullcontext():
        own = OwnText.objects.filter(kind=text.name).first() if user.vendor else None
        if own is not None:
            parts = written(text, own, user.vendor, context)
        else:
            parts = _standard(text, user.vendor, context)
    return _message(parts, user.vendor, recipient, headers)


def compose_own(
    text: Text, own: OwnText, user: Correspondent, context: Mapping[str, Any]
) -> EmailMultiAlternatives:
    """The e-mail from a text of the user's vendor, saved or not, to the user's address."""
    with inside(user.vendor) if user.vendor else nullcontext():
        return _message(written(text, own, user.vendor, context), user.vendor, user.email, None)


Parts = dict[str, str]


def _standard(text: Text, vendor: Vendor | None, context: dict[str, Any]) -> Parts:
    known = {**context, **_of_vendor(vendor)}
    parts = {
        kind: render_to_string(f"{text.template}.{kind}", known).strip()
        for kind in ("subject", "txt", "html")
    }
    return parts | {"txt": _signed(parts["txt"], known)}


def written(text: Text, own: OwnText, vendor: Vendor | None, context: Mapping[str, Any]) -> Parts:
    """Subject, text and HTML as the vendor has written them, with what placeholders stand for."""
    known, values = {**context, **_of_vendor(vendor)}, values_of(text, vendor, context)
    subject = texts.fill(own.subject, values)
    shown = {"subject": subject, "paragraphs": list(texts.paragraphs(text, own.text, values))}
    return {
        "subject": subject,
        "txt": _signed(texts.fill(own.text, values).strip(), known),
        "html": render_to_string("mail/own.html", {**known, **shown}).strip(),
    }


def values_of(text: Text, vendor: Vendor | None, context: Mapping[str, Any]) -> dict[str, str]:
    """What the text's placeholders stand for; who has no support e-mail is named instead."""
    known = {**context, **_of_vendor(vendor)}
    values = {name: str(known[name]) for name in text.placeholders if name in known}
    return values | {"support": values["support"] or values["sender"]}


def _of_vendor(vendor: Vendor | None) -> dict[str, Any]:
    """What every text may say of the vendor, or of the portal where there is none."""
    return {
        "vendor": vendor,
        "sender": vendor.name if vendor else "Portal",
        "support": vendor.support_email if vendor else "",
        "company_id": vendor.company_id if vendor else "",
        "portal": vendor_url(vendor, "home").removesuffix("/") if vendor else "",
        "office": backoffice_url("login"),
    }


def _signed(text: str, known: Mapping[str, Any]) -> str:
    footer = render_to_string("mail/_footer.txt", dict(known)).strip()
    return f"{text}\n\n{footer}\n"


def _message(
    parts: Parts, vendor: Vendor | None, recipient: str, headers: Mapping[str, str] | None
) -> EmailMultiAlternatives:
    answers_to = vendor.answers_to if vendor else ""
    message = EmailMultiAlternatives(
        # A vendor's name can't break out of the header: line ends become spaces.
        subject=" ".join(parts["subject"].split()),
        body=parts["txt"],
        from_email=_sender_address(vendor.sender_name if vendor else "Portal"),
        to=[email_in_ascii(recipient)],
        reply_to=[email_in_ascii(answers_to)] if answers_to else None,
        headers={**AUTOMATIC, **(headers or {})},
    )
    message.attach_alternative(parts["html"], "text/html")
    return message


def _sender_address(name: str) -> str:
    """The installation's own address under the vendor's name."""
    address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    return formataddr((" ".join(name.split()), email_in_ascii(address)))
