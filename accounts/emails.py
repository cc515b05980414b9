"""Every e-mail of this app, one function each, as text and HTML, in the vendor's name.

Each is written anew when it is sent: links and tokens are made then and kept nowhere.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import texts
from accounts.links import Purpose, make_token
from accounts.models import User
from accounts.words import browser_text, device_in_words
from mail.composing import compose
from mail.kinds import register
from mail.models import OutgoingEmail
from tenancy.hosts import backoffice_url, vendor_url
from web.moments import at


def password_reset_for(user: User) -> EmailMultiAlternatives:
    """The link that sets a new password, to the user's address."""
    link = _link(user, "password_reset_confirm", make_token(Purpose.RESET, user))
    minutes = settings.PASSWORD_RESET_TIMEOUT // 60
    return compose(texts.PASSWORD_RESET, user, link=link, minutes=minutes)


def password_reset(email: OutgoingEmail) -> EmailMultiAlternatives | None:
    """The link, unless the account was switched off meanwhile."""
    user = person_of(email)
    return password_reset_for(user) if user.is_active else None


def invitation(email: OutgoingEmail) -> EmailMultiAlternatives | None:
    """The link that sets the first password, unless the account was switched off meanwhile."""
    user = person_of(email)
    if not user.is_active:
        return None
    text = texts.INVITATION if user.is_customer else texts.INVITATION_OF_STAFF
    return compose(text, user, link=invitation_link(user), days=invitation_days())


def email_change(email: OutgoingEmail) -> EmailMultiAlternatives | None:
    """The link that confirms a change of e-mail, to the new address; to its owner, if the address
    belongs to another account, the notice that somebody tried."""
    user, new_email = person_of(email), email.recipient
    taken = User.people.at(new_email)
    if taken == user:
        return None  # Confirmed meanwhile, by a link that was sent before.
    if taken:
        return compose(texts.ADDRESS_TAKEN, taken)
    minutes = settings.PASSWORD_RESET_TIMEOUT // 60
    link = _link(user, "email_confirm", make_token(Purpose.EMAIL_CHANGE, user, new_email))
    return compose(texts.NEW_ADDRESS, user, to=new_email, link=link, minutes=minutes)


def address_changed(email: OutgoingEmail) -> EmailMultiAlternatives:
    """The notice that the account's e-mail has changed, to the old address."""
    user = person_of(email)
    return compose(texts.ADDRESS_CHANGED, user, to=email.recipient, link=_end_link(user))


def test_email(email: OutgoingEmail) -> EmailMultiAlternatives:
    """What shows its reader that e-mails arrive, and how they look."""
    link = backoffice_url("admin:index")
    return compose(texts.TEST_EMAIL, person_of(email), link=link)


def way_in(email: OutgoingEmail) -> EmailMultiAlternatives:
    """The notice of what became of the ways in which the person signs in, or of a sign-in."""
    return about_way_in(email.kind, person_of(email), email.details)


def about_way_in(kind: str, user: User, details: Mapping[str, Any]) -> EmailMultiAlternatives:
    """The same for an operator, too; its link ends all sessions."""
    said = {"link": _end_link(user), **_in_words(details)}
    return compose(texts.ABOUT_WAYS_IN[kind], user, **said)


def _in_words(details: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept as programs tell it, as people read it."""
    said = dict(details)
    if "browser" in said:
        named = browser_text(said["browser"]) or gettext("a browser without a name")
        said["browser"] = device_in_words(named, said.pop("place", ""))
    if "at" in said:
        said["when"] = at(datetime.fromisoformat(said.pop("at")))
    return said


def _end_link(user: User) -> str:
    return _link(user, "end_everywhere", make_token(Purpose.END_SESSIONS, user))


def single_sign_on_link(email: OutgoingEmail) -> EmailMultiAlternatives | None:
    """The link by which somebody lets an identity provider open the account, unless it was switched
    off meanwhile."""
    user = person_of(email)
    if not user.is_active:
        return None
    mark, provider = email.details["mark"], email.details["provider"]
    link = _link(user, "single_sign_on_link", make_token(Purpose.SINGLE_SIGN_ON, user, mark))
    minutes = settings.PASSWORD_RESET_TIMEOUT // 60
    text = texts.SINGLE_SIGN_ON_LINK
    return compose(text, user, link=link, minutes=minutes, provider=provider)


def single_sign_on_connected(email: OutgoingEmail) -> EmailMultiAlternatives:
    """The notice that an identity provider may open the account from now on."""
    user = person_of(email)
    said = {"link": _end_link(user), "provider": email.details["provider"]}
    return compose(texts.SINGLE_SIGN_ON_CONNECTED, user, **said)


def person_of(email: OutgoingEmail) -> User:
    """Whom the e-mail is about; raises ValueError if it is about nobody."""
    if email.user is None:
        raise ValueError(email.kind)
    return email.user


def invitation_link(user: User) -> str:
    """A new link with which the user sets the first password."""
    return _link(user, "invitation", make_token(Purpose.INVITATION, user))


def invitation_days() -> int:
    """For how many days such a link works."""
    return settings.INVITATION_TIMEOUT // (24 * 60 * 60)


def _link(user: User, name: str, token: str) -> str:
    if user.is_customer and user.vendor:
        return vendor_url(user.vendor, name, token)
    return backoffice_url(name, token)


def register_all() -> None:
    """The kinds of e-mails that this room writes, and their texts."""
    texts.register_all()
    register("password-reset", _("Link for a new password"), password_reset)
    register("invitation", _("Invitation"), invitation)
    register("email-change", _("Confirmation of a new address"), email_change)
    register("test-email", _("Test e-mail"), test_email)
    register("address-changed", _("Notice to the old address"), address_changed)
    for kind, text in texts.ABOUT_WAYS_IN.items():
        register(kind, text.label, way_in)
    for text, write in (
        (texts.SINGLE_SIGN_ON_LINK, single_sign_on_link),
        (texts.SINGLE_SIGN_ON_CONNECTED, single_sign_on_connected),
    ):
        register(text.name, text.label, write)
