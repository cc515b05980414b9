"""E-mails in a vendor's name, made from templates."""

from collections.abc import Mapping
from contextlib import nullcontext
from email.utils import formataddr, parseaddr
from typing import Any, Protocol

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from tenancy.addresses import email_in_ascii
from tenancy.door import inside
from tenancy.hosts import backoffice_url, vendor_url
from tenancy.models import Vendor


class Correspondent(Protocol):
    """What an e-mail needs to know of whom it is written to."""

    email: str

    @property
    def vendor(self) -> Vendor | None: ...


# Nobody's machine is to answer (RFC 3834; the second is Exchange's). Only that an address is wrong
# is to be told.
AUTOMATIC = {
    "Auto-Submitted": "auto-generated",
    "X-Auto-Response-Suppress": "DR, RN, NRN, OOF, AutoReply",
}


def compose(
    template: str,
    user: Correspondent,
    *,
    to: str = "",
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> EmailMultiAlternatives:
    """The e-mail from the template with the endings .subject, .txt and .html, in the name of the
    user's vendor; to the user's address, or to another one."""
    sender, recipient = user.vendor.name if user.vendor else "Portal", to or user.email
    context |= {"user": user, "vendor": user.vendor, "sender": sender, "recipient": recipient}
    context["office"] = backoffice_url("login")
    context["portal"] = vendor_url(user.vendor, "home").removesuffix("/") if user.vendor else ""
    # The vendor's brand is looked up by the templates, in the vendor's scope.
    with inside(user.vendor) if user.vendor else nullcontext():
        parts = {
            kind: render_to_string(f"{template}.{kind}", context).strip()
            for kind in ("subject", "txt", "html")
        }
    answers_to = user.vendor.answers_to if user.vendor else ""
    message = EmailMultiAlternatives(
        # A vendor's name can't break out of the header: line ends become spaces.
        subject=" ".join(parts["subject"].split()),
        body=parts["txt"] + "\n",
        from_email=_sender_address(user.vendor.sender_name if user.vendor else sender),
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
