"""The e-mails of this folder, and their texts."""

from django.core.mail import EmailMultiAlternatives
from django.utils.translation import gettext_lazy as _

from accounts.emails import person_of
from accounts.links import Purpose, make_token
from accounts.sessions import may_enter
from accounts.texts import SAMPLE_LINK
from accounts.ways_in.entering import LASTS
from accounts.ways_in.mailed import LINK
from mail import texts
from mail.composing import compose
from mail.kinds import register
from mail.models import OutgoingEmail
from mail.texts import Text
from tenancy.hosts import Site, vendor_url

SIGN_IN_LINK = Text(
    LINK.kind,
    _("Link to sign in"),
    "accounts/email/sign_in_link",
    button=_("Sign in"),
    says={"link": SAMPLE_LINK, "minutes": "15"},
)


def sign_in_link(email: OutgoingEmail) -> EmailMultiAlternatives | None:
    """The link that signs the customer in; None for who may not enter any more, and where the
    vendor has stopped allowing it."""
    user, vendor = person_of(email), email.vendor
    if not LINK.is_allowed_at(vendor) or not may_enter(user, Site.CUSTOMER, vendor):
        return None
    link = vendor_url(vendor, "sign_in_by_link", make_token(Purpose.SIGN_IN, user))
    return compose(SIGN_IN_LINK, user, link=link, minutes=LASTS // 60)


def register_all() -> None:
    texts.register(SIGN_IN_LINK)
    register(LINK.kind, SIGN_IN_LINK.label, sign_in_link)
