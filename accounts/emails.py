"""Every e-mail of this app, one function each, as text and HTML, in the vendor's name."""

import re
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from email.utils import formataddr, parseaddr
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string
from django_scopes import scope

from accounts.models import User
from portal.tenancy import backoffice_url, vendor_url


def password_reset(user: User, token: str) -> None:
    """The link that sets a new password, to the user's address."""
    link = _link(user, "password_reset_confirm", token)
    minutes = settings.PASSWORD_RESET_TIMEOUT // 60
    send("accounts/email/password_reset", user, to=user.email, link=link, minutes=minutes)


def invitation(user: User, token: str) -> None:
    """The link that sets the first password, to the user's address."""
    days = settings.INVITATION_TIMEOUT // (24 * 60 * 60)
    send(
        "accounts/email/invitation",
        user,
        to=user.email,
        link=_link(user, "invitation", token),
        days=days,
    )


def confirm_new_address(user: User, new_email: str, token: str) -> None:
    """The link that confirms a change of e-mail, to the new address."""
    minutes = settings.PASSWORD_RESET_TIMEOUT // 60
    link = _link(user, "email_confirm", token)
    send("accounts/email/confirm_new_address", user, to=new_email, link=link, minutes=minutes)


def address_changed(user: User, old_email: str) -> None:
    """The notice that the account's e-mail has changed, to the old address."""
    send("accounts/email/address_changed", user, to=old_email)


def address_already_has_account(user: User) -> None:
    """The notice that somebody tried to move another account to this user's address."""
    send("accounts/email/address_already_has_account", user, to=user.email)


def _link(user: User, name: str, token: str) -> str:
    if user.is_customer and user.vendor:
        return vendor_url(user.vendor, name, token)
    return backoffice_url(name, token)


def send(template: str, user: User, *, to: str, **context: Any) -> None:
    """Renders the template with the endings .subject, .txt and .html and hands it over."""
    sender = user.vendor.name if user.vendor else "Portal"
    context |= {"user": user, "vendor": user.vendor, "sender": sender, "recipient": to}
    context["portal"] = vendor_url(user.vendor, "home").removesuffix("/") if user.vendor else ""
    # The vendor's brand is looked up by the templates, in the vendor's scope.
    with scope(vendor=user.vendor) if user.vendor else nullcontext():
        parts = {
            kind: render_to_string(f"{template}.{kind}", context).strip()
            for kind in ("subject", "txt", "html")
        }
    support = user.vendor.support_email if user.vendor else ""
    message = EmailMultiAlternatives(
        # A vendor's name can't break out of the header: line ends become spaces.
        subject=" ".join(parts["subject"].split()),
        body=parts["txt"] + "\n",
        from_email=_sender_address(sender),
        to=[to],
        reply_to=[support] if support else None,
    )
    message.attach_alternative(parts["html"], "text/html")
    message.send()


def _sender_address(name: str) -> str:
    """The installation's own address under the vendor's name."""
    return formataddr((" ".join(name.split()), parseaddr(settings.DEFAULT_FROM_EMAIL)[1]))


class ConsoleAndFolderBackend(BaseEmailBackend):
    """For demo and development: prints the text of each e-mail and keeps it in MAIL_DIR."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = Path(settings.MAIL_DIR)
        folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
            address = re.sub(r"[^A-Za-z0-9@.+-]", "_", message.to[0])
            path = folder / f"{moment}-{address}-{uuid4().hex[:6]}.eml"
            path.write_bytes(message.message().as_bytes())
            rule = "-" * 72
            sys.stdout.write(
                f"{rule}\nE-mail to {message.to[0]}: {message.subject}\n({path})\n\n"
                f"{message.body}{rule}\n"
            )
            sys.stdout.flush()
        return len(email_messages)
