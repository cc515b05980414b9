"""The e-mails about domains, one function each."""

from django.utils.formats import date_format

from accounts.emails import send
from accounts.models import User
from branding import sentences
from branding.models import CustomDomain
from portal.tenancy import backoffice_url


def domain_failing(person: User, domain: CustomDomain) -> None:
    """The record is gone; what was found, and until when the domain is served."""
    until = domain.served_until
    send(
        "branding/email/domain_failing", person, to=person.email, domain=str(domain),
        reason=sentences.diagnosis(domain), until=date_format(until, "j F Y") if until else "",
        link=backoffice_url("admin:branding_customdomain_change", domain.pk),
    )  # fmt: skip


def domain_ended(person: User, name: str) -> None:
    """The domain is served no more."""
    link = backoffice_url("admin:branding_customdomain_changelist")
    send("branding/email/domain_ended", person, to=person.email, domain=name, link=link)
