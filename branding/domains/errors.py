"""Why a verb about domains refused, and what it says."""

from django.utils.translation import gettext_lazy as _

from branding.domains import names
from web.errors import PortalError


class DomainError(PortalError):
    """A rule about domains refused the act."""


class BadDomainName(DomainError):
    """The text is no domain that a portal can have; `detail` is the reason of names.NotADomain."""

    code = "BAD_DOMAIN_NAME"
    text = "%(detail)s"
    reasons = {
        names.SYNTAX: _(
            "This is no domain name. Type it without https:// and without a path, such as "
            "licenses.example.com."
        ),
        names.ADDRESS: _("This is an address of a machine. Type a domain name."),
        names.SINGLE_LABEL: _("A domain name has at least one dot in it."),
        names.OUR_ZONE: _("This name belongs to the portal itself. Type a domain of yours."),
        names.PUBLIC_SUFFIX: _("Nobody owns this name as a whole. Type a domain of yours."),
        names.MIXED_SCRIPTS: _(
            "This name mixes letters of different scripts, which makes it look like another one."
        ),
    }

    def __init__(self, reason: str) -> None:
        super().__init__(self.reasons[reason])


class DomainTaken(DomainError):
    """Another vendor has this name, one that it lies below, or one that looks like it."""

    code = "DOMAIN_TAKEN"
    text = _(
        "This domain, or one that contains it or looks like it, belongs to someone else here. If "
        "it is yours, prove it with the TXT record, or ask the people who run this portal."
    )


class DomainNotVerified(DomainError):
    """Only a domain that is verified now can become the portal's address."""

    code = "DOMAIN_NOT_VERIFIED"
    text = _("The domain has to be verified first: see what is missing, then try again.")


class TooManyDomains(DomainError):
    """A vendor has as many domains as it may."""

    code = "TOO_MANY_DOMAINS"
    text = _("You have ten domains on your list: remove one first.")
