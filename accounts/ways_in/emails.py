"""The e-mails of this folder, and their texts."""

from django.core.mail import EmailMultiAlternatives
from django.utils.translation import gettext_lazy as _

from accounts.emails import person_of
from accounts.links import Purpose, make_token
from accounts.models import Registration
from accounts.sessions import may_enter
from accounts.texts import SAMPLE_LINK
from accounts.ways_in.entering import LASTS
from accounts.ways_in.mailed import LINK
from accounts.ways_in.verbs import registering
from mail import texts
from mail.composing import compose
from mail.kinds import register
from mail.models import OutgoingEmail
from mail.texts import Text
from tenancy.hosts import Site, backoffice_url, vendor_url

SIGN_IN_LINK = Text(
    LINK.kind,
    _("Link to sign in"),
    "accounts/email/sign_in_link",
    button=_("Sign in"),
    says={"link": SAMPLE_LINK, "minutes": "15"},
)

REGISTRATION = Text(
    registering.CONFIRM,
    _("Confirmation of a registration"),
    "accounts/email/registration",
    button=_("Confirm and choose a password"),
    says={"link": SAMPLE_LINK, "minutes": "60"},
)
REGISTRATION_KNOWN = Text(
    registering.KNOWN,
    _("Notice to who registers and has an account"),
    "accounts/email/registration_known",
    button=_("Set a new password"),
    says={"link": SAMPLE_LINK},
    required=(),
)


def sign_in_link(email: OutgoingEmail) -> EmailMultiAlternatives | None:
    """The link that signs the customer in; None for who may not enter any more, and where the
    vendor has stopped allowing it."""
    user, vendor = person_of(email), email.vendor
    if not LINK.is_allowed_at(vendor) or not may_enter(user, Site.CUSTOMER, vendor):
        return None
    link = vendor_url(vendor, "sign_in_by_link", make_token(Purpose.SIGN_IN, user))
    return compose(SIGN_IN_LINK, user, link=link, minutes=LASTS // 60)


def confirmation(email: OutgoingEmail) -> EmailMultiAlternatives | None:
    """The link that makes a customer of who has registered; None once it is used or over, or where
    the vendor has stopped letting people register."""
    row = Registration.objects.filter(pk=email.details["registration"]).first()
    if row is None or row.used_at or not registering.may_register(email.vendor, row.email):
        return None
    link = vendor_url(email.vendor, "register_confirm", registering.make_token(row))
    minutes = registering.LASTS.seconds // 60
    to = registering.Stranger(row.email, email.vendor)
    return compose(REGISTRATION, to, link=link, minutes=minutes)


def known(email: OutgoingEmail) -> EmailMultiAlternatives:
    """That there is an account already, to whose it is, with where a password is set anew."""
    user = person_of(email)
    link = (
        vendor_url(email.vendor, "password_reset")
        if user.is_customer
        else backoffice_url("password_reset")
    )
    return compose(REGISTRATION_KNOWN, user, link=link)


def register_all() -> None:
    """The kinds of e-mails that this folder writes, and their texts."""
    texts.register(SIGN_IN_LINK, REGISTRATION, REGISTRATION_KNOWN)
    register(LINK.kind, SIGN_IN_LINK.label, sign_in_link)
    register(registering.CONFIRM, REGISTRATION.label, confirmation)
    register(registering.KNOWN, REGISTRATION_KNOWN.label, known)
