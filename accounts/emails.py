"""Every e-mail of this app, one function each, as text and HTML, in the vendor's name.

Each is written anew when it is sent: links and tokens are made then and kept nowhere.
"""

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
from django.utils.translation import gettext_lazy as _
from django_scopes import scope

from accounts.email_kinds import renders
from accounts.links import Purpose, make_token
from accounts.models import OutgoingEmail, User
from portal.tenancy import backoffice_url, vendor_url


def password_reset_for(user: User) -> EmailMultiAlternatives:
    """The link that sets a new password, to the user's address."""
    link = _link(user, "password_reset_confirm", make_token(Purpose.RESET, user))
    minutes = settings.PASSWORD_RESET_TIMEOUT // 60
    return compose("accounts/email/password_reset", user, link=link, minutes=minutes)


@renders("password-reset", _("Link for a new password"))
def password_reset(email: OutgoingEmail) -> EmailMultiAlternatives | None:
    """The link, unless the account was switched off meanwhile."""
    user = person_of(email)
    return password_reset_for(user) if user.is_active else None


@renders("invitation", _("Invitation"))
def invitation(email: OutgoingEmail) -> EmailMultiAlternatives | None:
    """The link that sets the first password, unless the account was switched off meanwhile."""
    user = person_of(email)
    if not user.is_active:
        return None
    days = settings.INVITATION_TIMEOUT // (24 * 60 * 60)
    return compose("accounts/email/invitation", user, link=invitation_link(user), days=days)


@renders("email-change", _("Confirmation of a new address"))
def email_change(email: OutgoingEmail) -> EmailMultiAlternatives | None:
    """The link that confirms a change of e-mail, to the new address; to its owner, if the address
    belongs to another account, the notice that somebody tried."""
    user, new_email = person_of(email), email.recipient
    taken = User.people.select_related("vendor").filter(email=new_email).first()
    if taken == user:
        return None  # Confirmed meanwhile, by a link that was sent before.
    if taken:
        return compose("accounts/email/address_already_has_account", taken)
    minutes = settings.PASSWORD_RESET_TIMEOUT // 60
    link = _link(user, "email_confirm", make_token(Purpose.EMAIL_CHANGE, user, new_email))
    return compose(
        "accounts/email/confirm_new_address", user, to=new_email, link=link, minutes=minutes
    )


@renders("address-changed", _("Notice to the old address"))
def address_changed(email: OutgoingEmail) -> EmailMultiAlternatives:
    """The notice that the account's e-mail has changed, to the old address."""
    return compose("accounts/email/address_changed", person_of(email), to=email.recipient)


def person_of(email: OutgoingEmail) -> User:
    """Whom the e-mail is about; raises ValueError if it is about nobody."""
    if email.user is None:
        raise ValueError(email.kind)
    return email.user


def invitation_link(user: User) -> str:
    """A new link with which the user sets the first password."""
    return _link(user, "invitation", make_token(Purpose.INVITATION, user))


def _link(user: User, name: str, token: str) -> str:
    if user.is_customer and user.vendor:
        return vendor_url(user.vendor, name, token)
    return backoffice_url(name, token)


def compose(template: str, user: User, *, to: str = "", **context: Any) -> EmailMultiAlternatives:
    """The e-mail from the template with the endings .subject, .txt and .html, in the name of the
    user's vendor; to the user's address, or to another one."""
    sender, recipient = user.vendor.name if user.vendor else "Portal", to or user.email
    context |= {"user": user, "vendor": user.vendor, "sender": sender, "recipient": recipient}
    context["office"] = backoffice_url("login")
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
        to=[recipient],
        reply_to=[support] if support else None,
    )
    message.attach_alternative(parts["html"], "text/html")
    return message


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
