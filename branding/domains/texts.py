"""The texts of the e-mails about domains (mail/texts.py)."""

from django.utils.translation import gettext_lazy as _

from accounts.texts import SAMPLE_LINK
from mail.texts import Text, register

FAILING = Text(
    "domain-failing",
    _("Warning about a domain"),
    "branding/email/domain_failing",
    button=_("See the domain"),
    says={
        "domain": "licences.example",
        "reason": _("There is no record of this name."),
        "until": _("31 December 2027, 12:00"),
        "link": SAMPLE_LINK,
    },
)
ENDED = Text(
    "domain-ended",
    _("Notice of a domain that ended"),
    "branding/email/domain_ended",
    button=_("See your domains"),
    says={"domain": "licences.example", "link": SAMPLE_LINK},
)


def register_all() -> None:
    """The texts that vendors may write anew."""
    register(FAILING, ENDED)
